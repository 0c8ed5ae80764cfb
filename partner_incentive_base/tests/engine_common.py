"""What the tests of the engine share: values to try, and an independent oracle.

The oracle counts unit by unit, in fractions. It is slow and obvious, and has nothing
in common with the engine but the definitions.
"""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st

from odoo.addons.partner_incentive_base.engine.calculation import (
    Part,
    Position,
    Terms,
)
from odoo.addons.partner_incentive_base.engine.scale import (
    FORMULAS,
    RATE_KINDS,
    Bracket,
    Scale,
)
from odoo.addons.partner_incentive_base.engine.windows import Window

# The same examples on every machine: a test that fails does so for everyone.
examples = settings(max_examples=150, deadline=None, database=None, derandomize=True)

CENT = Decimal("0.01")
YEAR = Window(date(2026, 1, 1), date(2026, 12, 31))

days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
formulas = st.sampled_from(FORMULAS)
rate_kinds = st.sampled_from(RATE_KINDS)
# Small, so that volumes often lie on a bound, where mistakes are made.
volumes = st.integers(-5, 60)
units = st.sampled_from(
    [Decimal("0.01"), Decimal("0.05"), Decimal(1), Decimal("0.001")]
)
ladders = st.dictionaries(
    st.integers(0, 40), st.integers(0, 30), min_size=1, max_size=5
).map(lambda steps: sorted(steps.items()))
cents = st.integers(-1_000_000, 1_000_000).map(lambda number: number * CENT)
amounts = st.integers(0, 1_000_000).map(lambda number: number * CENT)


def make_scale(steps, formula="whole", rate_kind="percent", below_first=False):
    """A scale from ``[(lower bound, rate)]``."""
    brackets = [Bracket(Decimal(str(low)), Decimal(str(rate))) for low, rate in steps]
    return Scale(formula, rate_kind, tuple(brackets), below_first)


def make_part(scale, qualifying, volume=None, amount=None, label="A"):
    """A part that earns on all that qualifies, unless said otherwise."""
    volume = qualifying if volume is None else volume
    amount = volume if amount is None else amount
    return Part(label, scale, Decimal(qualifying), Decimal(volume), Decimal(amount))


def make_position(*parts, key=("O", "A", YEAR), unit=CENT, **terms):
    return Position(key, Terms(unit=unit, **terms), tuple(parts))


def count_by_unit(steps, formula, rate_kind, below_first, volume):
    """What a whole number of units earns, as a fraction, one unit after the other."""
    if volume <= 0:
        return Fraction(0)
    steps = sorted(steps)
    if below_first:
        steps[0] = (0, steps[0][1])
    reached = [index for index, (low, _rate) in enumerate(steps) if low <= volume]
    if not reached:
        return Fraction(0)
    if rate_kind == "amount":
        paying = [reached[-1]] if formula == "whole" else reached
        return Fraction(sum(steps[index][1] for index in paying))
    total = 0
    for unit in range(volume):  # the slice from `unit` to `unit + 1`
        for index, (low, rate) in enumerate(steps):
            following = [later for later, _rate in steps if later > low]
            below_next = not following or unit < following[0]
            total += (
                rate
                * {
                    "whole": index == reached[-1],
                    "marginal": low <= unit and below_next,
                    "rolling": index in reached and below_next,
                    "total": index in reached,
                }[formula]
            )
    return Fraction(total, 100 if rate_kind == "percent" else 1)


def round_half_up(number, unit):
    """A fraction to the nearest multiple of ``unit``, half away from zero."""
    steps = abs(Fraction(number)) / Fraction(unit)
    whole = int(steps)
    if steps - whole >= Fraction(1, 2):
        whole += 1
    return Decimal(whole if number >= 0 else -whole) * unit


def each_day(start, end):
    while start <= end:
        yield start
        start += timedelta(days=1)
