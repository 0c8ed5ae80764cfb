import csv
import io
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.partner_incentive_base.engine.allocation import largest_remainder

MAX_ROWS = 5000


class PartnerMdfAllocate(models.TransientModel):
    """Allocates money of a fund to many partners, after a preview.

    By formula: equal parts, the share of sales, or weights of tiers. From a file: CSV
    with the columns partner (reference, tax id or name) and amount.
    """

    _name = "partner.mdf.allocate"
    _description = "Allocate a Fund"

    fund_id = fields.Many2one("partner.mdf.fund", required=True)
    currency_id = fields.Many2one(related="fund_id.currency_id")
    company_id = fields.Many2one(related="fund_id.company_id")
    method = fields.Selection(
        [
            ("equal", "Equal parts"),
            ("sales", "Share of sales"),
            ("tier", "By tier"),
            ("file", "From a file"),
        ],
        required=True,
        default="equal",
    )
    amount = fields.Monetary(string="To allocate")
    segment_ids = fields.Many2many(
        "partner.incentive.segment",
        string="Among",
        help="Empty: all partners that the fund is for.",
    )
    sales_from = fields.Date(
        default=lambda self: fields.Date.context_today(self).replace(month=1, day=1)
    )
    sales_to = fields.Date(default=lambda self: fields.Date.context_today(self))
    weights = fields.Char(
        help="Weights of tiers, such as Gold=3, Silver=2, Bronze=1. A tier that is not "
        "named gets nothing."
    )
    file = fields.Binary(string="CSV file", attachment=False)
    filename = fields.Char()
    date_from = fields.Date(
        string="Use from",
        compute="_compute_dates",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    date_to = fields.Date(
        string="Use until",
        compute="_compute_dates",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    note = fields.Char()
    line_ids = fields.One2many("partner.mdf.allocate.line", "wizard_id")
    total = fields.Monetary(compute="_compute_total")
    error_count = fields.Integer(compute="_compute_total")

    @api.depends("fund_id")
    def _compute_dates(self):
        for wizard in self:
            wizard.date_from = wizard.date_from or wizard.fund_id.date_from
            wizard.date_to = wizard.date_to or wizard.fund_id.date_to

    @api.depends("line_ids.amount", "line_ids.error")
    def _compute_total(self):
        for wizard in self:
            wizard.total = sum(wizard.line_ids.mapped("amount"))
            wizard.error_count = len(wizard.line_ids.filtered("error"))

    def action_preview(self):
        """Compute the lines; nothing is allocated yet, and each can be changed."""
        self.ensure_one()
        self.fund_id._check_can_allocate()
        lines = self._read_file() if self.method == "file" else self._apply_formula()
        self.line_ids = [Command.clear(), *(Command.create(vals) for vals in lines)]
        return self._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Allocate"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_allocate(self):
        """Make the allocations of the preview: all of them, or none."""
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("Preview first: there is nothing to allocate."))
        if self.error_count:
            raise UserError(
                self.env._(
                    "%s lines have errors, so nothing was allocated. Correct the file, "
                    "or remove the lines.",
                    self.error_count,
                )
            )
        allocations = self.env["partner.mdf.allocation"].create(
            [
                {
                    "fund_id": self.fund_id.id,
                    "partner_id": line.partner_id.id,
                    "amount": line.amount,
                    "date_from": self.date_from,
                    "date_to": self.date_to,
                    "note": self.note,
                }
                for line in self.line_ids
                if line.partner_id and not self.currency_id.is_zero(line.amount)
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.mdf.allocation",
            "view_mode": "list,form",
            "domain": [("id", "in", allocations.ids)],
            "name": self.env._("Allocated"),
        }

    # ------------------------------------------------------------------------- formula

    def _apply_formula(self):
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._("Enter how much is to be allocated."))
        partners = self.fund_id._get_eligible_partners(self.segment_ids).sorted(
            lambda p: (p.name or "", p.id)
        )
        weights = {
            "equal": self._get_equal_weights,
            "sales": self._get_sales_weights,
            "tier": self._get_tier_weights,
        }[self.method](partners)
        weighted = [
            (partner, weights.get(partner.id, Decimal(0))) for partner in partners
        ]
        weighted = [(partner, weight) for partner, weight in weighted if weight > 0]
        if not weighted:
            raise UserError(
                self.env._(
                    "No partner has a share by this formula. Choose another one, or "
                    "other partners."
                )
            )
        shares = largest_remainder(
            Decimal(str(self.currency_id.round(self.amount))),
            [weight for _partner, weight in weighted],
            Decimal(str(self.currency_id.rounding)),
        )
        return [
            {
                "number": number,
                "partner_id": partner.id,
                "basis": float(weight),
                "amount": float(share),
            }
            for number, ((partner, weight), share) in enumerate(
                zip(weighted, shares, strict=True), 1
            )
        ]

    def _get_equal_weights(self, partners):
        return {partner.id: Decimal(1) for partner in partners}

    def _get_sales_weights(self, partners):
        """Invoiced less credited, untaxed, of the chosen days."""
        rows = (
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "=", self.company_id.id),
                    ("move_type", "in", ("out_invoice", "out_refund")),
                    ("state", "=", "posted"),
                    ("incentive_document", "=", False),
                    ("invoice_date", ">=", self.sales_from),
                    ("invoice_date", "<=", self.sales_to),
                    ("commercial_partner_id", "in", partners.ids),
                ],
                ["commercial_partner_id"],
                ["amount_untaxed_signed:sum"],
            )
        )
        return {partner.id: Decimal(str(amount)) for partner, amount in rows}

    def _get_tier_weights(self, partners):
        weights = {}
        for part in (self.weights or "").split(","):
            name, _equals, value = part.partition("=")
            try:
                weights[name.strip().casefold()] = Decimal(value.strip())
            except InvalidOperation as error:
                raise UserError(
                    self.env._("Write weights like this: Gold=3, Silver=2, Bronze=1.")
                ) from error
        return {
            partner.id: weights.get(
                (partner.grade_id.name or "").casefold(), Decimal(0)
            )
            for partner in partners
        }

    # ---------------------------------------------------------------------------- file

    def _read_file(self):
        content = self.env["partner.incentive.upload"]._read_upload(
            self.file, self.filename, "csv"
        )
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(
                self.env._("The file is not in UTF-8. Save it as CSV (UTF-8).")
            ) from error
        header = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=header.count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        if not {"partner", "amount"} <= set(columns):
            raise UserError(
                self.env._("The first line must name the columns partner and amount.")
            )
        reader.fieldnames = columns
        lines = []
        seen = set()
        for row in reader:
            values = [(row.get(name) or "").strip() for name in ("partner", "amount")]
            if any(values):
                lines.append(self._read_row(reader.line_num, *values, seen))
            if len(lines) > MAX_ROWS:
                raise UserError(
                    self.env._("The file may have %s lines at most.", MAX_ROWS)
                )
        return lines

    def _read_row(self, number, name, amount, seen):
        line = {"number": number, "content": f"{name}, {amount}"}
        partner = self._find_partner(name)
        try:
            value = float(Decimal(amount.replace(" ", "").replace("'", "")))
        except InvalidOperation:
            value = None
        if not partner:
            line["error"] = self.env._("No partner is called %s.", name)
        elif len(partner) > 1:
            line["error"] = self.env._("Several partners are called %s.", name)
        elif partner.id in seen:
            line["error"] = self.env._("%s is in the file twice.", name)
        elif value is None or value <= 0:
            line["error"] = self.env._("%s is no amount. Write 1500.00.", amount)
        elif not self.fund_id._is_eligible(partner):
            line["error"] = self.env._("The fund is not open to %s.", name)
        else:
            seen.add(partner.id)
            line.update(partner_id=partner.id, amount=self.currency_id.round(value))
        return line

    def _find_partner(self, name):
        Partner = self.env["res.partner"]
        for field in ("ref", "vat", "name"):
            found = Partner.search(
                [(field, "=", name), ("is_company", "=", True)], limit=2
            ).commercial_partner_id
            if found:
                return found
        return Partner
