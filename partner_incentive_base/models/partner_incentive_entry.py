from collections import defaultdict
from decimal import Decimal
from json import dumps

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, float_round

KINDS = [
    ("opening", "Opening balance"),
    ("accrual", "Accrual"),
    ("adjustment", "Adjustment"),
    ("write_off", "Write-off"),
    ("holdback", "Holdback"),
    ("settlement", "Settlement"),
    ("clawback", "Clawback"),
    ("expiry", "Expiry"),
    ("exchange", "Exchange difference"),
]
# Kinds that change what is provided for what partners earned, and those that change
# what was paid. Holdbacks move money between the two liability accounts.
EARNING_KINDS = ("opening", "accrual", "adjustment", "write_off", "expiry")
SETTLING_KINDS = ("settlement", "clawback")
# Entries that no run takes back, since no volume stands behind them.
LASTING = SQL("adjustment_id IS NOT NULL OR kind = 'expiry'")


class PartnerIncentiveEntry(models.Model):
    """Sub-ledger of everything owed to partners. Append-only.

    ``amount`` is the movement of the liability in the offer's currency, positive when
    more is owed; ``balance`` the same in company currency, as its journal item has
    it. For every company, offer and partner the sum of ``balance`` is the opposite of
    the balance of the journal items on the accrued and holdback accounts.

    Only ``partner.incentive.posting`` creates entries. Nobody edits or deletes them: a
    correction is another entry that names the first, and the reason.
    """

    _name = "partner.incentive.entry"
    _inherit = ["partner.incentive.disputed.mixin"]
    _description = "Incentive Ledger Entry"
    _order = "id desc"
    _rec_name = "kind"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        required=True,
        index=True,
        ondelete="restrict",
        readonly=True,
    )
    version_id = fields.Many2one(
        "partner.incentive.offer.version",
        ondelete="restrict",
        readonly=True,
        index=True,
    )
    program_id = fields.Many2one(
        "partner.incentive.program",
        required=True,
        index=True,
        ondelete="restrict",
        readonly=True,
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, ondelete="restrict", readonly=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    date = fields.Date(
        string="Accounting date", required=True, index=True, readonly=True
    )
    kind = fields.Selection(KINDS, required=True, readonly=True, index=True)
    role = fields.Selection(
        [("accrued", "Accrued"), ("holdback", "Held back")],
        string="Account",
        required=True,
        default="accrued",
        readonly=True,
    )
    amount = fields.Monetary(readonly=True, help="What is owed more, or less.")
    balance = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="The amount in company currency, as booked.",
    )
    earned = fields.Monetary(readonly=True)
    settled = fields.Monetary(readonly=True)
    held = fields.Monetary(readonly=True)
    earned_balance = fields.Monetary(
        currency_field="company_currency_id",
        string="Earned (company currency)",
        readonly=True,
    )
    settled_balance = fields.Monetary(
        currency_field="company_currency_id",
        string="Settled (company currency)",
        readonly=True,
    )
    window_from = fields.Date(readonly=True)
    window_to = fields.Date(readonly=True)
    qualifying = fields.Float(
        string="Qualifying volume",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="Volume that decided the bracket when this was booked.",
    )
    earning = fields.Float(
        string="Earning volume", digits=(16, 2), readonly=True, aggregator=None
    )
    target = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="What the window should hold after this entry.",
    )
    analytic_distribution = fields.Json(readonly=True)
    analytic_key = fields.Char(readonly=True)
    run_id = fields.Many2one(
        "partner.incentive.run", index=True, ondelete="restrict", readonly=True
    )
    settlement_id = fields.Many2one(
        "partner.incentive.settlement", index=True, ondelete="restrict", readonly=True
    )
    move_id = fields.Many2one(
        "account.move",
        string="Journal entry",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Journal item",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
    )
    reversal_of_id = fields.Many2one(
        "partner.incentive.entry",
        string="Reverses",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
    )
    adjustment_id = fields.Many2one(
        "partner.incentive.adjustment",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
    )
    reason = fields.Char(readonly=True)

    _one_reversal = models.UniqueIndex(
        "(reversal_of_id) WHERE reversal_of_id IS NOT NULL",
        "This entry has been reversed already.",
    )
    _position = models.Index("(offer_id, partner_id, window_from)")
    # a page of a partner's statement is read off its end, however long it is
    _statement = models.Index("(partner_id, date, id)")

    @api.depends("kind", "offer_id.name", "partner_id.name", "date")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for entry in self:
            entry.display_name = (
                f"{kinds.get(entry.kind, '')} {entry.date or ''} "
                f"{entry.partner_id.name or ''}, {entry.offer_id.name or ''}"
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not (self.env.su and self.env.context.get("incentive_posting")):
            raise UserError(
                self.env._(
                    "Ledger entries come from runs, settlements and adjustments; "
                    "they cannot be entered by hand."
                )
            )
        return super().create(vals_list)

    @api.model
    def _append(self, vals_list):
        """Create entries in one statement, which many at once ask for.

        For the posting service, with values that are rounded already.
        """
        names = sorted({name for vals in vals_list for name in vals})
        stored = [name for name, field in self._fields.items() if field.store]
        defaults = self.default_get([name for name in stored if name not in names])
        defaults |= dict.fromkeys(("create_uid", "write_uid"), self.env.uid)
        defaults |= dict.fromkeys(("create_date", "write_date"), self.env.cr.now())
        columns = [
            SQL("%s::%s[]", self._get_column(name, vals_list), self._get_type(name))
            for name in names
        ]
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO partner_incentive_entry (%(names)s)
                     SELECT %(defaults)s, entry.* FROM unnest(%(columns)s) AS entry
                  RETURNING id
                """,
                names=SQL(", ").join(map(SQL.identifier, [*defaults, *names])),
                defaults=SQL(", ").join(
                    SQL("%s::%s", value, self._get_type(name))
                    for name, value in defaults.items()
                ),
                columns=SQL(", ").join(columns),
            )
        )
        entries = self.browse([row[0] for row in rows])
        for name in stored:
            for inverse in self.pool.field_inverses[self._fields[name]]:
                self.env[inverse.model_name].invalidate_model([inverse.name])
        entries.modified(stored, create=True)
        entries._validate_fields(stored)
        return entries

    def _get_type(self, name):
        return SQL(self._fields[name].column_type[1])

    def _get_column(self, name, vals_list):
        """Values of a field as its column has them."""
        field = self._fields[name]
        values = [vals.get(name) for vals in vals_list]
        if field.type == "float":
            _total, scale = field.get_digits(self.env)
            return [float_round(value or 0.0, scale) for value in values]
        if field.type == "json":
            return [dumps(value) if value else None for value in values]
        if field.type == "monetary":
            return [value or 0.0 for value in values]
        return [value or None for value in values]

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._(
                "Ledger entries are never edited. Correct one with an adjustment, "
                "which names the entry and the reason."
            )
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._(
                "Ledger entries are never deleted. Reverse one with an adjustment, "
                "which names the entry and the reason."
            )
        )

    @api.model
    def _get_booked(self, offers, partners=None):
        """What the ledger provides for, per position.

        A window is known by its first day, since a revision may move its end. What
        lasts whatever is calculated is left out, see :meth:`_get_lasting`.

        :return: ``{(offer id, partner id, window from): {analytic key: (Decimal,
            distribution)}}`` of the earning kinds
        """
        booked = defaultdict(dict)
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT offer_id, partner_id, window_from, analytic_key,
                       SUM(earned)::text, MAX(analytic_distribution::text)
                  FROM partner_incentive_entry
                 WHERE offer_id IN %s AND kind IN %s AND NOT (%s) %s
                 GROUP BY 1, 2, 3, 4
                """,
                tuple(offers.ids) or (0,),
                EARNING_KINDS,
                LASTING,
                SQL("AND partner_id IN %s", tuple(partners.ids) or (0,))
                if partners is not None
                else SQL(),
            )
        )
        for offer_id, partner_id, start, key, earned, distribution in rows:
            booked[offer_id, partner_id, start][key] = (
                Decimal(earned),
                distribution,
            )
        return booked

    @api.model
    def _get_lasting(self, offers, partners=None):
        """What partners are owed more, or less, than is calculated.

        Approved adjustments, and what expired or was forfeited: no run takes them back.

        :return: ``{(offer id, partner id): {"adjustment" or "expiry": Decimal}}`` in
            the offer's currency
        """
        self.flush_model()
        lasting = defaultdict(dict)
        for offer_id, partner_id, kind, amount in self.env.execute_query(
            SQL(
                """
                SELECT offer_id, partner_id, kind, SUM(earned)::text
                  FROM partner_incentive_entry
                 WHERE offer_id IN %s AND (%s) %s
                 GROUP BY offer_id, partner_id, kind
                """,
                tuple(offers.ids) or (0,),
                LASTING,
                SQL("AND partner_id IN %s", tuple(partners.ids) or (0,))
                if partners is not None
                else SQL(),
            )
        ):
            lasting[offer_id, partner_id][kind] = Decimal(amount)
        return lasting

    @api.model
    def _get_holding(self, offers):
        """Those of ``offers`` that hold back a part of what somebody earned."""
        rows = self.sudo()._read_group(
            [("offer_id", "in", offers.ids), ("role", "=", "holdback")], ["offer_id"]
        )
        return offers.browse([offer.id for (offer,) in rows])

    @api.model
    def _get_balances(self, offers, partners=None):
        """``{(offer id, partner id): {"earned", "settled", "held": Decimal}}``."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT offer_id, partner_id, SUM(earned)::text, SUM(settled)::text,
                       SUM(held)::text
                  FROM partner_incentive_entry
                 WHERE offer_id IN %s %s
                 GROUP BY offer_id, partner_id
                """,
                tuple(offers.ids) or (0,),
                SQL("AND partner_id IN %s", tuple(partners.ids) or (0,))
                if partners is not None
                else SQL(),
            )
        )
        return {
            (offer_id, partner_id): {
                "earned": Decimal(earned),
                "settled": Decimal(settled),
                "held": Decimal(held),
            }
            for offer_id, partner_id, earned, settled, held in rows
        }

    def _get_dispute_day(self):
        """The day it came onto the statement, whatever its accounting date."""
        self.ensure_one()
        return max(self.date, self.create_date.date())

    def action_explain(self):
        """Show what this entry comes from."""
        self.ensure_one()
        return self.env["partner.incentive.explanation"]._open_for_entry(self)

    def action_view_move(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }
