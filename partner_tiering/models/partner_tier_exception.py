from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerTierException(models.Model):
    """What the rules do not foresee, for one partner, with a reason and an end.

    Asked by a User, approved by a Manager who is somebody else.
    """

    _name = "partner.tier.exception"
    _description = "Tier Exception"
    _inherit = ["partner.tiering.workflow", "mail.thread"]
    _order = "date_to desc, id desc"
    _rec_name = "partner_id"
    _transitions = {
        ("asked", "approved"): "manager",
        ("asked", "refused"): "manager",
        ("approved", "ended"): "manager",
    }
    _process_fields = ("approved_by",)
    _frozen_states = ("approved", "refused", "ended")
    _frozen_fields = (
        "partner_id",
        "company_id",
        "kind",
        "grade_id",
        "reason",
        "date_from",
        "date_to",
    )

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
    kind = fields.Selection(
        [
            ("keep", "Keeps at least a tier"),
            ("extension", "Longer enrolment period"),
        ],
        required=True,
        default="keep",
    )
    grade_id = fields.Many2one(
        "res.partner.grade", string="Tier", index="btree_not_null"
    )
    reason = fields.Text(required=True)
    date_from = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    date_to = fields.Date(string="Until", required=True)
    state = fields.Selection(
        [
            ("asked", "Asked"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("ended", "Ended"),
        ],
        default="asked",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    approved_by = fields.Many2one("res.users", readonly=True, copy=False)

    _dates_order = models.Constraint(
        "CHECK (date_to >= date_from)", "An exception cannot end before it begins."
    )
    _tier_named = models.Constraint(
        "CHECK (kind != 'keep' OR grade_id IS NOT NULL)",
        "Choose the tier that the partner keeps.",
    )

    def _check_requirements(self, old, new):
        if new == "approved" and self.create_uid == self.env.user and not self.env.su:
            raise UserError(
                self.env._("You asked for the exception; somebody else approves it.")
            )

    def _on_move(self, old, new):
        if new == "approved":
            self.sudo().approved_by = self.env.user

    def action_approve(self):
        return self.write({"state": "approved"})

    def action_refuse(self):
        return self.write({"state": "refused"})

    def action_end(self):
        return self.write({"state": "ended"})

    @api.model
    def _get_in_force(self, companies, partners, day):
        """``({partner: tier kept}, {partner: enrolment period until})`` on a day."""
        kept, extended = {}, {}
        for exception in self.sudo().search(
            [
                ("state", "=", "approved"),
                ("company_id", "in", companies.ids),
                ("partner_id", "in", partners.ids),
                ("date_from", "<=", day),
                ("date_to", ">=", day),
            ],
            order="date_to, id",
        ):
            if exception.kind == "keep":
                kept[exception.partner_id] = exception.grade_id
            else:
                extended[exception.partner_id] = exception.date_to
        return kept, extended
