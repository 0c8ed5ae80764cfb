import base64
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date

from .partner_incentive_attribution import ROLES
from .partner_incentive_csv import RowError, literal
from .partner_incentive_posting_opening import Opening

#: Columns of each kind of file: those that it must have, and those that it may have.
COLUMNS = {
    "volume": (
        ("offer", "partner", "date", "qualifying"),
        ("earning", "amount", "reference"),
    ),
    "balance": (
        ("offer", "partner", "date", "earned"),
        ("paid", "account", "journal_item", "reference"),
    ),
    "attribution": (("invoice", "partner", "role"), ("share", "reason")),
    "tier": (("partner", "tier", "date"), ("reason",)),
}
#: Which right each kind takes.
GROUPS = {
    "volume": "partner_incentive_base.group_incentive_finance",
    "balance": "partner_incentive_base.group_incentive_finance",
    "attribution": "partner_incentive_base.group_incentive_manager",
    "tier": "partner_incentive_base.group_incentive_manager",
}
CONTENT = {"company_id", "kind", "date", "account_id"}


class PartnerIncentiveImport(models.Model):
    """What came before the company went live, from a CSV file.

    A file is read into lines that stay: each is checked and says what is wrong with
    it, lines can be corrected on the spot or by another file, and nothing is booked
    until all are right. What has been booked once, by this import or another, is
    recognised and not booked again.

    ======== ============ ======== =================================================
    Action   Who          From     Restriction
    ======== ============ ======== =================================================
    load     by kind      draft    replaces the lines
    check    by kind      draft
    book     by kind      draft    every line is right
    undo     Finance      booked   volume and balances; nothing settled since
    ======== ============ ======== =================================================

    Volume and balances take finance, attribution and tiers a manager.
    """

    _name = "partner.incentive.import"
    _description = "Opening Import"
    _inherit = [
        "mail.thread",
        "partner.incentive.csv",
        "partner.incentive.process.mixin",
    ]
    _process_fields = frozenset({"state", "booked_by", "booked_on", "move_ids"})
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    kind = fields.Selection(
        [
            ("volume", "Volume brought forward"),
            ("balance", "Accruals and payouts brought forward"),
            ("attribution", "Attribution of posted invoices"),
            ("tier", "Dated tiers"),
        ],
        string="What",
        required=True,
        default="volume",
        tracking=True,
    )
    columns = fields.Char(compute="_compute_columns")
    date = fields.Date(
        string="Accounting date",
        default=lambda self: self._default_date(),
        help="When balances are brought forward, as a rule the day before the "
        "cut-over.",
    )
    cutover_date = fields.Date(
        related="company_id.incentive_cutover_date", string="Cut-over date"
    )
    account_id = fields.Many2one(
        "account.account",
        string="Provided for so far on",
        check_company=True,
        help="Account that balances are moved from to accrued incentives, where a line "
        "names none.",
    )
    file = fields.Binary(string="CSV file", attachment=True, copy=False)
    filename = fields.Char(copy=False)
    state = fields.Selection(
        [("draft", "In preparation"), ("booked", "Booked"), ("undone", "Undone")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    line_ids = fields.One2many("partner.incentive.import.line", "import_id", copy=False)
    move_ids = fields.Many2many(
        "account.move", string="Journal entries", readonly=True, copy=False
    )
    booked_by = fields.Many2one("res.users", readonly=True, copy=False)
    booked_on = fields.Datetime(readonly=True, copy=False)
    good_count = fields.Integer(string="Correct lines", compute="_compute_counts")
    bad_count = fields.Integer(string="Lines with errors", compute="_compute_counts")
    known_count = fields.Integer(
        string="Lines booked before", compute="_compute_counts"
    )
    unchecked_count = fields.Integer(compute="_compute_counts")

    def _default_date(self):
        cutover = self.env.company.incentive_cutover_date
        return (
            cutover - timedelta(days=1) if cutover else fields.Date.context_today(self)
        )

    @api.depends("kind", "filename", "company_id")
    def _compute_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for batch in self:
            batch.name = ", ".join(
                filter(None, (kinds.get(batch.kind), batch.filename))
            )

    @api.depends("kind")
    def _compute_columns(self):
        for batch in self:
            required, optional = COLUMNS[batch.kind or "volume"]
            batch.columns = self.env._(
                "%(required)s; if wanted %(optional)s",
                required=", ".join(required),
                optional=", ".join(optional),
            )

    @api.depends("line_ids.state")
    def _compute_counts(self):
        for batch in self:
            counts = Counter(batch.line_ids.mapped("state"))
            batch.good_count = counts["ok"] + counts["booked"]
            batch.bad_count = counts["error"]
            batch.known_count = counts["known"]
            batch.unchecked_count = counts["new"]

    # ------------------------------------------------------------------------ guards

    @api.model_create_multi
    def create(self, vals_list):
        batches = super().create(vals_list)
        batches._check_right()
        batches.filtered("file")._load()
        return batches

    def write(self, vals):
        if self._process_fields & set(vals) and not self._is_in_process():
            raise AccessError(
                self.env._("Use the buttons of the import to change its state.")
            )
        self._check_right()
        if (CONTENT | {"file", "line_ids"}) & set(vals):
            self._check_draft()
        result = super().write(vals)
        self._check_right()
        if vals.get("file"):
            self._load()
        elif CONTENT & set(vals):
            # A file of another kind has other columns.
            if "kind" in vals:
                self.line_ids.unlink()
            self._renew_lines()
        return result

    def _check_right(self):
        if self.env.su:
            return
        for batch in self:
            if not self.env.user.has_group(GROUPS[batch.kind]):
                raise AccessError(
                    self.env._(
                        "Volume and balances are brought forward by finance, "
                        "attribution and tiers by an incentive manager."
                    )
                )

    def _check_draft(self):
        for batch in self:
            if batch.state != "draft":
                raise UserError(
                    self.env._("%s has been booked; make a new import.", batch.name)
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked(self):
        self._check_right()
        if any(batch.state != "draft" for batch in self):
            raise UserError(self.env._("An import that was booked is kept."))

    def _renew_lines(self):
        self.line_ids._write_process({"state": "new", "message": False, "vals": False})

    # ----------------------------------------------------------------------- reading

    def _load(self):
        """Read the file into lines, unchecked."""
        for batch in self:
            required, optional = COLUMNS[batch.kind]
            rows = batch._read_csv(
                batch.with_context(bin_size=False).file, required, optional
            )
            batch.line_ids.unlink()
            self.env["partner.incentive.import.line"].create(
                [
                    {
                        "import_id": batch.id,
                        "number": number,
                        **{f"{name}_text": value for name, value in row.items()},
                    }
                    for number, row in rows
                ]
            )

    def action_check(self):
        """Check every line, without booking anything."""
        self._check_right()
        self._check_draft()
        for batch in self:
            batch._check_lines()
        return True

    def _check_lines(self):
        self.ensure_one()
        reader = _Checks(self)
        check = getattr(self, f"_check_{self.kind}")
        seen = {}
        results = {}
        for line in self.line_ids.sorted(lambda each: (each.number, each.id)):
            try:
                row = line._get_row()
                for name in COLUMNS[self.kind][0]:
                    if not row[name]:
                        raise RowError(self.env._("%s is empty.", name))
                vals, key, note = check(row, reader)
                if key in seen:
                    raise RowError(
                        self.env._(
                            "The same as line %s. Correct one of them, or tell them "
                            "apart by a reference.",
                            seen[key],
                        )
                    )
            except RowError as error:
                results[line] = self._get_result("error", str(error))
                continue
            seen[key] = line.number
            results[line] = self._get_result(
                "ok", note or self.env._("OK"), vals=vals, key=key
            )
        self._recognise(results)
        for line, result in results.items():
            line._write_process(result)
        self.invalidate_recordset()

    @staticmethod
    def _get_result(state, message, vals=False, key=False):
        return {"state": state, "message": message, "vals": vals, "key": key}

    def _recognise(self, results):
        """Tell what has been booked before from what is new."""
        booked = (
            self.env["partner.incentive.import.line"]
            .sudo()
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("key", "in", [r["key"] for r in results.values() if r["key"]]),
                    ("state", "=", "booked"),
                ]
            )
        )
        by_key = {line.key: line for line in booked}
        for result in results.values():
            known = by_key.get(result["key"])
            if not known:
                continue
            name = known.import_id.name
            if known.vals == result["vals"]:
                result.update(
                    state="known",
                    message=self.env._("Booked already by %s; left out.", name),
                )
            else:
                result.update(
                    state="error",
                    message=self.env._(
                        "Booked with other figures by %s. Undo that import, or tell "
                        "the two apart by a reference.",
                        name,
                    ),
                )

    # ------------------------------------------------------------------- each kind

    def _check_volume(self, row, checks):
        offer = checks.offer(row["offer"])
        partner_id = self._find_partner(row["partner"], checks.found)
        date = self._read_date("date", row)
        qualifying = self._read_amount(row["qualifying"], -1e13)
        earning = (
            self._read_amount(row["earning"], -1e13) if row["earning"] else qualifying
        )
        in_money = offer._get_terms_in_force().measure_unit == "amount"
        amount = earning if in_money else 0.0
        if row["amount"]:
            amount = self._read_amount(row["amount"], -1e13)
        checks.before_cutover(date)
        checks.counts(offer, partner_id, fields.Date.to_date(date))
        vals = {
            "offer_id": offer.id,
            "partner_id": partner_id,
            "date": date,
            "qualifying": qualifying,
            "earning": earning,
            "amount": amount,
            "reference": row["reference"],
        }
        key = f"volume:{offer.id}:{partner_id}:{date}:{row['reference']}"
        return vals, key, None

    def _check_balance(self, row, checks):
        offer = checks.offer(row["offer"])
        if not offer._books():
            raise RowError(
                self.env._("%s is report only; nothing of it is booked.", offer.name)
            )
        partner_id = self._find_partner(row["partner"], checks.found)
        date = self._read_date("date", row)
        checks.before_cutover(date)
        window = checks.window(offer, fields.Date.to_date(date))
        rounding = offer.currency_id
        earned = rounding.round(self._read_amount(row["earned"]))
        paid = rounding.round(self._read_amount(row["paid"])) if row["paid"] else 0.0
        if not earned and not paid:
            raise RowError(self.env._("Neither earned nor paid: nothing to book."))
        note = checks.lasts(offer, partner_id, window)
        account, item = None, None
        if rounding.compare_amounts(earned, paid):
            account, item = checks.account(row, offer, partner_id, earned - paid)
        vals = {
            "offer_id": offer.id,
            "partner_id": partner_id,
            "window_from": fields.Date.to_string(window.start),
            "window_to": fields.Date.to_string(window.end),
            "earned": earned,
            "paid": paid,
            "account_id": account and account.id,
            "item_id": item and item.id,
            "reference": row["reference"],
        }
        key = f"balance:{offer.id}:{partner_id}:{window.start}:{row['reference']}"
        return vals, key, note

    def _check_attribution(self, row, checks):
        move = checks.invoice(row["invoice"])
        partner_id = self._find_partner(row["partner"], checks.found)
        role = row["role"].lower()
        if role not in dict(ROLES):
            raise RowError(
                self.env._(
                    "%(text)s is no role. Roles are: %(roles)s.",
                    text=row["role"],
                    roles=", ".join(dict(ROLES)),
                )
            )
        share = self._read_amount(row["share"]) if row["share"] else 100.0
        if not 0 < share <= 100:
            raise RowError(self.env._("A share is more than 0 and 100 at most."))
        checks.share(move, partner_id, role, share)
        vals = {
            "move_id": move.id,
            "partner_id": partner_id,
            "role": role,
            "share": share,
            "reason": row["reason"],
        }
        return vals, f"attribution:{move.id}:{partner_id}:{role}", None

    def _check_tier(self, row, checks):
        partner_id = self._find_partner(row["partner"], checks.found)
        date = self._read_date("date", row)
        if date > fields.Date.to_string(fields.Date.context_today(self)):
            raise RowError(self.env._("The date is in the future."))
        grade = self._only_one(
            self.env["res.partner.grade"].search(
                [("name", "=ilike", literal(row["tier"]))]
            ),
            row["tier"],
        )
        checks.tier(partner_id, date, grade)
        vals = {
            "partner_id": partner_id,
            "grade_id": grade,
            "date": date,
            "reason": row["reason"],
        }
        return vals, f"tier:{partner_id}:{date}", None

    # ----------------------------------------------------------------------- booking

    def action_book(self):
        """Book what is right and not booked yet; nothing while a line has an error."""
        self._check_right()
        self._check_draft()
        for batch in self:
            batch._book()
        return True

    def _book(self):
        self.ensure_one()
        self._lock()
        # The books may have changed since the report.
        self._check_lines()
        if self.bad_count:
            raise UserError(
                self.env._(
                    "%(bad)s of %(all)s lines have errors, so nothing was booked. "
                    "Correct them and check again.",
                    bad=self.bad_count,
                    all=len(self.line_ids),
                )
            )
        if not self.line_ids:
            raise UserError(self.env._("There is no line to book. Choose a file."))
        lines = self.line_ids.filtered(lambda line: line.state == "ok")
        getattr(self, f"_book_{self.kind}")(lines)
        lines._write_process({"state": "booked"})
        self._transition(
            "booked", booked_by=self.env.uid, booked_on=fields.Datetime.now()
        )
        self.message_post(
            body=self.env._(
                "Lines booked: %(new)s, known already: %(known)s.",
                new=len(lines),
                known=self.known_count,
            )
        )

    def _lock(self):
        """Let nobody else book the same import until this transaction ends."""
        self.env.cr.execute(
            "UPDATE partner_incentive_import SET state = state WHERE id IN %s",
            (tuple(self.ids),),
        )

    def _book_volume(self, lines):
        volumes = (
            self.env["partner.incentive.prior.volume"]
            .sudo()
            .with_context(incentive_posting=True)
            .create(
                [
                    {
                        **line.vals,
                        "company_id": self.company_id.id,
                        "import_id": self.id,
                    }
                    for line in lines
                ]
            )
        )
        volumes.offer_id._mark_to_accrue()

    def _book_balance(self, lines):
        company = self.company_id
        Account = self.env["account.account"].sudo()
        Item = self.env["account.move.line"].sudo()
        Offer = self.env["partner.incentive.offer"]
        openings = [
            Opening(
                offer=Offer.browse(vals["offer_id"]),
                partner_id=vals["partner_id"],
                window=(
                    fields.Date.to_date(vals["window_from"]),
                    fields.Date.to_date(vals["window_to"]),
                ),
                earned=Decimal(str(vals["earned"])),
                settled=Decimal(str(vals["paid"])),
                account=Account.browse(vals["account_id"] or []),
                item=Item.browse(vals["item_id"] or []),
                reference=", ".join(
                    filter(None, (self.env._("Brought forward"), vals["reference"]))
                ),
            )
            for vals in lines.mapped("vals")
        ]
        offers = Offer.union(*(opening.offer for opening in openings))
        offers._lock_for_run()
        entries = (
            self.env["partner.incentive.posting"]
            .with_company(company)
            ._post_openings(company, openings, self.date)
        )
        for line, entry in zip(lines, entries, strict=True):
            line._write_process({"entry_id": entry.id})
        adopted = {opening.item.move_id for opening in openings}
        own = entries.move_id.filtered(lambda move: move not in adopted)
        self._in_process().move_ids = [Command.set(own.ids)]
        offers._mark_to_accrue()

    def _book_attribution(self, lines):
        Attribution = self.env["partner.incentive.attribution"]
        Attribution.create(
            [
                {**vals, "source": self.env._("Import")}
                for vals in lines.mapped("vals")
                if not _Checks(self).credited(vals)
            ]
        )

    def _book_tier(self, lines):
        """The history, oldest first; the last becomes the tier of the partner."""
        History = self.env["partner.incentive.grade.history"]
        for line in lines.sorted(lambda each: each.vals["date"]):
            vals = line.vals
            partner = self.env["res.partner"].browse(vals["partner_id"])
            domain = Domain("partner_id", "=", partner.id)
            if History.search_count(domain & Domain("date", "=", vals["date"])):
                continue
            History.create(
                {
                    "partner_id": partner.id,
                    "grade_id": vals["grade_id"],
                    "date": vals["date"],
                    "reason": vals["reason"] or self.env._("Imported"),
                }
            )
            latest = History.search(domain, order="date desc, id desc", limit=1)
            # Whoever may keep the history of tiers may set the tier it comes to.
            partner_sudo = partner.sudo()
            if partner_sudo.grade_id != latest.grade_id:
                partner_sudo.with_context(
                    incentive_grade_date=fields.Date.to_string(latest.date)
                ).grade_id = latest.grade_id

    # -------------------------------------------------------------------------- undo

    def action_undo(self):
        """Take volume or balances back that were brought forward."""
        self._check_right()
        for batch in self:
            if batch.state != "booked" or batch.kind not in ("volume", "balance"):
                raise UserError(
                    self.env._(
                        "Only volume and balances that were booked can be undone. "
                        "Correct attribution and tiers where they are shown."
                    )
                )
            batch._undo()
        return True

    def _undo(self):
        volumes = (
            self.env["partner.incentive.prior.volume"]
            .sudo()
            .with_context(incentive_posting=True)
            .search([("import_id", "=", self.id)])
        )
        entries = self.line_ids.entry_id
        offers = volumes.offer_id | entries.offer_id
        offers._lock_for_run()
        if self.kind == "volume":
            self._check_volume_unneeded(volumes)
        volumes.unlink()
        self.env["partner.incentive.posting"].with_company(
            self.company_id
        )._reverse_openings(
            entries,
            self.sudo().move_ids,
            self.date,
            self.env._("%s was undone", self.name),
        )
        booked = self.line_ids.filtered(lambda line: line.state == "booked")
        booked._write_process({"state": "undone"})
        self._transition("undone")
        offers._mark_to_accrue()

    def _check_volume_unneeded(self, volumes):
        """Balances of open windows rest on their volume."""
        cutover = self.company_id.incentive_cutover_date
        entries = (
            self.env["partner.incentive.entry"]
            .sudo()
            ._read_group(
                [
                    ("kind", "=", "opening"),
                    ("offer_id", "in", volumes.offer_id.ids),
                    ("partner_id", "in", volumes.partner_id.ids),
                    ("window_to", ">=", cutover),
                ],
                ["offer_id", "partner_id"],
                ["earned:sum"],
            )
        )
        for offer, partner, earned in entries:
            if offer.currency_id.is_zero(earned):
                continue
            if volumes.filtered(
                lambda v, o=offer, p=partner: v.offer_id == o and v.partner_id == p
            ):
                raise UserError(
                    self.env._(
                        "The accrual brought forward for %(partner)s under %(offer)s "
                        "rests on this volume. Undo that import first.",
                        partner=partner.name,
                        offer=offer.name,
                    )
                )

    # ------------------------------------------------------------------ for the API

    @api.model
    def load_file(self, kind, content, filename=None, date=None, account=None):
        """Stage a file and check it. For use over RPC.

        :param kind: ``volume``, ``balance``, ``attribution`` or ``tier``
        :param content: the CSV file in base64
        :param account: code of the account that balances are moved from
        :return: see :meth:`get_report`
        """
        self.check_access("create")
        if kind not in tuple(COLUMNS):
            raise UserError(
                self.env._("There are files of: %(kinds)s.", kinds=", ".join(COLUMNS))
            )
        vals = {"kind": kind, "file": content, "filename": filename}
        if date:
            vals["date"] = date
        batch = self.create(vals)
        if account:
            try:
                batch.account_id = _Checks(batch).account_by_code(account)
            except RowError as error:
                raise UserError(str(error)) from error
        batch.action_check()
        return batch.get_report()

    def get_report(self):
        """The check report: ``{"id", "state", "good", "bad", "known", "lines"}``."""
        self.ensure_one()
        return {
            "id": self.id,
            "state": self.state,
            "good": self.good_count,
            "bad": self.bad_count,
            "known": self.known_count,
            "lines": [
                {
                    "id": line.id,
                    "number": line.number,
                    "state": line.state,
                    "message": line.message or "",
                }
                for line in self.line_ids
            ],
        }

    def action_view_moves(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("id", "in", self.move_ids.ids)],
            "name": self.env._("Journal entries"),
        }

    def action_download_template(self):
        """A CSV file with the columns of the kind and nothing else."""
        self.ensure_one()
        required, optional = COLUMNS[self.kind]
        text = ",".join((*required, *optional)) + "\r\n"
        attachment = self.env["ir.attachment"].create(
            {
                "name": f"{self.kind}.csv",
                "datas": base64.b64encode(text.encode()),
                "mimetype": "text/csv",
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }


class _Checks:
    """Look-ups and checks of the rows of one import, each record found once."""

    def __init__(self, batch):
        self.batch = batch
        self.env = batch.env
        self.company = batch.company_id
        self.cutover = self.company.incentive_cutover_date
        self.found = {}
        self.eligible = {}
        self.shares = defaultdict(float)

    def offer(self, text):
        key = ("offer", text.casefold())
        if key not in self.found:
            Offer = self.env["partner.incentive.offer"]
            own = [("company_id", "=", self.company.id)]
            self.found[key] = Offer.search(
                [("code", "=ilike", literal(text)), *own]
            ) or (Offer.search([("name", "=ilike", literal(text)), *own]))
        offers = self.found[key]
        self.batch._only_one(offers, text)
        if offers.state not in ("published", "retired"):
            raise RowError(
                self.env._("%s is not published; publish it first.", offers.name)
            )
        return offers

    def before_cutover(self, date):
        if not self.cutover:
            raise RowError(
                self.env._(
                    "The company has no cut-over date. Set it under Partner Incentives "
                    "> Configuration > Settings."
                )
            )
        if fields.Date.to_date(date) >= self.cutover:
            raise RowError(
                self.env._(
                    "The date is not before the cut-over on %s; from then on the "
                    "documents themselves count.",
                    self.cutover,
                )
            )

    def window(self, offer, day):
        """The calculation window of an offer that a day lies in."""
        window = next((w for w in offer._get_windows(day) if day in w), None)
        if window is None:
            raise RowError(
                self.env._(
                    "%(date)s lies outside the term of %(offer)s.",
                    date=format_date(self.env, day),
                    offer=offer.name,
                )
            )
        return window

    def counts(self, offer, partner_id, day):
        """Volume must reach the calculation, or nobody would know that it does not."""
        version = offer._get_terms_in_force()
        if version.before_cutover != "none":
            raise RowError(
                self.env._(
                    "Documents from before the cut-over count for %s themselves; "
                    "volume brought forward would count twice.",
                    offer.name,
                )
            )
        measure = (
            self.env["partner.incentive.measure"]._get_measures().get(version.measure)
        )
        growth = bool(measure and measure.growth)
        if not growth or day >= offer.date_from:
            self.window(offer, day)
        elif not any(
            day in before
            for before in map(
                offer._get_calendar().year_before, offer._get_windows(self.cutover)
            )
            if before
        ):
            raise RowError(
                self.env._(
                    "%(date)s lies neither in the term of %(offer)s nor in the year "
                    "that it compares with.",
                    date=format_date(self.env, day),
                    offer=offer.name,
                )
            )
        if not any(
            partner == partner_id
            and (valid.lower is None or valid.lower <= day)
            and (valid.upper is None or day < valid.upper)
            for _version, _earner, partner, valid, _member in self._get_scope(
                offer, growth and day < offer.date_from
            )
        ):
            raise RowError(
                self.env._(
                    "%(partner)s is not eligible for %(offer)s on %(date)s, so the "
                    "volume would not count. Let the enrollment begin earlier, or let "
                    "the offer count earlier volume.",
                    partner=self.env["res.partner"].browse(partner_id).name,
                    offer=offer.name,
                    date=format_date(self.env, day),
                )
            )

    def _get_scope(self, offer, any_date):
        if (offer, any_date) not in self.eligible:
            calculation = self.env["partner.incentive.calculation"].with_company(
                self.company
            )
            spans = calculation._get_offer_spans(offer, self.cutover)
            query = spans and calculation._get_query(
                offer._get_terms_in_force().measure,
                spans,
                self.cutover,
                None,
                any_date=any_date,
            )
            self.eligible[offer, any_date] = query.fetch_scope() if query else []
        return self.eligible[offer, any_date]

    def lasts(self, offer, partner_id, window):
        """An accrual must not be taken back by the next run for want of volume."""
        version = offer._get_terms_in_force()
        volumes = (
            self.env["partner.incentive.prior.volume"]
            .sudo()
            .search_count(
                [
                    ("offer_id", "=", offer.id),
                    ("partner_id", "=", partner_id),
                    ("date", ">=", window.start),
                    ("date", "<=", window.end),
                ],
                limit=1,
            )
        )
        if volumes or version.before_cutover == "earn":
            return self.env._("OK; the next run books the difference to the volume.")
        if window.end < self.cutover:
            return self.env._("OK; stands as imported, since its window is over.")
        raise RowError(
            self.env._(
                "The window from %(start)s to %(end)s goes on after the cut-over, but "
                "no volume of it has been brought forward: the next run would take the "
                "accrual back. Import the volume first.",
                start=format_date(self.env, window.start),
                end=format_date(self.env, window.end),
            )
        )

    def account_by_code(self, text):
        Account = self.env["account.account"].sudo().with_company(self.company)
        accounts = Account.search(
            [*Account._check_company_domain(self.company), ("code", "=", text)]
        )
        self.batch._only_one(accounts, text)
        return accounts

    def account(self, row, offer, partner_id, amount):
        """``(account, journal item)`` that an opening balance comes from."""
        accrued = self.company._get_incentive_accounts()["accrued"]
        if row["journal_item"]:
            item = self._item(row["journal_item"], offer, partner_id, amount, accrued)
            return item.account_id, item
        if row["account"]:
            account = self.account_by_code(row["account"])
        else:
            account = self.batch.sudo().account_id
        if not account:
            raise RowError(
                self.env._(
                    "Name the account that it was provided for on so far, on the line "
                    "or for the whole import."
                )
            )
        if account == accrued:
            raise RowError(
                self.env._(
                    "It is on %s already: name the journal entry that it was provided "
                    "for with.",
                    account.display_name,
                )
            )
        if account.account_type in ("asset_receivable", "liability_payable"):
            raise RowError(
                self.env._(
                    "%s is for receivables or payables; nothing is provided for there.",
                    account.display_name,
                )
            )
        return account, None

    def _item(self, text, offer, partner_id, amount, accrued):
        items = (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("company_id", "=", self.company.id),
                    ("move_id.name", "=", text),
                    ("parent_state", "=", "posted"),
                    ("partner_id", "child_of", partner_id),
                    ("display_type", "not in", ("line_section", "line_note")),
                ]
            )
        )
        if not items:
            raise RowError(
                self.env._(
                    "There is no posted journal entry %s with an item of the partner.",
                    text,
                )
            )
        fitting = items.filtered(
            lambda item: (
                item.currency_id == offer.currency_id
                and not offer.currency_id.compare_amounts(-item.amount_currency, amount)
            )
        )
        if len(fitting) != 1:
            raise RowError(
                self.env._(
                    "%(count)s items of %(move)s have the amount %(amount)s, credited "
                    "to the partner; there must be one. Name the account instead.",
                    count=len(fitting),
                    move=text,
                    amount=offer.currency_id.format(amount),
                )
            )
        if fitting.incentive_role:
            raise RowError(
                self.env._("The item of %s belongs to an offer already.", text)
            )
        if fitting.account_id == accrued and fitting.partner_id.id != partner_id:
            raise RowError(
                self.env._("The item of %s names a contact, not the company.", text)
            )
        if fitting.reconciled or fitting in self.found.setdefault("items", []):
            raise RowError(
                self.env._("The item of %s has been used or cleared already.", text)
            )
        self.found["items"].append(fitting)
        return fitting

    def invoice(self, text):
        key = ("invoice", text)
        if key not in self.found:
            self.found[key] = (
                self.env["account.move"]
                .sudo()
                .search(
                    [
                        ("company_id", "=", self.company.id),
                        ("name", "=", text),
                        ("move_type", "in", ("out_invoice", "out_refund")),
                        ("state", "=", "posted"),
                        ("incentive_document", "=", False),
                    ]
                )
            )
        self.batch._only_one(self.found[key], text)
        return self.found[key]

    def credited(self, vals):
        """The same credit, if the invoice has it."""
        rows = (
            self.env["partner.incentive.attribution"]
            .sudo()
            .search(
                [(name, "=", vals[name]) for name in ("move_id", "partner_id", "role")]
            )
        )
        return rows.filtered(lambda row: abs(row.share - vals["share"]) < 1e-6)

    def share(self, move, partner_id, role, share):
        vals = {
            "move_id": move.id,
            "partner_id": partner_id,
            "role": role,
            "share": share,
        }
        if self.credited(vals):
            return
        key = (move.id, role)
        if key not in self.shares:
            self.shares[key] = sum(
                self.env["partner.incentive.attribution"]
                .sudo()
                .search([("move_id", "=", move.id), ("role", "=", role)])
                .mapped("share")
            )
        self.shares[key] += share
        if self.shares[key] > 100.0000001:
            raise RowError(
                self.env._(
                    "The shares of %(move)s as %(role)s would sum to %(share)s %%.",
                    move=move.name,
                    role=role,
                    share=f"{self.shares[key]:g}",
                )
            )

    def tier(self, partner_id, date, grade_id):
        known = (
            self.env["partner.incentive.grade.history"]
            .sudo()
            .search([("partner_id", "=", partner_id), ("date", "=", date)])
        )
        if known and known.grade_id.id != grade_id:
            raise RowError(
                self.env._(
                    "The partner is %(tier)s from %(date)s already; correct that in "
                    "its tier history.",
                    tier=known.grade_id.name or self.env._("without a tier"),
                    date=format_date(self.env, date),
                )
            )
