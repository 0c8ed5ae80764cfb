"""Run incentive offers on loaded reseller sales, as the people concerned would.

The channel manager prepares the offers, the incentive manager publishes them; one
finance user books and approves, another posts: whoever asks never approves.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.tools import SQL

from .console import Failure, say, step
from .demo_run import as_user, settle
from .demo_sales_terms import TERMS, expect

DOMAIN = "adventureworks.example"
PROGRAM = "AdventureWorks Partner Program"
BASE = "partner_incentive_base"
#: Login (and password) before the @, name, groups.
STAFF = (
    (
        "channel",
        "Carla Channel",
        (f"{BASE}.group_incentive_user", "sales_team.group_sale_manager"),
    ),
    (
        "manager",
        "Martin Manager",
        (f"{BASE}.group_incentive_manager", "sales_team.group_sale_manager"),
    ),
    (
        "finance",
        "Fiona Finance",
        (f"{BASE}.group_incentive_finance", "account.group_account_invoice"),
    ),
    (
        "treasury",
        "Theo Treasury",
        (f"{BASE}.group_incentive_finance", "account.group_account_manager"),
    ),
)
#: How many resellers get a login to the portal: those that buy most.
PORTAL_USERS = 3


def play(env, company, files):
    """Set up the offers, book and settle quarter by quarter, and show what came."""
    with step("People, program and offers"):
        people = set_up_people(env, company, files)
        offers = set_up_offers(env, company, people)
        env.cr.commit()
    for day in quarter_ends(files):
        _close_quarter(env, company, offers, people, day)
        env.cr.commit()
    report(env, company, offers, files)


def quarter_ends(files):
    years = sorted({invoice.date.year for invoice in files.invoices})
    return [
        date(year, month, day)
        for year in years
        for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))
    ]


# ------------------------------------------------------------------- people, offers


def set_up_people(env, company, files):
    """``{name before the @: user}`` of the staff; makes the portal users, too."""
    people = {}
    for key, name, groups in STAFF:
        people[key] = _get_user(
            env,
            f"{key}@{DOMAIN}",
            {
                "name": name,
                "group_ids": [Command.set([env.ref(group).id for group in groups])],
            },
            company,
        )
    bought = defaultdict(Decimal)
    for invoice in files.invoices:
        bought[invoice.reseller.code] += sum(line.amount for line in invoice.lines)
    for code in sorted(bought, key=bought.get, reverse=True)[:PORTAL_USERS]:
        _set_up_portal_user(env, company, code)
    return people


def _set_up_portal_user(env, company, code):
    reseller = env["res.partner"].search(
        [("ref", "=", code), ("company_id", "=", company.id)]
    )
    key = "".join(char for char in reseller.name.lower() if char.isalnum())
    _get_user(
        env,
        f"{key}@{DOMAIN}",
        {
            "name": f"{reseller.name}, purchasing",
            "group_ids": [Command.set([env.ref("base.group_portal").id])],
        },
        company,
        parent_id=reseller.id,
    )


def _get_user(env, login, vals, company, **partner_vals):
    """The user of that login, made if there is none."""
    user = env["res.users"].search([("login", "=", login)])
    if not user:
        user = env["res.users"].create(
            {
                "login": login,
                "email": login,
                "password": login.partition("@")[0],
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                **vals,
            }
        )
        user.partner_id.write({"company_id": company.id, **partner_vals})
    return user


def set_up_offers(env, company, people):
    """The published offers of :data:`TERMS`, prepared and published where missing."""
    program = set_up_program(env, company, people)
    offers = env["partner.incentive.offer"]
    for terms in TERMS:
        offer = env["partner.incentive.offer"].search(
            [("program_id", "=", program.id), ("name", "=", terms.name)]
        )
        if not offer:
            vals = get_offer_vals(env, program, terms)
            offer = as_user(env[offers._name], people["channel"], company).create(vals)
            offer.action_submit()
            as_user(offer, people["manager"], company).action_publish()
        offers |= env[offers._name].browse(offer.id)
    return offers


def set_up_program(env, company, people):
    """The program, with every reseller enrolled from its first day on."""
    name = f"{PROGRAM} 2011-2012"
    program = env["partner.incentive.program"].search(
        [("company_id", "=", company.id), ("name", "=", name)]
    )
    if program:
        return program
    program = as_user(
        env["partner.incentive.program"], people["manager"], company
    ).create(
        {
            "name": name,
            "company_id": company.id,
            "date_from": "2011-01-01",
            "date_to": "2012-12-31",
            "objective_ids": [
                Command.set(
                    [env.ref(f"{BASE}.objective_{t.objective}").id for t in TERMS]
                )
            ],
        }
    )
    program.action_activate()
    resellers = env["res.partner"].search(
        [("company_id", "=", company.id), ("ref", "!=", False)]
    )
    as_user(env["partner.incentive.enroll"], people["channel"], company).create(
        {
            "program_id": program.id,
            "date_from": "2011-01-01",
            "partner_ids": [Command.set(resellers.ids)],
        }
    ).action_enroll()
    return program


def get_offer_vals(env, program, terms):
    return {
        "name": terms.name,
        "program_id": program.id,
        "offer_type": terms.offer_type,
        "objective_ids": [
            Command.set(env.ref(f"{BASE}.objective_{terms.objective}").ids)
        ],
        "description": terms.description,
        "date_from": "2011-01-01",
        "period": terms.period,
        "settlement_period": "quarter",
        "segment_ids": [Command.set(env.ref(f"{BASE}.segment_all_enrolled").ids)],
        "evidence_rule": "documents",
        "measure": terms.measure,
        "formula": terms.formula,
        "rate_kind": terms.rate_kind,
        "bracket_ids": [
            Command.create({"lower": float(lower), "rate": float(rate)})
            for lower, rate in terms.brackets
        ],
        "product_rule_ids": [
            Command.create(
                {
                    "basis": "both" if terms.same_basis else "earning",
                    "category_ids": [
                        Command.set(get_categories(env, terms.earning).ids)
                    ],
                }
            )
        ]
        if terms.earning
        else [],
        "payout": terms.payout,
    }


def get_categories(env, names):
    """The loaded categories of these names, wherever they stand in the tree."""
    categories = env["product.category"].search(
        [("name", "in", names), ("complete_name", "=like", "AdventureWorks / %")]
    )
    if set(categories.mapped("name")) != set(names):
        raise Failure(f"Not all product categories are there: {', '.join(names)}.")
    return categories


# ------------------------------------------------------------------- quarter by quarter


def _close_quarter(env, company, offers, people, day):
    """Accrue and settle as of ``day``, unless that has been done.

    A run for an earlier day than the last would take back what was earned since, so
    that a play that was stopped goes on after the last quarter it booked.
    """
    Run = env["partner.incentive.run"]
    Settlement = env["partner.incentive.settlement"]
    with step(f"Quarter to {day}"):
        if not Run.search_count(
            [("company_id", "=", company.id), ("date", ">=", day)], limit=1
        ):
            run = Run.browse(
                as_user(Run, people["finance"], company).accrue(offers.ids, day)
            )
            env.cr.commit()
            say(
                f"   accrued {run.amount:>12,.2f} for {run.partner_count:3} partners"
                f" in {run.entry_count} ledger entries"
            )
        if not Settlement.search_count(
            [
                ("company_id", "=", company.id),
                ("date", ">=", day),
                ("state", "=", "posted"),
            ],
            limit=1,
        ):
            batch = settle(
                env, company, offers, people["finance"], people["treasury"], day
            )
            if batch:
                say(
                    f"   settled {batch.amount:>12,.2f} for"
                    f" {batch.partner_count:3} partners"
                    f" in {batch.move_count} documents"
                )


# ----------------------------------------------------------------------------- report


def report(env, company, offers, files):
    """Print what each offer came to; everything must agree to the cent.

    :raise Failure: ledger and general ledger differ, or either and the files
    """
    env.invalidate_all()
    last = quarter_ends(files)[-1]
    outcomes = defaultdict(list)
    for outcome in (
        env["partner.incentive.calculation"]
        .with_company(company)
        ._calculate(offers, last)
    ):
        outcomes[outcome.offer].append(outcome)
    booked = get_booked(env, offers)
    general_ledger = _get_general_ledger(env, company)
    codes = {
        partner.id: partner.ref
        for partner in env["res.partner"].search([("company_id", "=", company.id)])
    }
    say(
        f"\n{'Offer':28}{'partners':>9}{'volume':>16}{'entitled':>14}{'accrued':>14}"
        f"{'settled':>14}{'open':>12}"
    )
    problems = []
    for offer, terms in zip(offers, TERMS, strict=True):
        entitled = {
            (codes[each.earner_id], each.window.start): each.entitlement
            for each in outcomes[offer]
            if each.entitlement
        }
        expected = {
            key: each.entitlement
            for key, each in expect(files, terms).items()
            if each.entitlement
        }
        ledger = {
            (codes[partner_id], start): earned
            for (partner_id, start), earned in booked[offer.id]["earned"].items()
            if earned
        }
        settled = booked[offer.id]["settled"]
        accrued = sum(ledger.values())
        volume = sum(each.position.volume for each in outcomes[offer])
        say(
            f"{offer.name:28}{len({code for code, _start in entitled}):>9}"
            f"{volume:>16,.2f}{sum(entitled.values()):>14,.2f}{accrued:>14,.2f}"
            f"{settled:>14,.2f}{accrued - settled:>12,.2f}"
        )
        difference = general_ledger[offer.id]
        problems += [
            f"{offer.name}: {what}."
            for what, wrong in (
                ("the files come to another entitlement", entitled != expected),
                ("the ledger holds another amount than the files", ledger != expected),
                ("the ledger differs from the journal items", difference),
            )
            if wrong
        ]
    if env["partner.incentive.reconciliation"]._get_differences(company):
        problems.append("The reconciliation report shows differences.")
    if problems:
        raise Failure("What is booked is not right:\n  " + "\n  ".join(problems))
    say(
        "\nEqual to the cent, per offer, partner and window: the suite's entitlement,"
        " the ledger,\nand what plain Python makes of the files. Per offer and partner:"
        " the ledger and the\njournal items on the incentive accounts."
    )


def get_booked(env, offers):
    """What the ledger holds: ``{offer id: {"earned": {...}, "settled": total}}``."""
    booked = defaultdict(lambda: {"earned": {}, "settled": Decimal(0)})
    for offer_id, partner_id, start, earned, settled in env.execute_query(
        SQL(
            """SELECT offer_id, partner_id, window_from,
                      SUM(earned)::text, SUM(settled)::text
                 FROM partner_incentive_entry
                WHERE offer_id IN %s
             GROUP BY offer_id, partner_id, window_from""",
            tuple(offers.ids),
        )
    ):
        booked[offer_id]["settled"] += Decimal(settled)
        if start:
            booked[offer_id]["earned"][partner_id, start] = Decimal(earned)
    return booked


def _get_general_ledger(env, company):
    """``{offer id: number of partners}`` whose ledger and journal items differ.

    Read from the accounts, not by way of the suite's own marks on the lines, so that a
    line which lost its mark would show.
    """
    differing = defaultdict(int)
    for offer_id, _partner_id in env.execute_query(
        SQL(
            """
            SELECT offer_id, partner_id
              FROM (SELECT offer_id, partner_id, balance
                      FROM partner_incentive_entry WHERE company_id = %(company)s
                     UNION ALL
                    SELECT line.incentive_offer_id, line.partner_id, line.balance
                      FROM account_move_line AS line
                     WHERE line.company_id = %(company)s
                       AND line.parent_state = 'posted'
                       AND line.account_id IN %(accounts)s) AS side
             GROUP BY offer_id, partner_id
            HAVING SUM(balance) != 0
            """,
            company=company.id,
            accounts=(
                company.incentive_accrued_account_id.id or 0,
                company.incentive_holdback_account_id.id or 0,
            ),
        )
    ):
        differing[offer_id] += 1
    return differing
