"""Offers that overlap, and the barest queries that yield their volumes.

Five by what is invoiced; three more that count what is paid, how far sales grow, and
what a customer buys for the first time. These need books of two years, with payments.
"""

from _books import YEAR

from odoo import Command
from odoo.tools import SQL

BASE = "partner_incentive_base"


FIRST, LAST = f"{YEAR}-01-01", f"{YEAR}-12-31"


def create_offers(env, books, more=False):
    """Published offers with every partner enrolled; two users, as the rules ask.

    :param more: the three more, too
    """
    designer, publisher = env["res.users"].create(
        [
            {
                "name": f"Bench {group}",
                "login": f"bench-{group}",
                "group_ids": [
                    Command.set([env.ref(f"{BASE}.group_incentive_{group}").id])
                ],
                "company_id": books.company.id,
                "company_ids": [Command.set(books.company.ids)],
            }
            for group in ("user", "manager")
        ]
    )
    program = env["partner.incentive.program"].create(
        {
            "name": "Bench",
            "company_id": books.company.id,
            "date_from": f"{YEAR}-01-01",
            "date_to": f"{YEAR}-12-31",
            "state": "active",
        }
    )
    env["partner.incentive.enrollment"].create(
        [
            {
                "program_id": program.id,
                "partner_id": partner.id,
                "date_from": f"{YEAR}-01-01",
            }
            for partner in books.partners
        ]
    )
    offers = env["partner.incentive.offer"].create(
        [_offer_vals(env, program, **terms) for terms in _terms(books, more)]
    )
    for offer in offers:
        offer.with_user(designer).action_submit()
        offer.with_user(publisher).action_publish()
    return offers


def _terms(books, more=False):
    """What makes the offers differ."""
    categories = books.categories
    terms = (
        {
            "name": "Volume, whole, per quarter",
            "period": "quarter",
            "formula": "whole",
            "brackets": ((0, 1), (20_000, 2), (200_000, 3)),
        },
        {
            "name": "Three categories, marginal, per month",
            "period": "month",
            "formula": "marginal",
            "brackets": ((0, 1), (1_000, 2.5), (50_000, 4)),
            "rules": [("both", {"category_ids": categories[:3].ids})],
        },
        {
            "name": "Units of twenty products, per quarter",
            "period": "quarter",
            "measure": "invoiced_quantity",
            "formula": "marginal",
            "rate_kind": "per_unit",
            "brackets": ((0, 0.5), (100, 0.75)),
            "rules": [("both", {"product_ids": books.products[:20].ids})],
        },
        {
            "name": "Two categories by the volume of six, per year",
            "period": "year",
            "formula": "marginal",
            "brackets": ((0, 0.5), (100_000, 1.5)),
            "rules": [
                ("earning", {"category_ids": categories[:2].ids}),
                ("qualifying", {"category_ids": categories[:6].ids}),
            ],
        },
        {
            "name": "Volume, stacked, per year",
            "period": "year",
            "formula": "total",
            "brackets": ((0, 0.25), (100_000, 0.25)),
        },
    )
    if not more:
        return terms
    return (
        *terms,
        {
            "name": "Paid, three categories, per quarter",
            "period": "quarter",
            "measure": "paid_amount",
            "formula": "whole",
            "brackets": ((0, 0.5), (20_000, 1)),
            "rules": [("both", {"category_ids": categories[3:6].ids})],
        },
        {
            "name": "Growth over the year before, per quarter",
            "period": "quarter",
            "measure": "growth_amount",
            "formula": "marginal",
            "brackets": ((0, 2), (50_000, 3)),
        },
        {
            "name": "First purchases of a product, per quarter",
            "period": "quarter",
            "measure": "new_product_amount",
            "formula": "whole",
            "brackets": ((0, 1),),
        },
    )


def _offer_vals(
    env,
    program,
    name,
    period,
    formula,
    brackets,
    measure="invoiced_amount",
    rate_kind="percent",
    rules=(),
):
    return {
        "name": name,
        "program_id": program.id,
        "objective_ids": env.ref(f"{BASE}.objective_sourced_revenue").ids,
        "date_from": f"{YEAR}-01-01",
        "period": period,
        "settlement_period": "quarter",
        "segment_ids": env.ref(f"{BASE}.segment_all_enrolled").ids,
        "evidence_rule": "documents",
        "measure": measure,
        "formula": formula,
        "rate_kind": rate_kind,
        "bracket_ids": [
            Command.create({"lower": lower, "rate": rate}) for lower, rate in brackets
        ],
        "product_rule_ids": [
            Command.create({"basis": basis, **vals}) for basis, vals in rules
        ],
        "payout": "credit_note",
    }


