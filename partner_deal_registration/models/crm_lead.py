from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..matching.evidence import Party
from .partner_deal_registration import INTERNAL


class CrmLead(models.Model):
    """An opportunity, the deals registered on it, and leads passed to partners.

    ======= ============ ========== ============================================
    Action  Who          From       Restriction
    ======= ============ ========== ============================================
    pass    User         -          to an enrolled partner; a clock starts
    accept  the partner  passed     in time; a registration is made of it
    decline the partner  passed     with a reason
    expire  the system   passed     the partner did not answer in time
    ======= ============ ========== ============================================
    """

    _name = "crm.lead"
    _inherit = [
        "crm.lead",
        "partner.deal.identity.mixin",
        "partner.incentive.notified.mixin",
    ]

    deal_registration_ids = fields.One2many(
        "partner.deal.registration", "lead_id", string="Deals", groups=INTERNAL
    )
    deal_protection = fields.Char(
        string="Registered deal",
        compute="_compute_deal_protection",
        compute_sudo=True,
        groups="base.group_user",
        help="Partner that has this customer's deal, and until when.",
    )
    passed_partner_id = fields.Many2one(
        "res.partner",
        string="Passed to partner",
        index="btree_not_null",
        domain="[('commercial_partner_id', '=', id), ('grade_id', '!=', False)]",
        tracking=True,
        copy=False,
    )
    passed_state = fields.Selection(
        [
            ("passed", "Waiting for the partner"),
            ("accepted", "Accepted"),
            ("declined", "Declined"),
            ("expired", "Not answered in time"),
        ],
        string="Partner's answer",
        readonly=True,
        copy=False,
        tracking=True,
    )
    passed_deadline = fields.Datetime(string="Answer by", readonly=True, copy=False)
    passed_reason = fields.Char(string="Declined because", readonly=True, copy=False)

    def _compute_deal_protection(self):
        Registration = self.env["partner.deal.registration"]
        protecting = Registration._get_protecting(self.partner_id.commercial_partner_id)
        for lead in self:
            own = lead.deal_registration_ids.filtered(lambda d: d._is_protected())[:1]
            lead.deal_protection = Registration._describe_protection(
                own or protecting.get(lead.partner_id.commercial_partner_id.id)
            )

    @api.model
    def _get_identity_fields(self):
        return {
            "partner_name",
            "contact_name",
            "name",
            "email_from",
            "phone",
            "website",
            "street",
            "zip",
            "city",
            "company_id",
            "partner_id",
        }

    @api.model
    def _get_identity_condition(self):
        return SQL("source.active")

    def _get_identity(self):
        self.ensure_one()
        customer = self.partner_id.commercial_partner_id
        name = self.partner_name or customer.name or self.contact_name
        if not name:
            return 0, None
        return self.company_id.id or 0, Party(
            name=name,
            vat=customer.vat or "",
            phone=self.phone or "",
            website=self.website or "",
            email=self.email_from or "",
            street=self.street or "",
            postcode=self.zip or "",
            city=self.city or "",
        )

    def write(self, vals):
        result = super().write(vals)
        if not self.env.context.get("deal_registration_sync"):
            self._sync_deals(vals)
        return result

    def _sync_deals(self, vals):
        """Bring the approved deals in step with what changed on the opportunity."""
        deals = self.sudo().deal_registration_ids.filtered(
            lambda deal: deal.state == "approved"
        )
        for deal in deals:
            lead = deal.lead_id
            if "date_deadline" in vals and lead.date_deadline:
                deal._write_process({"expected_close_date": lead.date_deadline})
            if "expected_revenue" in vals and lead.expected_revenue > 0:
                deal._write_process(
                    {
                        "expected_value": deal.company_currency_id._convert(
                            lead.expected_revenue,
                            deal.currency_id,
                            deal.company_id,
                            fields.Date.context_today(deal),
                        )
                    }
                )
            if "active" in vals and not lead.active and lead.probability == 0:
                deal._change_state(
                    "lost",
                    self.env._("The opportunity was lost."),
                    lead.lost_reason_id.id,
                )

    def _set_deal_orders(self):
        """Quotations of an opportunity belong to its approved deal."""
        for lead in self.sudo():
            deal = lead.deal_registration_ids.filtered(
                lambda deal: deal.state in ("approved", "converted")
            )[:1]
            orders = lead.order_ids.filtered(
                lambda order: not order.deal_registration_id and order.state != "cancel"
            )
            if deal and orders:
                orders.write({"deal_registration_id": deal.id})

    def action_view_deal_registrations(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_deal_registration.partner_deal_registration_action"
        )
        action["domain"] = [("lead_id", "=", self.id)]
        return action

    # ------------------------------------------------------------------- passed leads

    def action_pass_to_partner(self):
        """Offer the lead to the partner named on it; the partner answers in time."""
        Policy = self.env["partner.deal.policy"]
        Registration = self.env["partner.deal.registration"]
        for lead in self:
            partner = lead.passed_partner_id.commercial_partner_id
            if not partner:
                raise UserError(self.env._("Name the partner to pass the lead to."))
            if lead.passed_state in ("passed", "accepted"):
                raise UserError(self.env._("The lead is with a partner already."))
            lead.check_access("write")
            Registration._check_may_register(partner)
            company = lead.company_id or self.env.company
            policy = Policy._get_for(company, self.env["partner.incentive.program"])
            draft = Registration.sudo().new({"company_id": company.id})
            lead.sudo().write(
                {
                    "passed_partner_id": partner.id,
                    "passed_state": "passed",
                    "passed_reason": False,
                    "passed_deadline": draft._plan_hours(
                        policy.passed_lead_hours, fields.Datetime.now()
                    ),
                }
            )
            lead.message_post(
                body=self.env._("Passed to %s.", partner.name),
                subtype_xmlid="mail.mt_note",
            )
        self._notify_partner(
            "partner_deal_registration.mail_template_lead_passed", "waiting"
        )

    def _get_notified_partner(self):
        self.ensure_one()
        return self.passed_partner_id.commercial_partner_id

    def _get_notified_areas(self):
        return ("deals",)

    def _get_partner_path(self):
        self.ensure_one()
        return "/my/incentives/deals"

    def _check_can_answer(self):
        """Only somebody of the partner it was passed to, and in time."""
        for lead in self.sudo():
            partner = self.env.user.partner_id.commercial_partner_id
            if not self.env.su and partner != lead.passed_partner_id:
                # The same words as for a lead that does not exist.
                raise AccessError(self.env._("There is no such lead."))
            if lead.passed_state != "passed":
                raise UserError(self.env._("The lead does not wait for an answer."))
            if lead.passed_deadline < fields.Datetime.now():
                raise UserError(self.env._("The time to answer is over."))

    def action_accept_lead(self):
        """Accept: a registration is prepared from the lead, to be completed.

        :return: id of the registration
        """
        self.ensure_one()
        self._check_can_answer()
        lead = self.sudo()
        registration = (
            self.env["partner.deal.registration"]
            .sudo()
            .create([lead._prepare_registration()])
        )
        lead.write({"passed_state": "accepted"})
        lead.message_post(
            body=self.env._("%s accepted the lead.", lead.passed_partner_id.name),
            subtype_xmlid="mail.mt_note",
        )
        return registration.id

    def action_decline_lead(self, reason=None):
        self.ensure_one()
        self._check_can_answer()
        self.env["partner.deal.registration"]._check_reason(reason)
        lead = self.sudo()
        lead.write({"passed_state": "declined", "passed_reason": reason})
        lead._tell_owner(
            self.env._(
                "%(partner)s declined the lead: %(reason)s",
                partner=lead.passed_partner_id.name,
                reason=reason,
            )
        )
        return True

    def _prepare_registration(self):
        self.ensure_one()
        customer = self.partner_id.commercial_partner_id
        return {
            "company_id": (self.company_id or self.env.company).id,
            "partner_id": self.passed_partner_id.id,
            "role": "fulfilled",
            "lead_id": self.id,
            "customer_name": self.partner_name or customer.name or self.contact_name,
            "customer_vat": customer.vat,
            "customer_website": self.website or customer.website,
            "customer_email": self.email_from,
            "customer_phone": self.phone,
            "customer_street": self.street or customer.street,
            "customer_zip": self.zip or customer.zip,
            "customer_city": self.city or customer.city,
            "customer_country_id": (self.country_id or customer.country_id).id,
            "customer_contact": self.contact_name,
            "expected_value": self.expected_revenue,
            "expected_close_date": self.date_deadline,
        }

    def _tell_owner(self, body):
        self.ensure_one()
        self.message_post(body=body, subtype_xmlid="mail.mt_note")
        if self.user_id:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Find another partner for the lead"),
                user_id=self.user_id.id,
            )

    @api.model
    def _cron_expire_passed_leads(self):
        """Take back leads that nobody answered in time."""
        leads = self.search(
            [
                ("passed_state", "=", "passed"),
                ("passed_deadline", "<", fields.Datetime.now()),
            ]
        )
        for lead in leads:
            lead.write({"passed_state": "expired"})
            lead._tell_owner(
                self.env._("%s did not answer in time.", lead.passed_partner_id.name)
            )
