import base64

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.partner_deal_registration_import import COLUMNS, TAKE_OVER_COLUMNS


class PartnerDealImport(models.TransientModel):
    """Registers the deals of a file, for one partner, or takes deals over."""

    _name = "partner.deal.import"
    _description = "Import of Deals"

    partner_id = fields.Many2one(
        "res.partner", domain="[('commercial_partner_id', '=', id)]"
    )
    take_over = fields.Boolean(
        string="In force elsewhere",
        help="The deals are approved in another system. The file names the partner, "
        "and from when until when each is protected.",
    )
    content = fields.Binary(string="File", attachment=False)
    filename = fields.Char()
    columns = fields.Char(compute="_compute_columns")
    line_ids = fields.One2many("partner.deal.import.line", "wizard_id", readonly=True)

    def _compute_columns(self):
        for wizard in self:
            names = COLUMNS + (TAKE_OVER_COLUMNS if wizard.take_over else ())
            wizard.columns = ", ".join(names)

    def action_import(self):
        self.ensure_one()
        if not self.content:
            raise UserError(self.env._("Choose a file first."))
        Registration = self.env["partner.deal.registration"]
        rows = Registration._read_csv(base64.b64decode(self.content))
        if self.take_over:
            results = Registration._take_over_rows(rows)
        elif not self.partner_id:
            raise UserError(self.env._("Name the partner that registers the deals."))
        else:
            results = Registration._import_rows(rows, self.partner_id)
        self.line_ids = [
            (0, 0, {"number": number, "registration_id": deal.id, "message": message})
            for number, deal, message in results
        ]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Imported deals"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
