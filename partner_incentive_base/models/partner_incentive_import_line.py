from odoo import api, fields, models
from odoo.exceptions import AccessError

#: Columns of all kinds of files, kept as they were written.
TEXTS = (
    "offer",
    "partner",
    "date",
    "qualifying",
    "earning",
    "amount",
    "earned",
    "paid",
    "account",
    "journal_item",
    "invoice",
    "role",
    "share",
    "tier",
    "reference",
    "reason",
)


class PartnerIncentiveImportLine(models.Model):
    """A line of a file, as it was written, and what became of it."""

    _name = "partner.incentive.import.line"
    _description = "Opening Import Line"
    _inherit = ["partner.incentive.process.mixin"]
    _process_fields = frozenset({"state", "message", "vals", "key", "entry_id"})
    _order = "number, id"
    _rec_name = "number"

    import_id = fields.Many2one(
        "partner.incentive.import", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="import_id.company_id", store=True, index=True)
    number = fields.Integer(string="Line", readonly=True)
    offer_text = fields.Char(string="Offer")
    partner_text = fields.Char(string="Partner")
    date_text = fields.Char(string="Date")
    qualifying_text = fields.Char(string="Qualifying volume")
    earning_text = fields.Char(string="Earning volume")
    amount_text = fields.Char(string="Earning volume in money")
    earned_text = fields.Char(string="Earned")
    paid_text = fields.Char(string="Paid")
    account_text = fields.Char(string="Account")
    journal_item_text = fields.Char(string="Journal entry")
    invoice_text = fields.Char(string="Invoice")
    role_text = fields.Char(string="Role")
    share_text = fields.Char(string="Share")
    tier_text = fields.Char(string="Tier")
    reference_text = fields.Char(string="Reference")
    reason_text = fields.Char(string="Reason")
    state = fields.Selection(
        [
            ("new", "Not checked"),
            ("ok", "Right"),
            ("known", "Known"),
            ("error", "Wrong"),
            ("booked", "Booked"),
            ("undone", "Undone"),
        ],
        default="new",
        required=True,
        readonly=True,
    )
    message = fields.Char(string="Result", readonly=True)
    vals = fields.Json(readonly=True, help="What the line comes to; empty if wrong.")
    key = fields.Char(
        readonly=True, index="btree_not_null", help="By which it is known again."
    )
    entry_id = fields.Many2one(
        "partner.incentive.entry", readonly=True, index="btree_not_null"
    )

    _booked_once = models.UniqueIndex(
        "(company_id, key) WHERE state = 'booked'",
        "Somebody else has just booked the same line. Check again.",
    )

    def _get_row(self):
        """``{column: text}`` as the file had it, or as it was corrected."""
        self.ensure_one()
        return {name: (self[f"{name}_text"] or "").strip() for name in TEXTS}

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_open()
        return lines

    def write(self, vals):
        if self._is_in_process():
            return super().write(vals)
        if self._process_fields & set(vals) or {"import_id", "number"} & set(vals):
            raise AccessError(
                self.env._("Correct what the line says, and check the import again.")
            )
        self._check_open()
        super().write(vals)
        # What was checked is not what stands there now.
        return self._write_process({"state": "new", "message": False, "vals": False})

    def _write_process(self, vals):
        return self._in_process().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked(self):
        self._check_open()

    def _check_open(self):
        self.import_id._check_right()
        self.import_id._check_draft()
