from odoo import fields, models
from odoo.exceptions import UserError


class PartnerAssessment(models.Model):
    """A rating by the vendor's own people: asked, dated, and signed by name.

    The one who was asked signs it, and nobody else; a signed one stays as it is.
    """

    _name = "partner.assessment"
    _description = "Partner Assessment"
    _inherit = ["partner.tiering.workflow", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_name = "partner_id"
    _transitions = {("asked", "signed"): None, ("asked", "cancelled"): "manager"}
    _process_fields = ("date_signed",)
    _frozen_states = ("signed", "cancelled")
    _frozen_fields = ("partner_id", "kind", "rating", "reason", "user_id", "date")

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
        [("field", "Field team"), ("strategic", "Strategic fit")],
        required=True,
        default="field",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Asked",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    date = fields.Date(
        string="Asked on",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )
    date_due = fields.Date(string="Answer until")
    rating = fields.Selection(
        [
            ("1", "1 - poor"),
            ("2", "2 - fair"),
            ("3", "3 - good"),
            ("4", "4 - very good"),
            ("5", "5 - excellent"),
        ],
        tracking=True,
    )
    reason = fields.Text(string="Because", tracking=True)
    state = fields.Selection(
        [("asked", "Asked"), ("signed", "Signed"), ("cancelled", "Cancelled")],
        default="asked",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    date_signed = fields.Date(readonly=True, copy=False)

    def _check_requirements(self, old, new):
        if new != "signed":
            return
        if not self.env.su and self.user_id != self.env.user:
            raise UserError(
                self.env._(
                    "%s was asked, and signs this assessment.", self.user_id.name
                )
            )
        if not self.rating or not self.reason:
            raise UserError(
                self.env._("Enter a rating and the reason for it before you sign.")
            )

    def _on_move(self, old, new):
        if new == "signed":
            self.sudo().date_signed = fields.Date.context_today(self)

    def action_sign(self):
        return self.write({"state": "signed"})

    def action_cancel(self):
        return self.write({"state": "cancelled"})
