from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import calculation

#: Volume brought forward has no document behind it that it could be kept apart by.
KNOWN_DIMENSIONS = {"partner_id", "analytic_distribution"}


class PartnerIncentivePriorVolume(models.Model):
    """Volume of an offer from before the company went live.

    It counts like a document of its date: toward the bracket, and as earning volume,
    since what is paid is the entitlement of the whole window less what was settled. It
    comes from ``partner.incentive.import`` and is never changed, only undone.
    """

    _name = "partner.incentive.prior.volume"
    _description = "Volume Brought Forward"
    _order = "offer_id, partner_id, date, id"
    _rec_name = "offer_id"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    offer_id = fields.Many2one(
        "partner.incentive.offer",
        required=True,
        index=True,
        ondelete="restrict",
        readonly=True,
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict", readonly=True
    )
    date = fields.Date(required=True, readonly=True)
    qualifying = fields.Float(
        string="Qualifying volume",
        digits=(16, 2),
        readonly=True,
        help="In the unit of the offer's measure.",
    )
    earning = fields.Float(
        string="Earning volume",
        digits=(16, 2),
        readonly=True,
        help="In the unit of the offer's measure.",
    )
    amount = fields.Float(
        string="Earning volume in money",
        digits=(16, 2),
        readonly=True,
        help="In the offer's currency.",
    )
    reference = fields.Char(readonly=True)
    import_id = fields.Many2one(
        "partner.incentive.import",
        index=True,
        ondelete="restrict",
        readonly=True,
    )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_import()
        return super().create(vals_list)

    def write(self, vals):
        self._check_import()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_by_import(self):
        self._check_import()

    def _check_import(self):
        if not (self.env.su and self.env.context.get("incentive_posting")):
            raise UserError(
                self.env._(
                    "Volume is brought forward by an import, and taken back by "
                    "undoing it."
                )
            )

    @api.model
    def _read_volumes(self, spans):
        """What is brought forward for the offers of spans, by their companies' rules.

        :param spans: list of :class:`~..measures.query.Span`
        """
        offer_ids = {
            span.version.offer_id.id
            for span in spans
            if span.version.offer_id.company_id.incentive_cutover_date
        }
        if not offer_ids:
            return self.browse()
        return self.sudo().search_fetch([("offer_id", "in", sorted(offer_ids))])

    def _get_rows(self, spans, scopes, scope_ids, dimensions):
        """Rows as :meth:`~..measures.query.VolumeQuery.volumes` has them.

        :param scopes: list of :class:`~..measures.query.Scope`
        :param scope_ids: ``{version id: number of its scope}``
        :param dimensions: names; where one is asked that only documents have, nothing
            is brought forward
        """
        if not KNOWN_DIMENSIONS.issuperset(dimensions):
            return []
        return [
            volume._get_row(span, scope, dimensions)
            for volume, span, scope in self._match(spans, scopes, scope_ids)
        ]

    def _match(self, spans, scopes, scope_ids):
        """``(volume, span, scope)`` of each window and earner that these count for."""
        by_offer = defaultdict(list)
        for volume in self:
            by_offer[volume.offer_id].append(volume)
        eligible = defaultdict(list)
        for scope in scopes:
            eligible[scope.scope_id, scope.partner_id].append(scope)
        for span in spans:
            for volume in by_offer.get(span.version.offer_id, ()):
                if not span.start <= volume.date <= span.end:
                    continue
                for scope in eligible[scope_ids[span.version.id], volume.partner_id.id]:
                    if scope.valid_from <= volume.date < scope.valid_to:
                        yield volume, span, scope

    @api.model
    def _get_overlaps(self, queries, pairs):
        """Rows as :func:`~..measures.query.fetch_overlaps` has them.

        Volume brought forward has no lines, so what two offers bring forward for one
        partner under one date and reference is taken for the same sales, as far as the
        smaller of the two goes; unless no product counts for both.

        :param queries: list of :class:`~..measures.query.VolumeQuery`
        """
        members = defaultdict(lambda: defaultdict(self.browse))
        versions = {}
        if not pairs:
            return []
        prior = self._read_volumes([span for query in queries for span in query.spans])
        if not prior:
            return []
        for query in queries:
            _queries, scope_ids = query._get_scope_queries()
            for volume, span, scope in prior._match(
                query.spans, query._get_scopes(), scope_ids
            ):
                if not span.earn_start <= volume.date <= span.earn_end:
                    continue
                sale = (volume.partner_id, volume.date, volume.reference or "")
                versions[span.version.id] = span.version
                members[span.version.id][(*sale, span.index, scope.earner_id)] |= volume
        rows = []
        for earlier, later in pairs:
            if not (members.get(earlier) and members.get(later)):
                continue
            one, other = versions[earlier], versions[later]
            if not one._products_meet(
                one._get_rule_products("earning"), other._get_rule_products("earning")
            ):
                continue
            by_sale = defaultdict(list)
            for (*sale, index, earner_id), volumes in members[later].items():
                by_sale[tuple(sale)].append((index, earner_id, volumes))
            for (*sale, index, earner_id), volumes in members[earlier].items():
                for later_index, later_earner_id, others in by_sale[tuple(sale)]:
                    common = str(volumes._get_common(others))
                    rows.append(
                        (
                            earlier,
                            index,
                            earner_id,
                            later,
                            later_index,
                            later_earner_id,
                            common,
                            common,
                        )
                    )
        return rows

    def _get_common(self, others):
        """Earning volume of these sales that others can have in common with them."""
        currency = self.offer_id.currency_id
        return calculation.in_common(
            sum(Decimal(str(each.earning)) for each in self),
            sum(each._get_money(currency) for each in self),
            sum(each._get_money(currency) for each in others),
        )

    def _get_money(self, currency):
        """Earning volume in money, in a currency, unrounded."""
        self.ensure_one()
        in_money = self.offer_id._get_terms_in_force().measure_unit == "amount"
        amount = self.earning if in_money else self.amount
        own = self.offer_id.currency_id
        if own != currency:
            amount = own._convert(
                amount, currency, self.company_id, self.date, round=False
            )
        return Decimal(str(amount))

    def _get_row(self, span, scope, dimensions):
        self.ensure_one()
        known = {"partner_id": scope.member_id, "analytic_distribution": None}
        earns = span.earn_start <= self.date <= span.earn_end
        in_money = span.version.measure_unit == "amount"
        earning = str(self.earning) if earns else None
        return (
            span.version.id,
            span.index,
            scope.earner_id,
            scope.segment_id,
            *(known[name] for name in dimensions),
            str(self.qualifying) if in_money else None,
            None if in_money else str(self.qualifying),
            earning if in_money else (str(self.amount) if earns else None),
            None if in_money else earning,
            self.date,
            self.date,
        )
