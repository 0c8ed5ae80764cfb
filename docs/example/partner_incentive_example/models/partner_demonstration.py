from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PartnerDemonstration(models.Model):
    """A demonstration that a partner gave to a customer; it counts once confirmed.

    ======= ======= ========= ===========================
    Action  Who     From      Restriction
    ======= ======= ========= ===========================
    confirm Manager reported  not who entered it
    ======= ======= ========= ===========================
    """

    _name = "partner.demonstration"
    _description = "Partner Demonstration"
    _inherit = [
        "mail.thread",
        "partner.incentive.notified.mixin",
        "partner.incentive.process.mixin",
    ]
    _process_fields = frozenset({"state", "confirmed_by"})
    _order = "date desc, id desc"

    name = fields.Char(string="Shown to", required=True)
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
    product_id = fields.Many2one("product.product", index="btree_not_null")
    date = fields.Date(required=True, default=fields.Date.context_today)
    state = fields.Selection(
        [("reported", "Reported"), ("confirmed", "Confirmed")],
        default="reported",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    confirmed_by = fields.Many2one("res.users", readonly=True, copy=False)

    def write(self, vals):
        if not self._is_in_process():
            if self._process_fields & set(vals):
                raise AccessError(self.env._("Use the button to confirm."))
            self._check_reported()
        return super().write(vals)

    def _check_reported(self):
        for demonstration in self:
            if demonstration.state != "reported":
                raise UserError(
                    self.env._(
                        "The demonstration to %s is confirmed and does not change "
                        "any more.",
                        demonstration.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_confirmed(self):
        self._check_reported()

    def action_confirm(self):
        """Let them count from the next run on, and tell the partners."""
        self._check_reported()
        self._check_group(
            "partner_incentive_base.group_incentive_manager",
            message=self.env._("Only an incentive manager confirms demonstrations."),
        )
        if self.env.user in self.create_uid:
            raise UserError(self.env._("Somebody else confirms what you entered."))
        self._transition("confirmed", confirmed_by=self.env.uid)
        self._notify_partner(
            "partner_incentive_example.mail_template_demonstration", "approved"
        )

    def _get_partner_path(self):
        return "/my/incentives/demonstrations"
