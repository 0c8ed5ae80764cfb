"""Amounts in company currency, inside a statement over several companies."""

from odoo.tools import SQL


def in_company_currency(amount, currency, date):
    """SQL of ``amount`` in the currency of the row's ``company``.

    :param amount: SQL, in ``currency``
    :param currency: SQL of the currency's id
    :param date: SQL of the day whose rate counts: the last one on or before it, else
        the first one, as ``res.currency`` has it
    :return: SQL; the statement has to have ``res_company`` as ``company``
    """
    own = SQL("company.currency_id")
    return SQL(
        "CASE WHEN %(currency)s = %(own)s THEN %(amount)s"
        " ELSE %(amount)s * %(own_rate)s / %(rate)s END",
        currency=currency,
        own=own,
        amount=amount,
        own_rate=_rate(own, date),
        rate=_rate(currency, date),
    )


def _rate(currency, date):
    # Rates belong to the root of a company, the first on the path to it.
    return SQL(
        """COALESCE((
            SELECT rate.rate FROM res_currency_rate AS rate
             WHERE rate.currency_id = %(currency)s
               AND (rate.company_id IS NULL OR rate.company_id
                    = split_part(company.parent_path, '/', 1)::int)
             ORDER BY rate.company_id NULLS LAST, rate.name > %(date)s,
                      CASE WHEN rate.name <= %(date)s THEN rate.name END DESC,
                      rate.name
             LIMIT 1), 1.0)""",
        currency=currency,
        date=date,
    )
