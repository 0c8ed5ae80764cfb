"""A run that looks only at the partners for whom something changed."""

from odoo import api, models
from odoo.tools import SQL

#: Line models whose changes are found by their documents; others are read in full.
WATCHED = ("account.move.line", "sale.order.line", "partner.incentive.claim")
#: Tables by which the terms, and whom they are for, are read. Any change is reason
#: enough to look at everybody.
TERMS = (
    "partner.incentive.offer",
    "partner.incentive.offer.version",
    "partner.incentive.bracket",
    "partner.incentive.product.rule",
    "partner.incentive.segment",
    "partner.incentive.program",
    "partner.incentive.enrollment",
    "partner.incentive.acceptance",
    "partner.incentive.grade.history",
    "partner.incentive.clawback",
    "product.template",
    "product.product",
    "product.category",
    "res.currency.rate",
    "uom.uom",
)
#: Days after which everybody is looked at again, whatever is known.
LONGEST = 7


class PartnerIncentiveRun(models.Model):
    _inherit = "partner.incentive.run"

    @api.model
    def _accrue_changed(self, offers, day):
        """Like ``_accrue``, for those partners only for whom something changed.

        What changed is seen by the transactions that wrote the rows, against the
        oldest that was open when the offers were booked last: a posting pays nothing
        for it, and a transaction that was open then is not overlooked. Where more than
        documents may have changed the result, everybody is looked at.
        """
        runs = self.browse()
        offers = offers.filtered(lambda o: o.state in ("published", "retired"))
        for company in offers.company_id:
            chosen = offers.filtered(lambda offer, c=company: offer.company_id == c)
            own = self.with_company(company)
            runs |= own._accrue_company(
                company, chosen, day, own._get_changed_partners(company, chosen, day)
            )
        return runs

    @api.model
    def _get_changed_partners(self, company, offers, day):
        """Partners to look at, or None for all of them."""
        lock = self.env["partner.incentive.lock"]
        coupled = offers | offers._get_coupled()
        mark = lock._get_mark(coupled, day, LONGEST)
        if mark is None or not self._can_look_at_changes(coupled):
            return None
        self.env.flush_all()
        if self._have_terms_changed(mark):
            return None
        partner_ids = self._read_changed_partners(company, coupled, mark, day)
        return self._get_earners(coupled, day, partner_ids)

    def _can_look_at_changes(self, offers):
        """Whether nothing but documents moves what these offers come to."""
        measures = self.env["partner.incentive.measure"]._get_measures()
        for offer in offers:
            for version in offer._get_published_versions():
                measure = measures.get(version.measure)
                if (
                    measure is None
                    or measure.line_model not in WATCHED
                    or version.pooled
                    or version.analytic
                    or version._changes_with_time()
                    or self._reads_lines(version, measure)
                ):
                    return False
        return True

    def _reads_lines(self, version, measure):
        """Whether lines can begin or cease to count while their document stays."""
        return measure.line_model == "account.move.line" and any(
            version._get_line_domain(basis) is not None
            for basis in ("earning", "qualifying")
        )

    def _is_new(self, alias, mark):
        """SQL: the row was written by a transaction that the mark does not know."""
        return SQL(
            "age(%s) <= pg_current_xact_id()::text::bigint - %s",
            SQL.identifier(alias, "xmin"),
            mark.transaction,
        )

    def _have_terms_changed(self, mark):
        """Whether a row of the terms was written, or one is missing, since the mark."""
        counts = self._count_terms()
        if counts != mark.term_count:
            return True
        return any(
            self.env.execute_query(
                SQL(
                    "SELECT 1 FROM %s AS term WHERE %s LIMIT 1",
                    SQL.identifier(self.env[name]._table),
                    self._is_new("term", mark),
                )
            )
            for name in TERMS
        )

    def _count_terms(self):
        """Number of rows by which the terms are read: tells that some were deleted."""
        return self.env.execute_query(
            SQL(
                "SELECT %s",
                SQL(" + ").join(
                    SQL(
                        "(SELECT COUNT(*) FROM %s)",
                        SQL.identifier(self.env[name]._table),
                    )
                    for name in TERMS
                ),
            )
        )[0][0]

    def _read_changed_partners(self, company, offers, mark, day):
        """Ids of commercial partners whose documents, or who themselves, changed.

        Or whose ledger did otherwise than by a run: what an accountant reversed is
        booked anew. A document that was written long before counts from its date on.
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH moves AS (
                    SELECT id, COALESCE(reversed_entry_id, id) AS origin_id,
                           commercial_partner_id AS partner_id
                      FROM account_move AS move
                     WHERE company_id = %(company)s
                       AND move_type IN ('out_invoice', 'out_refund')
                       AND (%(new_move)s
                            OR invoice_date > %(seen)s AND invoice_date <= %(day)s)
                ),
                orders AS (
                    SELECT sale.id, partner.commercial_partner_id AS partner_id
                      FROM sale_order AS sale
                      JOIN res_partner AS partner ON partner.id = sale.partner_id
                     WHERE sale.company_id = %(company)s
                       AND (%(new_order)s
                            OR sale.date_order::date > %(seen)s
                            AND sale.date_order::date <= %(day)s)
                )
                SELECT partner_id FROM moves
                 UNION
                SELECT partner_id FROM orders
                 UNION
                SELECT credit.partner_id
                  FROM partner_incentive_attribution AS credit
                 WHERE %(new_credit)s
                    OR credit.move_id IN (SELECT origin_id FROM moves)
                    OR credit.order_id IN (SELECT id FROM orders)
                 UNION
                SELECT partner_id
                  FROM partner_incentive_claim AS claim
                 WHERE company_id = %(company)s
                   AND (%(new_claim)s OR date > %(seen)s AND date <= %(day)s)
                 UNION
                SELECT partner_id
                  FROM partner_incentive_entry AS entry
                 WHERE offer_id IN %(offers)s AND %(new_entry)s
                   AND (run_id IS NULL OR reversal_of_id IS NOT NULL)
                 UNION
                SELECT partner.commercial_partner_id
                  FROM res_partner AS partner
                  JOIN partner_incentive_enrollment AS enrollment
                    ON enrollment.partner_id = partner.commercial_partner_id
                 WHERE %(new_partner)s
                """,
                company=company.id,
                seen=mark.day,
                day=day,
                new_move=self._is_new("move", mark),
                new_order=self._is_new("sale", mark),
                new_credit=self._is_new("credit", mark),
                offers=tuple(offers.ids) or (0,),
                new_entry=self._is_new("entry", mark),
                new_claim=self._is_new("claim", mark),
                new_partner=self._is_new("partner", mark),
            )
        )
        return {partner_id for (partner_id,) in rows if partner_id}

    def _get_earners(self, offers, day, partner_ids):
        """Those who earn by what the given partners buy, or are credited with."""
        if not partner_ids:
            return self.env["res.partner"]
        calculation = self.env["partner.incentive.calculation"]
        earner_ids = set(partner_ids)
        spans = calculation._get_spans(offers, day)
        for code in {span.version.measure for span in spans}:
            own = [span for span in spans if span.version.measure == code]
            query = calculation._get_query(code, own, day, None)
            for _version, earner_id, partner_id, _valid, _member in query.fetch_scope():
                if partner_id in partner_ids:
                    earner_ids.add(earner_id)
        return self.env["res.partner"].browse(sorted(earner_ids))
