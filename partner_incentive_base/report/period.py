"""Days and periods that a report's context asks for.

They come from whoever calls, over RPC as well, so they are read with care.
"""

from datetime import date, datetime, time, timedelta

from odoo import fields
from odoo.exceptions import UserError

from ..engine import windows

MAX_PERIODS = 120
PERIODS = [
    ("month", "Month"),
    ("quarter", "Quarter"),
    ("half", "Half year"),
    ("year", "Year"),
    ("whole", "The whole time in one"),
]


def read_date(env, key, default=None):
    """The day that the context names by ``key``.

    :raise UserError: it is no date
    """
    value = env.context.get(key)
    if not value:
        return default
    try:
        return fields.Date.to_date(value)
    except (ValueError, TypeError) as error:
        raise UserError(
            env._("%s is no date. Write it as 2026-03-31.", str(value)[:30])
        ) from error


def read_periods(env):
    """Periods of a report: tuple of :class:`~..engine.windows.Window`, in order.

    The context has ``incentive_from`` and ``incentive_to`` (by default the company's
    fiscal year up to today) and ``incentive_period``, the length of each.

    :raise UserError: no such period, dates reversed, or too many periods
    """
    company = env.company
    today = fields.Date.context_today(env.user)
    end = read_date(env, "incentive_to", today)
    start = read_date(env, "incentive_from")
    if start is None:
        first = company._get_fiscal_first_month()
        start = date(end.year - (end.month < first), first, 1)
    period = env.context.get("incentive_period") or "month"
    if end < start:
        raise UserError(env._("The last day is before the first day."))
    if period not in windows.PERIODS:
        raise UserError(env._("%s is no length of a period.", str(period)[:30]))
    spans = windows.split(start, end, period, company._get_fiscal_first_month())
    if len(spans) > MAX_PERIODS:
        raise UserError(
            env._(
                "That makes %(count)s periods; %(most)s are possible at most. Choose "
                "longer periods, or a shorter time.",
                count=len(spans),
                most=MAX_PERIODS,
            )
        )
    return spans


def get_label(window):
    """What a period is called: ``2026-03``, else its first and last day."""
    following = window.end + timedelta(days=1)
    same_month = (window.start.year, window.start.month) == (
        window.end.year,
        window.end.month,
    )
    if same_month and window.start.day == 1 and following.day == 1:
        return window.start.strftime("%Y-%m")
    return f"{window.start} – {window.end}"


def read_known_on(env):
    """The moment after which what was entered is left out, or None.

    A day stands for its end.
    """
    day = read_date(env, "incentive_known_on")
    return day and datetime.combine(day, time.max)
