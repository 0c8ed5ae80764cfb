import base64
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.partner_incentive_base.models.partner_incentive_csv import (
    RowError,
    literal,
)

MANAGER = "partner_incentive_base.group_incentive_manager"
COMPLIANCE = "partner_incentive_base.group_incentive_compliance"
REQUIRED = ("date", "document", "product", "quantity", "amount")
OPTIONAL = ("currency", "customer")
MAX_SIZE = 5 * 1024 * 1024
MAX_ROWS = 20_000


class PartnerSellThroughFile(models.Model):
    """What a partner reports to have sold to its own customers (point of sale).

    ======= =================== ========= =====================================
    Action  Who                 From      Restriction
    ======= =================== ========= =====================================
    check   User, the partner   draft     reads the file, judges every line
    submit  User, the partner   draft     at least one valid line
    accept  Compliance, Manager submitted not who submitted it
    refuse  Compliance, Manager submitted
    reopen  Compliance, Manager accepted  its lines do not count any more
    ======= =================== ========= =====================================

    The guards hold for a bare write of the state, too. The valid lines of an accepted
    file count like invoices; the refused ones say why, and never count.
    """

    _name = "partner.sell.through.file"
    _description = "Sell-Through File"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
    ]
    _process_fields = frozenset(
        {"state", "submitted_by", "decided_by", "decided_on", "line_ids"}
    )
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, default=lambda self: self.env._("Sales report"))
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Reported by",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    file = fields.Binary(string="CSV file", attachment=True, copy=False)
    filename = fields.Char(copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("accepted", "Accepted"),
            ("refused", "Refused"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    submitted_by = fields.Many2one("res.users", readonly=True, copy=False)
    decided_by = fields.Many2one("res.users", readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many("partner.sell.through.line", "file_id", readonly=True)
    valid_count = fields.Integer(string="Accepted lines", compute="_compute_counts")
    refused_count = fields.Integer(string="Refused lines", compute="_compute_counts")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(string="First sale", compute="_compute_counts")
    date_to = fields.Date(string="Last sale", compute="_compute_counts")

    def _compute_counts(self):
        figures = {}
        for file, state, count, first, last in self.env[
            "partner.sell.through.line"
        ]._read_group(
            [("file_id", "in", self.ids)],
            ["file_id", "state"],
            ["__count", "date:min", "date:max"],
        ):
            figures[file, state] = (count, first, last)
        for file in self:
            valid = figures.get((file, "valid"), (0, False, False))
            file.valid_count, file.date_from, file.date_to = valid
            file.refused_count = figures.get((file, "refused"), (0,))[0]

    # ------------------------------------------------------------------ create, write

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            if vals.get("partner_id"):
                contact = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = contact.commercial_partner_id.id
        return super().create(vals_list)

    def write(self, vals):
        state = vals.get("state")
        if state:
            self.check_access("write")
            others = {
                name: value
                for name, value in vals.items()
                if name not in self._process_fields
            }
            if others:
                # in the state that the file has until now
                self.write(others)
            for file in self:
                file._change_state(state)
            return True
        if (self._process_fields - {"line_ids"}) & set(vals) and not self.env.su:
            raise AccessError(self.env._("Use the buttons of the file to decide."))
        content = {"file", "partner_id", "company_id", "line_ids"} & set(vals)
        if content:
            for file in self.filtered(lambda each: each.state != "draft"):
                raise UserError(
                    self.env._(
                        "%s has been submitted and does not change any more.",
                        file.name,
                    )
                )
        if "line_ids" in content and not self.env.su:
            raise AccessError(self.env._("Lines are read from the file only."))
        result = super().write(vals)
        if content & {"file", "partner_id", "company_id"}:
            # What was read from another file says nothing about this one.
            self.line_ids.sudo().unlink()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_accepted(self):
        for file in self:
            if file.state in ("submitted", "accepted"):
                raise UserError(
                    self.env._(
                        "%s is being looked at or counts, and is kept.", file.name
                    )
                )

    # -------------------------------------------------------------------- transitions

    def _change_state(self, state):
        self.ensure_one()
        if state == self.state:
            return
        check = {
            ("draft", "submitted"): self._check_can_submit,
            ("submitted", "accepted"): self._check_can_decide,
            ("submitted", "refused"): self._check_can_decide,
            ("accepted", "submitted"): self._check_can_decide,
            ("refused", "draft"): lambda: None,
            ("submitted", "draft"): self._check_can_decide,
        }.get((self.state, state))
        if check is None:
            raise UserError(
                self.env._(
                    "%(file)s is %(old)s and cannot become %(new)s.",
                    file=self.name,
                    old=self._get_state_label().lower(),
                    new=self._get_state_label(state).lower(),
                )
            )
        check()
        vals = {"state": state}
        if state == "submitted" and self.state == "draft":
            vals["submitted_by"] = self.env.uid
        else:
            vals.update(decided_by=self.env.uid, decided_on=fields.Datetime.now())
        if state in ("accepted", "submitted", "refused"):
            self._mark_reported(state == "accepted")
        super().write(vals)  # pylint: disable=super-method-mismatch

    def _check_can_submit(self):
        if not self.line_ids:
            self.action_check()
        if not self.valid_count:
            raise UserError(
                self.env._(
                    "No line of %s is valid, so there is nothing to submit. Correct "
                    "the file and upload it again.",
                    self.name,
                )
            )

    def _check_can_decide(self):
        user = self.env.user
        if self.env.su:
            return
        if not (user.has_group(MANAGER) or user.has_group(COMPLIANCE)):
            raise AccessError(
                self.env._("Only compliance or a manager decides on reported sales.")
            )
        if user in (self.submitted_by | self.create_uid):
            raise UserError(
                self.env._(
                    "You uploaded or submitted %s yourself. Somebody else has to "
                    "decide on it.",
                    self.name,
                )
            )

    def _mark_reported(self, accepted):
        """A sale counts once: the key of an accepted line is nobody else's.

        A line that another file reported in the meantime is refused now.
        """
        self.env["partner.sell.through.line"].flush_model()
        if not accepted:
            self.env.cr.execute(
                SQL(
                    "UPDATE partner_sell_through_line SET document_key = NULL"
                    " WHERE file_id = %s",
                    self.id,
                )
            )
            self.line_ids.invalidate_recordset()
            return
        key = self._get_key_expression()
        self.env.cr.execute(
            SQL(
                """
                WITH same AS (
                    SELECT line.id FROM partner_sell_through_line AS line
                      JOIN partner_sell_through_line AS other
                        ON other.document_key = %(key)s
                     WHERE line.file_id = %(file)s AND line.state = 'valid'
                )
                UPDATE partner_sell_through_line AS line
                   SET state = 'refused', message = %(message)s
                  FROM same WHERE same.id = line.id
                """,
                key=key,
                file=self.id,
                message=self.env._("This sale has been reported and accepted already."),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE partner_sell_through_line AS line SET document_key = %s
                 WHERE line.file_id = %s AND line.state = 'valid'
                """,
                key,
                self.id,
            )
        )
        self.line_ids.invalidate_recordset()
        self.invalidate_recordset(["valid_count", "refused_count"])

    def _get_key_expression(self):
        """Partner, its document, product and date: one sale, whoever reports it."""
        return SQL(
            "concat_ws('|', line.company_id, line.partner_id, line.product_id,"
            " line.date, sign(line.quantity), lower(line.document_number))"
        )

    def action_submit(self):
        self.write({"state": "submitted"})

    def action_accept(self):
        self.write({"state": "accepted"})

    def action_refuse(self):
        self.write({"state": "refused"})

    def action_reset(self):
        self.write({"state": "draft"})

    def action_reopen(self):
        self.write({"state": "submitted"})

    def action_view_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_rebate.partner_sell_through_line_action"
        )
        action["domain"] = [("file_id", "=", self.id)]
        return action

    # ----------------------------------------------------------------------- reading

    def action_check(self):
        """Read the file and judge every line."""
        for file in self:
            if file.state != "draft":
                raise UserError(self.env._("%s has been submitted already.", file.name))
            file.check_access("write")
            file._read_file()

    def _read_file(self):
        self.ensure_one()
        # Lines are made by the file alone; the right to it was checked.
        Line_sudo = self.env["partner.sell.through.line"].sudo()
        self.line_ids.sudo().unlink()
        found, seen, lines = {}, set(), []
        for number, row in self._read_rows():
            vals = {
                "file_id": self.id,
                "number": number,
                "content": ", ".join(value for value in row.values() if value)[:500],
            }
            try:
                vals |= self._read_row(row, found, seen)
                vals["state"] = "valid"
            except RowError as error:
                vals |= {"state": "refused", "message": str(error)}
            lines.append(vals)
        Line_sudo.create(lines)
        self._refuse_known()
        self.invalidate_recordset()

    def _read_rows(self):
        """``[(number of the line, {column: text})]``.

        :raise UserError: it is no CSV file with the columns that are needed
        """
        content = base64.b64decode(self.with_context(bin_size=False).file or b"")
        if not content:
            raise UserError(self.env._("Choose a file first."))
        if len(content) > MAX_SIZE:
            raise UserError(self.env._("The file may have 5 MB at most."))
        return self.env["partner.incentive.csv"]._parse_csv(
            content, REQUIRED, OPTIONAL, MAX_ROWS
        )

    def _read_row(self, row, found, seen):
        """Values of one line.

        :param found: records found so far, by what they were looked up with
        :param seen: sales of the lines so far
        :raise RowError: what is wrong with it
        """
        for name in REQUIRED:
            if not row[name]:
                raise RowError(self.env._("%s is empty.", name))
        vals = {
            "date": self._read_date(row["date"]),
            "product_id": self._find_product(row["product"], found),
            "quantity": self._read_number("quantity", row["quantity"]),
            "amount": self._read_number("amount", row["amount"]),
            "currency_id": self._find_currency(row["currency"], found),
            "document_number": row["document"][:100],
            "customer_name": row["customer"][:200],
        }
        if not vals["quantity"]:
            raise RowError(self.env._("The quantity is zero."))
        if (vals["quantity"] > 0) != (vals["amount"] >= 0):
            raise RowError(
                self.env._("Quantity and amount of a return are both negative.")
            )
        key = (
            vals["date"],
            vals["product_id"],
            vals["quantity"] > 0,
            vals["document_number"].lower(),
        )
        if key in seen:
            raise RowError(
                self.env._("The same document, product and date are above already.")
            )
        seen.add(key)
        return vals

    def _read_date(self, text):
        try:
            day = fields.Date.to_date(text)
        except ValueError:
            day = None
        if not day or text != fields.Date.to_string(day):
            raise RowError(self.env._("%s is no date; write it as 2026-01-31.", text))
        today = fields.Date.context_today(self)
        if day > today:
            raise RowError(self.env._("%s is in the future.", text))
        if day < today - timedelta(days=730):
            raise RowError(self.env._("%s is more than two years ago.", text))
        return day

    def _read_number(self, name, text):
        plain = text.replace(" ", "")
        try:
            number = float(plain)
        except ValueError:
            number = None
        if number is None or not -1e12 < number < 1e12:
            raise RowError(
                self.env._(
                    "%(name)s is %(text)s; write it as 1234.56.", name=name, text=text
                )
            )
        return number

    def _find_product(self, text, found):
        key = ("product", text.casefold())
        if key not in found:
            # The partner may not read the catalog, yet names its products.
            Product_sudo = self.env["product.product"].sudo()
            company = [("company_id", "in", (False, self.company_id.id))]
            matches = Product_sudo
            for name in ("default_code", "barcode", "name"):
                matches = Product_sudo.search(
                    [(name, "=ilike", literal(text)), *company], limit=2
                )
                if matches:
                    break
            found[key] = matches
        matches = found[key]
        if not matches:
            raise RowError(self.env._("There is no product %s.", text))
        if len(matches) > 1:
            raise RowError(
                self.env._("%s stands for several products. Use a reference.", text)
            )
        return matches.id

    def _find_currency(self, text, found):
        if not text:
            return self.company_id.currency_id.id
        key = ("currency", text.casefold())
        if key not in found:
            found[key] = self.env["res.currency"].search(
                [("name", "=ilike", literal(text))], limit=1
            )
        if not found[key]:
            raise RowError(self.env._("There is no active currency %s.", text))
        return found[key].id

    def _refuse_known(self):
        """Refuse what an accepted file has reported already, in one statement."""
        self.env["partner.sell.through.line"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE partner_sell_through_line AS line
                   SET state = 'refused', message = %(message)s
                 WHERE line.file_id = %(file)s AND line.state = 'valid'
                   AND EXISTS (SELECT FROM partner_sell_through_line AS other
                                WHERE other.document_key = %(key)s)
                """,
                message=self.env._("This sale has been reported and accepted already."),
                file=self.id,
                key=self._get_key_expression(),
            )
        )
        self.line_ids.invalidate_recordset()
