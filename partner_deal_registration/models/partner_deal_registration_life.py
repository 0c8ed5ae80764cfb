from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .partner_deal_registration import INTERNAL

#: Days before the end of a protection on which the partner is reminded.
REMINDERS = (30, 14, 3)


class PartnerDealRegistration(models.Model):
    """From the approval to the order: progress, extension, expiry, conversion."""

    _inherit = "partner.deal.registration"

    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=INTERNAL,
    )
    order_ids = fields.One2many(
        "sale.order", "deal_registration_id", string="Orders", groups=INTERNAL
    )
    order_count = fields.Integer(
        compute="_compute_orders", compute_sudo=True, groups=INTERNAL
    )
    ordered_amount = fields.Monetary(
        compute="_compute_orders",
        compute_sudo=True,
        currency_field="company_currency_id",
        groups=INTERNAL,
        help="Untaxed, of confirmed orders, in company currency.",
    )
    conversion = fields.Selection(
        [("none", "None"), ("partial", "Partial"), ("full", "Full")],
        compute="_compute_orders",
        compute_sudo=True,
        groups=INTERNAL,
    )
    converted_on = fields.Datetime(readonly=True, copy=False)
    closed_on = fields.Datetime(readonly=True, copy=False)
    lost_reason_id = fields.Many2one("crm.lost.reason", readonly=True, copy=False)
    extension_ids = fields.One2many(
        "partner.deal.extension",
        "registration_id",
        string="Extensions",
        readonly=True,
        groups=INTERNAL,
    )
    expiry_reminder = fields.Integer(
        readonly=True,
        copy=False,
        groups=INTERNAL,
        help="Days before the end of which the last reminder told.",
    )
    progress = fields.Selection(
        [
            ("contact", "First contact"),
            ("qualified", "Qualified"),
            ("proposal", "Proposal"),
            ("negotiation", "Negotiation"),
            ("verbal", "Verbal agreement"),
        ],
        tracking=True,
        copy=False,
        help="How far the partner is with the customer.",
    )
    last_progress_on = fields.Datetime(readonly=True, copy=False)
    days_left = fields.Integer(
        compute="_compute_days_left", help="Days until the protection ends."
    )

    @api.depends("protected_until", "state")
    def _compute_days_left(self):
        today = fields.Date.context_today(self)
        for registration in self:
            until = registration.protected_until
            registration.days_left = (
                (until - today).days
                if until and registration.state == "approved"
                else 0
            )

    @api.depends(
        "order_ids.state",
        "order_ids.amount_untaxed",
        "order_ids.currency_rate",
        "company_value",
    )
    def _compute_orders(self):
        for registration in self:
            confirmed = registration.order_ids.filtered(lambda o: o.state == "sale")
            amount = sum(
                order.amount_untaxed / (order.currency_rate or 1.0)
                for order in confirmed
            )
            needed = (
                registration.company_value
                * registration._get_policy().conversion_percent
                / 100
            )
            registration.order_count = len(registration.order_ids)
            registration.ordered_amount = amount
            registration.conversion = (
                "none" if not confirmed else "full" if amount >= needed else "partial"
            )

    # --------------------------------------------------------------------- withdraw

    def action_withdraw(self, reason=None):
        for registration in self:
            registration._change_state("withdrawn", reason)
        return True

    def _check_can_withdraw(self, reason=None):
        self._check_actor(portal=True)

    def _do_withdraw(self, reason=None):
        self.ensure_one()
        self._close("withdrawn", {"reason": reason})
        self._message_partner(self.env._("The registration was withdrawn."))

    def _close(self, state, vals=None):
        """End the life of a registration: no clock, no protection, no price."""
        self.ensure_one()
        if self.clock_state in ("running", "paused"):
            self._stop_clock()
        self._write_process(
            {"state": state, "closed_on": fields.Datetime.now(), **(vals or {})}
        )
        self._remove_privileges()

    # ------------------------------------------------------------------------- lose

    def action_lose(self, reason=None, lost_reason_id=None):
        for registration in self:
            registration._change_state("lost", reason, lost_reason_id)
        return True

    def _check_can_lose(self, reason=None, lost_reason_id=None):
        self._check_actor(portal=True)
        if not lost_reason_id:
            self._check_reason(reason)

    def _do_lose(self, reason=None, lost_reason_id=None):
        self.ensure_one()
        self._close("lost", {"reason": reason, "lost_reason_id": lost_reason_id})
        lead = self.lead_id
        if lead.active and lead.probability < 100:
            lead.with_context(deal_registration_sync=True).action_set_lost(
                lost_reason_id=lost_reason_id
            )
        self._message_partner(self.env._("The deal was lost."))

    # ------------------------------------------------------------------------ convert

    def action_convert(self):
        """Close a deal of which only a part was ordered."""
        for registration in self:
            registration._change_state("converted")
        return True

    def _check_can_convert(self):
        self._check_manager()
        for registration in self.sudo():
            if not registration.order_ids.filtered(lambda o: o.state == "sale"):
                raise UserError(
                    self.env._("%s has no confirmed order yet.", registration.name)
                )

    def _do_convert(self):
        self.ensure_one()
        self._write_process(
            {
                "state": "converted",
                "converted_on": fields.Datetime.now(),
                "closed_on": fields.Datetime.now(),
            }
        )
        if self.lead_id.active and self.lead_id.probability < 100:
            self.lead_id.with_context(deal_registration_sync=True).action_set_won()
        self._message_partner(self.env._("The deal is converted: it was ordered."))

    def _update_conversion(self):
        """Follow the linked orders: confirmed, cancelled, or only in part."""
        for registration in self.sudo():
            registration.invalidate_recordset(["conversion", "ordered_amount"])
            if registration.state == "approved" and registration.conversion == "full":
                registration._do_convert()
            elif registration.state == "approved" and (
                registration.conversion == "partial"
            ):
                registration.message_post(
                    body=self.env._("A part of the deal was ordered."),
                    subtype_xmlid="mail.mt_note",
                )
            elif registration.state == "converted" and (
                registration.conversion == "none"
            ):
                registration._write_process(
                    {"state": "approved", "converted_on": False, "closed_on": False}
                )
                registration.message_post(
                    body=self.env._("The order was cancelled; the deal is open again."),
                    subtype_xmlid="mail.mt_note",
                )

    # ------------------------------------------------------------------------- expiry

    def _check_can_expire(self):
        if not self.env.su:
            raise AccessError(self.env._("Protections end by themselves."))

    def _do_expire(self):
        self.ensure_one()
        if self.conversion == "partial":
            self._do_convert()
            self._remove_privileges()
            return
        self._close("expired")
        self._tell_partner("expired", "expiring")

    @api.model
    def _cron_expire(self, limit=500):
        """Remind partners of protections that end soon, and end those that are over."""
        today = fields.Date.context_today(self)
        over = self.search(
            [("state", "=", "approved"), ("protected_until", "<", today)], limit=limit
        )
        for registration in over:
            registration._change_state("expired")
        ending = self.search(
            [
                ("state", "=", "approved"),
                ("protected_until", ">=", today),
                ("protected_until", "<=", fields.Date.add(today, days=REMINDERS[0])),
            ],
            limit=limit,
        )
        ending._remind_of_expiry()

    def _get_days_left(self):
        self.ensure_one()
        return (self.protected_until - fields.Date.context_today(self)).days

    def _remind_of_expiry(self):
        """Tell partners once at each of :data:`REMINDERS`, the nearest only."""
        groups = defaultdict(self.browse)
        for registration in self:
            left = registration._get_days_left()
            due = min(days for days in REMINDERS if days >= left)
            before = registration.expiry_reminder
            if not before or before > due:
                groups[due] |= registration
        for due, registrations in groups.items():
            registrations._write_process({"expiry_reminder": due})
        self.browse().union(*groups.values())._tell_partner("expiring", "expiring")

    # --------------------------------------------------------------------- extension

    def action_request_extension(self, days=None, reason=None):
        """Ask for more days; a manager grants or refuses them."""
        self.ensure_one()
        self._check_can_request_extension(days, reason)
        extension = (
            self.env["partner.deal.extension"]
            .sudo()
            .create(
                [
                    {
                        "registration_id": self.id,
                        "days": int(days),
                        "reason": reason,
                        "requested_by": self.env.uid,
                    }
                ]
            )
        )
        registration = self.sudo()
        registration._notify_reviewer(
            self.env._("Decide on an extension of %s days", int(days))
        )
        return extension.id

    def _check_can_request_extension(self, days, reason):
        self._check_actor(portal=True)
        self._check_reason(reason)
        registration = self.sudo()
        if registration.state != "approved" or not registration._is_protected():
            raise UserError(
                self.env._("Only a deal that is protected now can be extended.")
            )
        term = registration._get_policy()._get_term(registration.partner_id.grade_id)
        taken = registration.extension_ids.filtered(
            lambda extension: extension.state in ("requested", "granted")
        )
        if not term or len(taken) >= term.extension_limit:
            raise UserError(
                self.env._("The deal has had all the extensions that the tier grants.")
            )
        if not 0 < int(days or 0) <= term.extension_days:
            raise UserError(
                self.env._(
                    "An extension has between 1 and %s days.", term.extension_days
                )
            )

    # ---------------------------------------------------------------------- progress

    def action_report_progress(
        self, progress=None, note=None, expected_close_date=None
    ):
        """What the partner reports while it works on an approved deal."""
        for registration in self:
            registration._check_can_report_progress(progress)
            vals = {"last_progress_on": fields.Datetime.now()}
            if progress:
                vals["progress"] = progress
            if expected_close_date:
                vals["expected_close_date"] = fields.Date.to_date(expected_close_date)
            registration_sudo = registration.sudo()
            registration_sudo._write_process(vals)
            registration_sudo._update_lead()
            if note:
                registration_sudo.message_post(
                    body=note,
                    message_type="comment",
                    subtype_xmlid="mail.mt_comment",
                    author_id=self.env.user.partner_id.id,
                )
        return True

    def _check_can_report_progress(self, progress):
        self._check_actor(portal=True)
        if self.sudo().state != "approved":
            raise UserError(
                self.env._("Progress is reported while a deal is approved.")
            )
        if progress and progress not in dict(self._fields["progress"].selection):
            raise UserError(self.env._("Choose a step from the list."))

    # --------------------------------------------------------------------- take over

    @api.model
    def _take_over(self, vals):
        """Take over a registration that is in force in another system.

        Its dates are those of the other system, and it says so. It cannot overrule a
        deal that is protected here.
        """
        self._check_manager_of_company()
        registration = self.sudo().create([vals])
        registration._check_no_rival()
        registration._write_process(
            {
                **registration._prepare_protection(
                    fields.Date.to_date(vals["protected_from"])
                ),
                "state": "approved",
                "taken_over": True,
                "completion_number": registration._prepare_completion()[
                    "completion_number"
                ],
                "completed_on": vals["protected_from"],
                "approved_on": vals["protected_from"],
                "decided_on": vals["protected_from"],
                "approved_by": self.env.uid,
                "decided_by": self.env.uid,
                "protected_until": vals["protected_until"],
                "customer_id": registration._find_customer().id,
            }
        )
        registration._ensure_credits()
        registration._find_duplicates()
        registration._link_opportunity()
        registration.message_post(body=self.env._("Taken over from another system."))
        return registration.sudo(self.env.su)

    @api.model
    def _check_manager_of_company(self):
        self.check_access("create")
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise AccessError(
                self.env._("Only an incentive manager takes registrations over.")
            )

    # ----------------------------------------------------------------------- buttons

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sale.action_quotations_with_onboarding"
        )
        action["domain"] = [("deal_registration_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_view_lead(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "res_id": self.lead_id.id,
            "view_mode": "form",
        }
