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
    "partner.incentive.prior.volume",
    "partner.incentive.calendar",
    "partner.incentive.calendar.period",
    "partner.incentive.region",
    "partner.incentive.specialization",
    "res.partner.category",
    "res.company",
    "product.template",
    "product.product",
    "product.category",
    "res.currency",
    "res.currency.rate",
    "uom.uom",
    # What of a payment is money.
    "account.account",
    "account.journal",
    "account.payment.method.line",
)
#: Days after which everybody is looked at again, whatever is known.
LONGEST = 7


class PartnerIncentiveRun(models.Model):
    _inherit = "partner.incentive.run"

    @api.model
    def _accrue_changed(self, offers, day, keep_empty=True):
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
            partners = own._get_changed_partners(company, chosen, day)
            runs |= own._accrue_company(company, chosen, day, partners, keep_empty)
        return runs

    @api.model
    def _get_changed_partners(self, company, offers, day):
        """Partners to look at, or None for all of them."""
        lock = self.env["partner.incentive.lock"]
        coupled = offers | offers._get_coupled()
        mark = lock._get_mark(coupled, day, LONGEST)
        if (
            mark is None
            or not self._can_look_at_changes(coupled)
            or self._takes_effect(coupled, mark.day, day)
        ):
            return None
        self.env.flush_all()
        if self._have_terms_changed(mark):
            return None
        partner_ids = self._read_changed_partners(company, coupled, mark, day)
        return self._get_earners(coupled, day, partner_ids)

    def _can_look_at_changes(self, offers):
        """Whether nothing but documents moves what these offers come to."""
        measures = self.env["partner.incentive.measure"]._get_measures()
        versions = self._get_published(offers)
        versions._read_terms()
        segments = versions._get_segments() | versions._get_ladder_segments()
        return not segments._reads_other_records() and not any(
            version.pooled
            or version.analytic
            or version._changes_with_time()
            or not self._is_watched(version, measures.get(version.measure))
            for version in versions
        )

    @api.model
    def _get_published(self, offers):
        return offers.version_ids.filtered(lambda each: each.state == "published")

    def _is_watched(self, version, measure):
        """Whether the documents that change tell whose volume does."""
        if measure is None or measure.line_model not in WATCHED:
            return False
        if measure.reach == "others" or self._reads_lines(version, measure):
            return False
        # What a customer bought before decides on sales that others are credited with.
        return measure.reach != "customer" or version.credit_role == "buyer"

    def _reads_lines(self, version, measure):
        """Whether lines can begin or cease to count while their document stays."""
        return measure.line_model == "account.move.line" and any(
            version._get_line_domain(basis) is not None
            for basis in ("earning", "qualifying")
        )

    def _takes_effect(self, offers, seen, day):
        """Whether other terms are in force than when it was looked last.

        What a window is limited to is decided by the version in force on the last day.
        """
        return any(
            seen < version.effective_date <= day
            for version in self._get_published(offers)
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
        [(count, changed)] = self._read_terms(self._is_new("term", mark))
        return changed or count != mark.term_count

    def _count_terms(self):
        """Number of rows by which the terms are read: tells that some were deleted."""
        [(count, _changed)] = self._read_terms(SQL("FALSE"))
        return count

    def _read_terms(self, condition):
        """``[(number of rows, whether the condition holds for one)]`` of the terms."""
        return self.env.execute_query(
            SQL(
                "SELECT SUM(total)::bigint, bool_or(found) FROM (%s) AS table_of_terms",
                SQL(" UNION ALL ").join(
                    SQL(
                        "SELECT COUNT(*) AS total, bool_or(%s) AS found"
                        " FROM %s AS term",
                        condition,
                        SQL.identifier(self.env[name]._table),
                    )
                    for name in TERMS
                ),
            )
        )

    def _read_changed_partners(self, company, offers, mark, day):
        """Ids of commercial partners whose documents, or who themselves, changed.

        Or whose ledger did otherwise than by a run: what an accountant reversed is
        booked anew. A document that was written long before counts from its date on.
        """
        measures = self.env["partner.incentive.measure"]._get_measures()
        counted = [measures[each.measure] for each in self._get_published(offers)]
        bounds = {"company": company.id, "seen": mark.day, "day": day}
        queries = [self._get_changed_ledger(offers, mark)]
        models_ = {measure.line_model for measure in counted}
        if "account.move.line" in models_:
            paid = any(measure.reach == "payments" for measure in counted)
            queries.append(self._get_changed_moves(mark, bounds, paid))
        if "sale.order.line" in models_:
            queries.append(self._get_changed_orders(mark, bounds))
        if "partner.incentive.claim" in models_:
            queries.append(
                SQL(
                    """
                    SELECT partner_id FROM partner_incentive_claim AS claim
                     WHERE company_id = %(company)s
                       AND (%(is_new)s OR date > %(seen)s AND date <= %(day)s)
                    """,
                    is_new=self._is_new("claim", mark),
                    **bounds,
                )
            )
        rows = self.env.execute_query(
            SQL(" UNION ").join(SQL("(%s)", query) for query in queries)
        )
        return {partner_id for (partner_id,) in rows if partner_id}

    def _get_changed_ledger(self, offers, mark):
        """SQL of partners with other entries than runs make, settled, or changed."""
        return SQL(
            """
            SELECT partner_id FROM partner_incentive_entry AS entry
             WHERE offer_id IN %(offers)s AND %(new_entry)s
               AND (run_id IS NULL OR reversal_of_id IS NOT NULL)
             UNION
            SELECT line.partner_id FROM partner_incentive_settlement_line AS line
              JOIN partner_incentive_settlement AS settlement
                ON settlement.id = line.settlement_id
             WHERE line.offer_id IN %(offers)s AND (%(new_line)s OR %(new_settlement)s)
             UNION
            SELECT partner.commercial_partner_id FROM res_partner AS partner
              JOIN partner_incentive_enrollment AS enrollment
                ON enrollment.partner_id = partner.commercial_partner_id
             WHERE %(new_partner)s
            """,
            offers=tuple(offers.ids) or (0,),
            new_entry=self._is_new("entry", mark),
            new_line=self._is_new("line", mark),
            new_settlement=self._is_new("settlement", mark),
            new_partner=self._is_new("partner", mark),
        )

    def _get_changed_moves(self, mark, bounds, paid):
        """SQL of partners who are invoiced, or credited, by invoices that changed.

        :param paid: or of which a payment, or the matching with it, did
        """
        return SQL(
            """
            WITH moves AS (
                SELECT COALESCE(reversed_entry_id, id) AS origin_id,
                       commercial_partner_id AS partner_id
                  FROM account_move AS move
                 WHERE company_id = %(company)s
                   AND move_type IN ('out_invoice', 'out_refund')
                   AND (%(new_move)s
                        OR invoice_date > %(seen)s AND invoice_date <= %(day)s
                        %(paid)s)
            )
            SELECT partner_id FROM moves
             UNION
            %(credited)s
            """,
            new_move=self._is_new("move", mark),
            credited=self._get_credited(
                mark, "move_id", SQL("SELECT origin_id FROM moves")
            ),
            paid=SQL("OR id IN (%s)", self._get_changed_payments(mark, bounds))
            if paid
            else SQL(),
            **bounds,
        )

    def _get_changed_payments(self, mark, bounds):
        """SQL of the documents whose matching, or what they are matched with, changed.

        A payment that is dated later counts from its date on.
        """
        return SQL(
            """
            SELECT matched.move_id
              FROM account_partial_reconcile AS pair
        CROSS JOIN LATERAL (VALUES (pair.debit_move_id, pair.credit_move_id),
                                   (pair.credit_move_id, pair.debit_move_id)
                           ) AS side (matched_id, paying_id)
              JOIN account_move_line AS matched ON matched.id = side.matched_id
              JOIN account_move_line AS paying ON paying.id = side.paying_id
              JOIN account_move AS entry ON entry.id = paying.move_id
         LEFT JOIN account_payment AS payment ON payment.move_id = entry.id
             WHERE pair.company_id = %(company)s
               AND (%(new_pair)s OR %(new_entry)s OR %(new_payment)s
                    OR entry.date > %(seen)s AND entry.date <= %(day)s)
            """,
            new_pair=self._is_new("pair", mark),
            new_entry=self._is_new("entry", mark),
            new_payment=SQL(
                "payment.id IS NOT NULL AND %s", self._is_new("payment", mark)
            ),
            **bounds,
        )

    def _get_changed_orders(self, mark, bounds):
        """SQL of partners who ordered, or are credited, by orders that changed."""
        return SQL(
            """
            WITH orders AS (
                SELECT sale.id, partner.commercial_partner_id AS partner_id
                  FROM sale_order AS sale
                  JOIN res_partner AS partner ON partner.id = sale.partner_id
                 WHERE sale.company_id = %(company)s
                   AND (%(new_order)s
                        OR sale.id IN (SELECT item.order_id
                                         FROM sale_order_line AS item
                                        WHERE %(new_item)s)
                        OR sale.date_order::date > %(seen)s
                        AND sale.date_order::date <= %(day)s)
            )
            SELECT partner_id FROM orders
             UNION
            %(credited)s
            """,
            new_order=self._is_new("sale", mark),
            new_item=self._is_new("item", mark),
            credited=self._get_credited(mark, "order_id", SQL("SELECT id FROM orders")),
            **bounds,
        )

    def _get_credited(self, mark, column, documents):
        """SQL of partners of attributions that changed, or whose document did.

        :param column: of the attribution, which names the document
        :param documents: SQL of the ids of the documents that changed
        """
        return SQL(
            """
            SELECT credit.partner_id FROM partner_incentive_attribution AS credit
             WHERE %s OR %s IN (%s)
            """,
            self._is_new("credit", mark),
            SQL.identifier("credit", column),
            documents,
        )

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
