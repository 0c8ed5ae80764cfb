"""The main job on the demo data: accrue, settle, post; and who may log in.

For every company with published offers: book what partners earned and is not booked,
then pay what the closed settlement periods owe. Done again, it finds nothing to do.
"""

from odoo import fields

FINANCE = "partner_incentive_base.group_incentive_finance"


def main(env):
    """Accrue and settle all offers that are due; return what to tell about it."""
    _silence_bot(env)
    today = fields.Date.context_today(env.user)
    offers = env["partner.incentive.offer"].search(
        env["partner.incentive.run"]._get_live_domain()
    )
    if not offers:
        return "No offer is published yet: nothing to book."
    parts = []
    for company in offers.company_id:
        entries = env["partner.incentive.entry"].search(
            [("company_id", "=", company.id)], order="id desc", limit=1
        )
        chosen = offers.filtered(lambda offer, c=company: offer.company_id == c)
        _do_company(env, company, chosen, today)
        parts.append(_describe_company(env, company, today, entries.id or 0))
    return "\n\n".join(parts)


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
    # How offers did is looked at by night otherwise.
    env["partner.incentive.performance"].with_company(company)._refresh(company)
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


def _describe_company(env, company, day, before):
    """A table of the offers: what was booked now, and what the ledger holds.

    :param before: id of the last ledger entry that was there
    """
    Entry = env["partner.incentive.entry"]
    domain = [("company_id", "=", company.id)]
    new = Entry.search([*domain, ("id", ">", before)])
    if env["partner.incentive.reconciliation"]._get_differences(company):
        raise AssertionError(f"{company.name}: ledger and general ledger differ.")
    booked = (
        f"booked {len(new)} ledger entries, {len(new.move_id)} journal entries and"
        " documents"
        if new
        else "nothing was left to book"
    )
    lines = [
        f"{company.name}, up to {day}: {booked}.",
        f"{'':36}{'booked now':>28}{'in the ledger':>42}",
        f"{'Offer':36}{'accrued':>14}{'settled':>14}"
        f"{'partners':>10}{'accrued':>16}{'settled':>16}",
    ]
    now = _sum_up(Entry, [("id", "in", new.ids)])
    for offer, (partners, accrued, settled) in _sum_up(Entry, domain).items():
        _partners, new_accrued, new_settled = now.get(offer, (0, 0.0, 0.0))
        lines.append(
            f"{offer.name[:35]:36}{new_accrued:>14,.2f}{new_settled:>14,.2f}"
            f"{partners:>10}{accrued:>16,.2f}{settled:>16,.2f} {offer.currency_id.name}"
        )
    lines.append("Ledger and general ledger agree to the cent.")
    return "\n".join(lines)


def _sum_up(Entry, domain):
    """``{offer: (number of partners, accrued, settled)}`` of ledger entries."""
    return {
        offer: sums
        for offer, *sums in Entry._read_group(
            domain,
            ["offer_id"],
            ["partner_id:count_distinct", "earned:sum", "settled:sum"],
        )
    }


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
