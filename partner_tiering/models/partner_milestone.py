from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

MILESTONES = [
    ("signed", "Agreement signed"),
    ("trained", "First person certified"),
    ("first_deal", "First sale credited"),
    ("first_go_live", "First go-live"),
    ("first_renewal", "First renewal"),
    ("co_delivery", "Delivered with the vendor"),
    ("plan", "Objective of an account plan"),
]


class PartnerMilestone(models.Model):
    """A step in a partner's life; offers can pay for it through the engine.

    Made by the records that reach it, never by hand alone: a milestone entered by a
    person counts once a Manager, who is somebody else, has confirmed it.
    """

    _name = "partner.milestone"
    _description = "Partner Milestone"
    _inherit = ["partner.tiering.workflow", "mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "kind"
    _transitions = {("open", "reached"): "manager", ("reached", "withdrawn"): "manager"}
    _process_fields = ("res_model", "res_id", "confirmed_by")
    _frozen_states = ("reached", "withdrawn")
    _frozen_fields = ("partner_id", "company_id", "kind", "date", "amount")

    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(MILESTONES, required=True, index=True)
    date = fields.Date(
        required=True,
        index=True,
        default=lambda self: fields.Date.context_today(self),
    )
    state = fields.Selection(
        [("open", "To confirm"), ("reached", "Reached"), ("withdrawn", "Withdrawn")],
        default="open",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    amount = fields.Monetary(
        string="Agreed bonus",
        help="What the plan promises for it; an offer on milestones by amount pays "
        "from it.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    note = fields.Char()
    res_model = fields.Char(readonly=True, copy=False)
    res_id = fields.Many2oneReference(
        model_field="res_model", readonly=True, copy=False, string="Evidence"
    )
    confirmed_by = fields.Many2one("res.users", readonly=True, copy=False)

    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "A bonus cannot be negative."
    )
    _once = models.UniqueIndex(
        "(company_id, partner_id, kind) WHERE state = 'reached' "
        "AND kind NOT IN ('co_delivery', 'plan')",
        "The partner has reached this milestone already.",
    )
    _evidence_once = models.UniqueIndex(
        "(kind, res_model, res_id) WHERE state = 'reached' AND res_id IS NOT NULL",
        "The record has been counted for this milestone already.",
    )

    @api.depends("kind")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for milestone in self:
            milestone.display_name = kinds.get(milestone.kind, "")

    def _check_requirements(self, old, new):
        if new == "reached" and self.create_uid == self.env.user and not self.env.su:
            raise UserError(
                self.env._("You entered the milestone; somebody else confirms it.")
            )

    def _on_move(self, old, new):
        if new == "reached":
            self.sudo().confirmed_by = self.env.user

    def action_confirm(self):
        return self.write({"state": "reached"})

    def action_withdraw(self):
        return self.write({"state": "withdrawn"})

    def action_view_evidence(self):
        self.ensure_one()
        if not self.res_model:
            raise UserError(self.env._("The milestone was entered by hand."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    @api.model
    def _reach(
        self, kind, partner, date, evidence, once=True, amount=0.0, company=None
    ):
        """Note a milestone that ``evidence`` shows; none, if it is there already."""
        if not company and "company_id" in evidence._fields:
            company = evidence.company_id
        company = company or self.env.company
        milestones_sudo = self.sudo()
        domain = [
            ("kind", "=", kind),
            ("partner_id", "=", partner.id),
            ("company_id", "=", company.id),
            ("state", "=", "reached"),
        ]
        if not once:
            domain += [("res_model", "=", evidence._name), ("res_id", "=", evidence.id)]
        if milestones_sudo.search_count(domain, limit=1):
            return milestones_sudo.browse()
        return milestones_sudo.create(
            {
                "kind": kind,
                "partner_id": partner.id,
                "company_id": company.id,
                "date": date,
                "state": "reached",
                "amount": amount,
                "res_model": evidence._name,
                "res_id": evidence.id,
            }
        )

    @api.model
    def _award(self, badge, users, comment=None):
        """Give people a badge, which Odoo shows them and their colleagues."""
        badge_sudo = self.env.ref(f"partner_tiering.{badge}", raise_if_not_found=False)
        if not badge_sudo or not users:
            return
        self.env["gamification.badge.user"].sudo().create(
            [
                {"badge_id": badge_sudo.id, "user_id": user.id, "comment": comment}
                for user in users
            ]
        )

    @api.model
    def _cron_reach(self):
        """Find milestones in what other modules keep: agreements, sales, renewals."""
        for kind, query in self._get_sources().items():
            self._reach_rows(kind, self.env.execute_query(query))

    @api.model
    def _get_sources(self):
        """``{kind: SQL of (partner_id, company_id, date, model, id)}``: the first."""
        for model in (
            "partner.incentive.enrollment",
            "partner.incentive.attribution",
            "partner.customer.contract",
            "account.move",
        ):
            self.env[model].flush_model()
        self.flush_model()
        return {
            "signed": SQL(
                """SELECT DISTINCT ON (partner_id, company_id) partner_id, company_id,
                          accepted_on::date, 'partner.incentive.enrollment', id
                     FROM partner_incentive_enrollment
                    WHERE accepted_on IS NOT NULL
                 ORDER BY partner_id, company_id, accepted_on, id"""
            ),
            "first_deal": SQL(
                """SELECT DISTINCT ON (credit.partner_id, credit.company_id)
                          credit.partner_id, credit.company_id, move.invoice_date,
                          'account.move', move.id
                     FROM partner_incentive_attribution AS credit
                     JOIN account_move AS move ON move.id = credit.move_id
                    WHERE move.state = 'posted' AND move.move_type = 'out_invoice'
                 ORDER BY credit.partner_id, credit.company_id, move.invoice_date,
                          move.id"""
            ),
            "first_renewal": SQL(
                """SELECT DISTINCT ON (old.partner_id, old.company_id) old.partner_id,
                          old.company_id, renewal.date_start,
                          'partner.customer.contract', renewal.id
                     FROM partner_customer_contract AS old
                     JOIN partner_customer_contract AS renewal
                       ON renewal.id = old.renewed_by_id
                    WHERE old.state = 'renewed' AND old.partner_id IS NOT NULL
                 ORDER BY old.partner_id, old.company_id, renewal.date_start,
                          renewal.id"""
            ),
        }

    @api.model
    def _reach_rows(self, kind, rows):
        present = {
            (partner.id, company.id)
            for partner, company in self.sudo()._read_group(
                [("kind", "=", kind), ("state", "in", ("reached", "withdrawn"))],
                ["partner_id", "company_id"],
            )
        }
        return self.sudo().create(
            [
                {
                    "kind": kind,
                    "partner_id": partner_id,
                    "company_id": company_id,
                    "date": date,
                    "state": "reached",
                    "res_model": model,
                    "res_id": record_id,
                }
                for partner_id, company_id, date, model, record_id in rows
                if (partner_id, company_id) not in present
            ]
        )