def floor_queries(env, books, more=False):
    """One bare query per offer: its volumes by partner and window, and no more."""
    return [_floor_query(env, books, terms) for terms in _terms(books, more)]


def _floor_query(env, books, terms):
    measure = terms.get("measure", "invoiced_amount")
    if measure == "new_product_amount":
        return _first_purchases(books, terms)
    value = (
        SQL(
            "CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END * line.quantity"
        )
        if measure == "invoiced_quantity"
        else SQL("-line.balance")
    )
    products = {
        basis: _get_products(env, vals) for basis, vals in terms.get("rules", ())
    }
    where = SQL()
    sums = SQL("SUM(%s)::text", value)
    if "both" in products:
        where = SQL("AND line.product_id IN %s", products["both"])
    elif products:
        where = SQL("AND line.product_id IN %s", products["qualifying"])
        sums = SQL(
            "SUM(%(value)s)::text,"
            " (SUM(%(value)s) FILTER (WHERE line.product_id IN %(earning)s))::text",
            value=value,
            earning=products["earning"],
        )
    if measure == "paid_amount":
        return _group_by(
            books,
            terms["period"],
            SQL("SUM(-line.balance * pair.amount / move.amount_total)::text"),
            where,
            joins=SQL(
                """
                JOIN account_move_line AS owed
                  ON owed.move_id = move.id AND owed.display_type = 'payment_term'
                JOIN account_partial_reconcile AS pair ON pair.debit_move_id = owed.id
                JOIN account_move_line AS paid ON paid.id = pair.credit_move_id
                """
            ),
            day=SQL("paid.date"),
        )
    first = f"{YEAR - 1}-01-01" if measure == "growth_amount" else FIRST
    return _group_by(books, terms["period"], sums, where, first=first)


def _first_purchases(books, terms):
    """A customer's first day with each product tells which lines count."""
    return SQL(
        """
        SELECT commercial_partner_id, date_trunc(%(period)s, invoice_date),
               SUM(-balance)::text
          FROM (
            SELECT move.commercial_partner_id, move.invoice_date, line.balance,
                   MIN(move.invoice_date) OVER (
                       PARTITION BY move.commercial_partner_id, line.product_id
                       ) AS first_day
              FROM account_move_line AS line
              JOIN account_move AS move ON move.id = line.move_id
             WHERE line.company_id = %(company)s
               AND line.parent_state = 'posted'
               AND line.display_type = 'product'
               AND move.move_type IN ('out_invoice', 'out_refund')
               ) AS bought
         WHERE invoice_date = first_day
           AND invoice_date BETWEEN %(first)s AND %(last)s
         GROUP BY 1, 2
        """,
        period=terms["period"],
        company=books.company.id,
        first=FIRST,
        last=LAST,
    )


def single_query(env, books):
    """One pass over all lines, by partner and month."""
    return _group_by(
        books,
        "month",
        SQL("SUM(-line.balance)::text, SUM(line.quantity)::text"),
        SQL(),
    )


def _get_products(env, vals):
    if "product_ids" in vals:
        return tuple(vals["product_ids"])
    return tuple(
        env["product.product"]
        .search([("categ_id", "child_of", vals["category_ids"])])
        .ids
    )


def _group_by(books, period, sums, where, first=FIRST, joins=None, day=None):
    """Sums by partner and window.

    :param joins: further tables
    :param day: which date counts, that of the document if None
    """
    return SQL(
        """
        SELECT move.commercial_partner_id, date_trunc(%(period)s, %(day)s),
               %(sums)s
          FROM account_move_line AS line
          JOIN account_move AS move ON move.id = line.move_id
               %(joins)s
         WHERE line.company_id = %(company)s
           AND line.parent_state = 'posted'
           AND line.display_type = 'product'
           AND move.move_type IN ('out_invoice', 'out_refund')
           AND %(day)s BETWEEN %(first)s AND %(last)s
           %(where)s
         GROUP BY 1, 2
        """,
        period=period,
        day=day or SQL("move.invoice_date"),
        sums=sums,
        joins=joins or SQL(),
        company=books.company.id,
        first=first,
        last=LAST,
        where=where,
    )
