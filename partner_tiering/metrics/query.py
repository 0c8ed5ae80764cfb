"""The statements over a source's rows: sums per partner, or the rows themselves.

One pass over the records per metric, whatever the number of partners.
"""

from odoo.tools import SQL


def aggregate(rows, partner_ids=None):
    """``(partner_id, cases, numerator, denominator)``; sums as text: exact decimals."""
    return SQL(
        """
        SELECT row.partner_id, COUNT(DISTINCT row.record_id),
               SUM(row.numerator)::text, SUM(row.denominator)::text
          FROM (%s) AS row
         WHERE %s
         GROUP BY row.partner_id
        """,
        rows,
        _of(partner_ids),
    )


def evidence(rows, partner_ids=None):
    """``(partner_id, record_id, numerator, denominator)``, a row per record."""
    return SQL(
        """
        SELECT row.partner_id, row.record_id,
               SUM(row.numerator) AS numerator, SUM(row.denominator) AS denominator
          FROM (%s) AS row
         WHERE %s
         GROUP BY row.partner_id, row.record_id
        """,
        rows,
        _of(partner_ids),
    )


def _of(partner_ids):
    if partner_ids is None:
        return SQL("row.partner_id IS NOT NULL")
    return SQL("row.partner_id = ANY(%s)", list(partner_ids))
