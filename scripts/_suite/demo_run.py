"""The main job on the demo data: accrue, settle, post; and who may log in.

For every company with published offers: book what partners earned and is not booked,
then pay what the closed settlement periods owe. A second start finds nothing to do.
"""

from collections import defaultdict

from odoo import fields

from .console import say

FINANCE = "partner_incentive_base.group_incentive_finance"


def main(env):
    """Accrue and settle all offers that are due, and print what was booked."""
    _silence_bot(env)
    today = fields.Date.context_today(env.user)
    offers = env["partner.incentive.offer"].search(
        env["partner.incentive.run"]._get_live_domain()
    )
    if not offers:
        say("   No offer is published yet: nothing to book.")
        return
    entries = env["partner.incentive.entry"]
    for company in offers.company_id:
        chosen = offers.filtered(lambda offer, c=company: offer.company_id == c)
        before = entries.search([("company_id", "=", company.id)], limit=1).id or 0
        _do_company(env, company, chosen, today)
        _print_company(
            env,
            company,
            chosen,
            entries.search([("company_id", "=", company.id), ("id", ">", before)]),
        )


def _silence_bot(env):
    """Odoo's bot greets everyone in a window that covers the whole of a phone."""
    users = env["res.users"].search([("share", "=", False)])
    if "odoobot_state" in users._fields:
        users.odoobot_state = "disabled"


def _do_company(env, company, offers, day):
    first, second = _get_finance(env, company)
    Run = env["partner.incentive.run"]
    runs = Run.browse(as_user(Run, first, company).accrue(offers.ids, day))
    # What booked nothing needs no record; only an interactive start leaves one.
    runs.sudo().filtered(lambda run: not run.entry_count).unlink()
    settle(env, company, offers, first, second, day)
    env.cr.commit()


def _get_finance(env, company):
    """Two people of the company's finance: one books and approves, another posts."""
    people = env.ref(FINANCE).all_user_ids.filtered(
        lambda user: user.active and not user.share and company in user.company_ids
    )
    own = people.filtered(
        lambda user: user not in (env.user, env.ref("base.user_admin"))
    )
    chosen = (own | people).sorted(lambda user: (user not in own, user.id))
    return (chosen[:1] or env.user, chosen[1:2] or env.user)


def as_user(records, user, company):
    """The records as a user sees them who works in one company."""
    return records.with_user(user).with_context(allowed_company_ids=company.ids)


def settle(env, company, offers, first, second, day):
    """Pay what is due; return the settlement, empty where nothing was.

    :param first: who proposes, and approves where the amount asks for it
    :param second: who posts
    """
    Settlement = env["partner.incentive.settlement"]
    batch = as_user(Settlement, first, company)
    batch = batch.browse(batch.settle(day, offers.ids))
    if not any(batch.line_ids.mapped("amount")):
        batch.sudo().unlink()
        return Settlement
    if batch.needs_approval:
        batch.action_approve()
    as_user(batch, second, company).action_post()
    return Settlement.browse(batch.id)


def _print_company(env, company, offers, entries):
    if not entries:
        say(f"\n{company.name}: everything is booked already, nothing to do.")
        return
    totals = defaultdict(lambda: {"partners": set(), "accrued": 0.0, "settled": 0.0})
    for entry in entries:
        total = totals[entry.offer_id]
        total["partners"].add(entry.partner_id.id)
        total["accrued"] += entry.earned
        total["settled"] += entry.settled
    documents = entries.move_id
    say(
        f"\n{company.name}: booked {len(entries)} ledger entries"
        f" in {len(documents)} journal entries and documents\n"
        f"{'Offer':40}{'partners':>9}{'accrued':>16}{'settled':>16}"
    )
    for offer in offers:
        if offer in totals:
            total = totals[offer]
            say(
                f"{offer.name[:39]:40}{len(total['partners']):>9}"
                f"{total['accrued']:>16,.2f}{total['settled']:>16,.2f}"
                f" {offer.currency_id.name}"
            )
    differences = env["partner.incentive.reconciliation"]._get_differences(company)
    if differences:
        raise AssertionError(f"{company.name}: ledger and general ledger differ.")
    say("Ledger and general ledger agree to the cent.")


def logins(env):
    """``(login, password, description)`` of everyone with a demo password: the part of
    the login before the @."""
    context = env["res.users"]._crypt_context()
    env.cr.execute("SELECT id, password FROM res_users WHERE login LIKE '%@%.example'")
    passwords = dict(env.cr.fetchall())
    found = []
    for user in env["res.users"].browse(passwords).filtered("active"):
        password = user.login.partition("@")[0]
        if passwords[user.id] and context.verify(password, passwords[user.id]):
            portal = " (portal)" if user.share else ""
            found.append((user.login, password, f"{user.name}{portal}"))
    return sorted(found, key=lambda login: login[0].partition("@")[::-1])
