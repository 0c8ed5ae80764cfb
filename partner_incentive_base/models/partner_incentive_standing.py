from decimal import Decimal
from hashlib import blake2b

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import calculation

ZERO = Decimal(0)
#: Raised when rows are made in another way, so that the next run makes all anew.
DIGEST_FORMAT = 1


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

    digest = fields.Char(
        readonly=True,
        help="What the row was made from; while it stays, so does the row.",
    )

    _position_unique = models.UniqueIndex("(offer_id, partner_id, window_from)")

    @api.model
    def _refresh(self, offers, outcomes, day, partners=None):
        """Rewrite the standings of ``offers`` that changed, a statement each way.

        :param partners: only these were looked at, or None for all
        """
        self.flush_model()
        present = self._read_digests(offers, day, partners)
        rows = []
        bases, scales = {}, {}
        for outcome in outcomes:
            offer_id, _earner_id, window = outcome.position.key
            if (offer_id, window) not in bases:
                bases[offer_id, window] = self._get_basis(outcome)
            digest = self._get_digest(outcome, bases[offer_id, window], scales)
            changed = []
            for partner_id in outcome.partner_ids():
                standing = present.pop((offer_id, partner_id, window.start), None)
                if standing is None or standing[1] != digest:
                    changed.append(partner_id)
            if changed:
                rows += self._get_rows(outcome, changed, digest, day)
        if rows:
            self._upsert(rows)
        if present:
            self.env.cr.execute(
                SQL(
                    "DELETE FROM partner_incentive_standing WHERE id IN %s",
                    tuple(standing_id for standing_id, _digest in present.values()),
                )
            )
        self.invalidate_model()

    @api.model
    def _read_digests(self, offers, day, partners=None):
        """``{(offer id, partner id, window from): (id, digest)}`` of what is there."""
        self.env.cr.execute(
            SQL(
                """
                SELECT offer_id, partner_id, window_from, id, digest
                  FROM partner_incentive_standing
                 WHERE offer_id IN %s AND window_from <= %s %s
                """,
                tuple(offers.ids) or (0,),
                day,
                SQL("AND partner_id IN %s", tuple(partners.ids) or (0,))
                if partners is not None
                else SQL(),
            )
        )
        return {row[:3]: row[3:] for row in self.env.cr.fetchall()}

    @api.model
    def _get_basis(self, outcome):
        """What the rows of an offer and window share, as text."""
        offer, version = outcome.offer, outcome.version
        return repr(
            (
                DIGEST_FORMAT,
                offer.program_id.id,
                offer.currency_id.id,
                outcome.window,
                version.id,
                outcome.position.terms,
            )
        )

    @staticmethod
    def _get_digest(outcome, basis, scales):
        """A short text that differs whenever a row made from ``outcome`` does.

        :param scales: ``{id of a scale: its text}``, filled here; most are shared
        """
        position = outcome.position
        texts = [
            basis,
            f"{outcome.entitlement} {outcome.result.reduction} {position.multiplier}",
        ]
        for part in position.parts:
            scale, label = part.scale, part.label
            if id(scale) not in scales:
                scales[id(scale)] = repr(scale)
            texts.append(scales[id(scale)])
            texts.append(
                f"{label.version_id} {label.segment_id} {label.partner_id} "
                f"{label.analytic} {part.qualifying} {part.volume} {part.amount}"
            )
        return blake2b("|".join(texts).encode(), digest_size=12).hexdigest()

    def _upsert(self, rows):
        columns = list(rows[0])
        types = {"date": "date", "float": "numeric", "monetary": "numeric"}
        types["char"] = "varchar"
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
                """,
                columns=SQL(", ").join(SQL.identifier(column) for column in columns),
                arrays=arrays,
                assignments=SQL(", ").join(
                    SQL(
                        "%s = excluded.%s",
                        SQL.identifier(column),
                        SQL.identifier(column),
                    )
                    for column in columns
                    if column not in ("offer_id", "partner_id", "window_from")
                ),
            )
        )

    def _get_rows(self, outcome, partner_ids, digest, day):
        """One row per partner; a pool's volume decides, the partner's own earns."""
        offer, position = outcome.offer, outcome.position
        qualifying = position.qualifying
        scale = position.parts[-1].scale
        reached = scale.reached(qualifying) if qualifying > 0 else ()
        gap = calculation.gap_to_next(position, outcome.result.reduction)
        missing, would_earn = gap or (ZERO, ZERO)
        shared = {
            "company_id": offer.company_id.id,
            "program_id": offer.program_id.id,
            "offer_id": offer.id,
            "version_id": outcome.version.id,
            "currency_id": offer.currency_id.id,
            "window_from": outcome.window.start,
            "window_to": outcome.window.end,
            "as_of": day,
            "qualifying": round(qualifying, 2),
            "bracket": reached[-1][0].lower if reached else ZERO,
            "rate": reached[-1][0].rate if reached else ZERO,
            "missing": round(missing, 2),
            "would_earn": would_earn,
            "digest": digest,
        }
        for partner_id in partner_ids:
            parts = [
                part for part in position.parts if part.label.partner_id == partner_id
            ]
            yield {
                **shared,
                "partner_id": partner_id,
                "earning": round(sum((part.volume for part in parts), ZERO), 2),
                "earning_amount": round(sum((part.amount for part in parts), ZERO), 2),
                "entitlement": sum(outcome.shares[partner_id].values(), ZERO),
            }

    def action_explain(self):
        self.ensure_one()
        return self.env["partner.incentive.explanation"]._open_for_standing(self)
