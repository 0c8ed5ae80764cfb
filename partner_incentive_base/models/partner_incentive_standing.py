from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import calculation

ZERO = Decimal(0)


class PartnerIncentiveStanding(models.Model):
    """Where a partner stands under an offer in a window, as of the last run.

    Derived and rewritten by every run; the ledger is what counts. It answers at once
    what would take a calculation: volume, entitlement, gap to the next bracket.
    """

    _name = "partner.incentive.standing"
    _description = "Incentive Standing"
    _order = "window_from desc, offer_id, entitlement desc"
    _log_access = False
    _rec_name = "offer_id"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    program_id = fields.Many2one("partner.incentive.program", index=True, readonly=True)
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    version_id = fields.Many2one("partner.incentive.offer.version", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade", readonly=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    window_from = fields.Date(required=True, readonly=True)
    window_to = fields.Date(required=True, readonly=True)
    as_of = fields.Date(required=True, readonly=True)
    qualifying = fields.Float(
        string="Qualifying volume", digits=(16, 2), readonly=True, aggregator="sum"
    )
    earning = fields.Float(string="Earning volume", digits=(16, 2), readonly=True)
    earning_amount = fields.Monetary(readonly=True)
    entitlement = fields.Monetary(readonly=True)
    bracket = fields.Float(
        string="Bracket reached", digits=(16, 4), readonly=True, aggregator=None
    )
    rate = fields.Float(digits=(16, 6), readonly=True, aggregator=None)
    missing = fields.Float(
        string="Missing to next bracket",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
    )
    would_earn = fields.Monetary(
        string="Next bracket would bring", readonly=True, aggregator=None
    )

    _position_unique = models.UniqueIndex("(offer_id, partner_id, window_from)")

    @api.model
    def _refresh(self, offers, outcomes, day):
        """Rewrite the standings of ``offers`` in one statement each way."""
        rows = [row for outcome in outcomes for row in self._get_rows(outcome, day)]
        self.flush_model()
        if rows:
            self._upsert(rows)
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM partner_incentive_standing AS standing
                 WHERE offer_id IN %s AND window_from <= %s
                   AND NOT EXISTS (
                       SELECT FROM unnest(%s::int[], %s::int[], %s::date[])
                           AS kept (offer_id, partner_id, window_from)
                        WHERE kept.offer_id = standing.offer_id
                          AND kept.partner_id = standing.partner_id
                          AND kept.window_from = standing.window_from)
                """,
                tuple(offers.ids) or (0,),
                day,
                [row["offer_id"] for row in rows],
                [row["partner_id"] for row in rows],
                [row["window_from"] for row in rows],
            )
        )
        self.invalidate_model()

    def _upsert(self, rows):
        columns = list(rows[0])
        identifiers = SQL(", ").join(SQL.identifier(column) for column in columns)
        keys = ("offer_id", "partner_id", "window_from")
        updated = [
            column for column in columns if column not in keys and column != "as_of"
        ]
        own = SQL(", ").join(
            SQL("partner_incentive_standing.%s", SQL.identifier(c)) for c in updated
        )
        new = SQL(", ").join(SQL("excluded.%s", SQL.identifier(c)) for c in updated)
        assignments = SQL(", ").join(
            SQL("%s = excluded.%s", SQL.identifier(column), SQL.identifier(column))
            for column in [*updated, "as_of"]
        )
        types = {"date": "date", "float": "numeric", "monetary": "numeric"}
        arrays = SQL(", ").join(
            SQL(
                "%s::%s[]",
                [row[column] for row in rows],
                SQL(types.get(self._fields[column].type, "int")),
            )
            for column in columns
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO partner_incentive_standing (%(columns)s)
                     SELECT * FROM unnest(%(arrays)s)
                ON CONFLICT (offer_id, partner_id, window_from) DO UPDATE
                        SET %(assignments)s
                      WHERE (%(own)s) IS DISTINCT FROM (%(new)s)
                """,
                columns=identifiers,
                arrays=arrays,
                assignments=assignments,
                own=own,
                new=new,
            )
        )

    def _get_rows(self, outcome, day):
        """One row per partner; a pool's volume decides, the partner's own earns."""
        offer, position = outcome.offer, outcome.position
        scale = position.parts[-1].scale
        reached = scale.reached(position.qualifying) if position.qualifying > 0 else ()
        gap = calculation.gap_to_next(position, outcome.result.reduction)
        missing, would_earn = gap or (ZERO, ZERO)
        for partner_id in outcome.partner_ids():
            parts = [
                part for part in position.parts if part.label.partner_id == partner_id
            ]
            yield {
                "company_id": offer.company_id.id,
                "program_id": offer.program_id.id,
                "offer_id": offer.id,
                "version_id": outcome.version.id,
                "partner_id": partner_id,
                "currency_id": offer.currency_id.id,
                "window_from": outcome.window.start,
                "window_to": outcome.window.end,
                "as_of": day,
                "qualifying": round(position.qualifying, 2),
                "earning": round(sum((part.volume for part in parts), ZERO), 2),
                "earning_amount": round(sum((part.amount for part in parts), ZERO), 2),
                "entitlement": sum(outcome.shares[partner_id].values(), ZERO),
                "bracket": reached[-1][0].lower if reached else ZERO,
                "rate": reached[-1][0].rate if reached else ZERO,
                "missing": round(missing, 2),
                "would_earn": would_earn,
            }

    def action_explain(self):
        self.ensure_one()
        return self.env["partner.incentive.explanation"]._open_for_standing(self)
