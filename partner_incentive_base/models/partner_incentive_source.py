from collections import defaultdict
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..measures.query import read_scopes

ZERO = Decimal(0)


class PartnerIncentiveSource(models.AbstractModel):
    """The documents behind what was earned: the calculation, kept apart by line.

    The same query as the calculation's, so that the explanation cannot differ from it.
    """

    _name = "partner.incentive.source"
    _description = "Incentive Sources"

    @api.model
    def _get_volumes(self, offers, day, partners, dimensions, window=None):
        """Rows of volume kept apart by ``dimensions``.

        :param window: start of the only window that is wanted, or None
        :return: list of dicts ``offer_id, version_id, window_from, earner_id,
            segment_id, qualifying, qualifying_quantity, earning, quantity`` and one
            key per dimension; volumes are Decimals
        """
        calculation = self.env["partner.incentive.calculation"]
        pooled = offers._filtered_by_terms("pooled")
        earners = None if pooled else partners
        spans = defaultdict(list)
        for span in calculation._get_spans(offers, day):
            if window is None or span.start == window:
                spans[span.version.measure].append(span)
        rows = []
        for code, measure_spans in spans.items():
            versions = {span.version.id: span.version for span in measure_spans}
            starts = {(s.version.id, s.index): s.start for s in measure_spans}
            query = calculation._get_query(code, measure_spans, day, earners)
            if query is None:
                continue
            for row in query.fetch(dimensions):
                version_id, index, earner_id, segment_id = row[:4]
                extra = dict(zip(dimensions, row[4:], strict=False))
                volumes = [
                    Decimal(each or 0) for each in row[4 + len(dimensions) :][:4]
                ]
                rows.append(
                    {
                        "offer_id": versions[version_id].offer_id.id,
                        "version_id": version_id,
                        "window_from": starts[version_id, index],
                        "earner_id": earner_id,
                        "segment_id": segment_id,
                        "qualifying": volumes[0],
                        "qualifying_quantity": volumes[1],
                        "earning": volumes[2],
                        "quantity": volumes[3],
                        **extra,
                    }
                )
        return rows

    @api.model
    def _get_sources(self, lines):
        """What settlement lines come from.

        :param lines: ``partner.incentive.settlement.line`` records
        :return: ``{line: {"taxes": {tax ids: Decimal}, "documents": [name]}}``: the
            earning volume by set of taxes, and the names of the invoices concerned
        """
        result = {line: {"taxes": {}, "documents": []} for line in lines}
        measures = self.env["partner.incentive.measure"]._get_measures()
        by_cutoff = defaultdict(self.env["partner.incentive.settlement.line"].browse)
        for line in lines:
            measure = measures.get(line.offer_id._get_published_versions()[-1].measure)
            if measure and measure.line_model == "account.move.line":
                by_cutoff[line.cutoff or line.settlement_id.date] |= line
        for cutoff, group in by_cutoff.items():
            partners = group.partner_id
            rows = self._get_volumes(
                group.offer_id,
                cutoff,
                partners,
                ("tax_ids", "document_id", "partner_id"),
            )
            self._collect(group, rows, result)
        return result

    def _collect(self, lines, rows, result):
        """Sort rows by settlement line; documents by name.

        Where returns left nothing of the volume, what is claimed back was paid for the
        sales, so it is taxed as they were.
        """
        by_position = {(line.offer_id.id, line.partner_id.id): line for line in lines}
        document_ids = defaultdict(set)
        sold = defaultdict(lambda: defaultdict(Decimal))
        for row in rows:
            earner = row["earner_id"] or row["partner_id"]
            line = by_position.get((row["offer_id"], earner))
            if line is None or not row["earning"]:
                continue
            taxes = result[line]["taxes"]
            key = tuple(row["tax_ids"] or ())
            taxes[key] = taxes.get(key, ZERO) + row["earning"]
            sold[line][key] += max(row["earning"], ZERO)
            document_ids[line].add(row["document_id"])
        all_ids = set().union(*document_ids.values()) if document_ids else set()
        names = {
            move.id: move.name
            for move in self.env["account.move"].sudo().browse(sorted(all_ids))
        }
        for line, ids in document_ids.items():
            result[line]["documents"] = sorted(names[each] for each in ids)
            taxes = result[line]["taxes"]
            if not any(volume > ZERO for volume in taxes.values()):
                taxes = sold[line]
            result[line]["taxes"] = {
                key: volume for key, volume in taxes.items() if volume > ZERO
            }

    @api.model
    def _get_page(self, offer, partner, window_from, day, limit, offset=0, known=None):
        """A page of the lines by which ``partner`` counts in one window.

        A pool's other members are left out. A line is one row, whichever versions of
        the offer it qualifies for; ``version_id`` is the one it earns under, if any.

        :param known: see :func:`~..measures.query.read_scopes`
        :return: ``(rows, total)``: dicts ``line_model, line_id, document_id,
            version_id, segment_id, date, qualifying, qualifying_quantity, earning,
            quantity``, oldest first, with Decimals; and how many lines there are
        """
        calculation = self.env["partner.incentive.calculation"].with_company(
            offer.company_id
        )
        spans = defaultdict(list)
        for span in calculation._get_offer_spans(offer, day):
            if span.start == window_from:
                spans[span.version.measure].append(span)
        measures = self.env["partner.incentive.measure"]._get_measures()
        parts = []
        for code, measure_spans in spans.items():
            pooled = any(span.version.pooled for span in measure_spans)
            earners = None if pooled else partner
            query = calculation._get_query(code, measure_spans, day, earners)
            if query is not None:
                read_scopes([query], known)
                parts.append(
                    SQL(
                        "SELECT %s AS line_model, volume.* FROM (%s) AS volume (%s)",
                        measures[code].line_model,
                        query.volumes(("line_id", "document_id", "partner_id")),
                        SQL(
                            "version_id, index, earner_id, segment_id, line_id, "
                            "document_id, partner_id, qualifying, "
                            "qualifying_quantity, earning, quantity, date, last_date"
                        ),
                    )
                )
        if not parts:
            return [], 0
        columns = ("version_id", "segment_id", "qualifying", "qualifying_quantity")
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT line_model, line_id, document_id, MIN(date) AS date, %(chosen)s,
                       SUM(earning::numeric)::text AS earning,
                       SUM(quantity::numeric)::text AS quantity,
                       COUNT(*) OVER () AS total
                  FROM (%(volumes)s) AS volume
                 WHERE earner_id = %(partner)s
                    OR earner_id = 0 AND partner_id = %(partner)s
                 GROUP BY line_model, line_id, document_id
                 ORDER BY date, document_id, line_id
                 LIMIT %(limit)s OFFSET %(offset)s
                """,
                chosen=SQL(", ").join(
                    SQL(
                        "(array_agg(%(column)s ORDER BY earning IS NULL, "
                        "version_id DESC))[1] AS %(column)s",
                        column=SQL.identifier(column),
                    )
                    for column in columns
                ),
                volumes=SQL(" UNION ALL ").join(parts),
                partner=partner.id,
                limit=limit,
                offset=offset,
            )
        )
        total = rows[0]["total"] if rows else 0
        for row in rows:
            del row["total"]
            for name in ("qualifying", "qualifying_quantity", "earning", "quantity"):
                row[name] = Decimal(row[name] or 0)
        return rows, total
