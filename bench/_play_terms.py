"""Ten offers on the reseller sales, and what most of them come to in plain Python.

Nothing of the suite is used here: each expectation counts documents and payments one by
one, so that agreement to the cent says something about both sides.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from _suite.demo_sales_files import cents
from _suite.demo_sales_terms import MONTHS, Terms, expect

ZERO = Decimal(0)
HUNDRED = Decimal(100)
ATTACHED = ("Accessories", "Clothing")
GUARANTEED = Decimal(300)
TARGET = Decimal(150_000)
LUMP_SUM = Decimal(1200)


@dataclass
class Books:
    """What happened, as plain values.

    :param invoices: of :mod:`_suite.demo_sales_files`; credit notes among them have
        negative quantities and amounts
    :param rates: ``{currency: {day: dollars per unit}}``
    :param payments: ``[(reseller code, day, dollars)]`` that were not taken back
    :param audited: numbers of invoices that an audit took off the volume rebate
    """

    rates: dict
    invoices: list = field(default_factory=list)
    payments: list = field(default_factory=list)
    audited: set = field(default_factory=set)

    def volumes(self, months, names=(), codes=None):
        """``{(reseller code, first day of the window): dollars}``."""
        terms = replace(VOLUME, period=months, earning=names)
        return defaultdict(
            Decimal,
            {
                key: each.volume
                for key, each in expect(self, terms).items()
                if codes is None or key[0] in codes
            },
        )


@dataclass(frozen=True)
class Offer:
    """One offer of the play.

    :param terms: :class:`Terms`, from which most values of the offer are made
    :param vals: further values of the offer; ``{}`` where there are none
    :param group: name of the group of resellers that it is for; empty: all of them
    :param expected: ``(Books, Terms, codes of the group) -> {(code, start): money}``,
        or None where nobody calculated it a second time; for a pool the code is empty
    """

    terms: Terms
    vals: dict = field(default_factory=dict)
    group: str = ""
    expected: object = None


def _rate(terms, volume, scale=Decimal(1)):
    """Money for a volume, with lower bounds in hundredths of ``scale``."""
    brackets = tuple((lower * scale, rate) for lower, rate in terms.brackets)
    return cents(replace(terms, brackets=brackets).rate(volume))


def _expect_plain(books, terms, codes):
    return {
        key: each.entitlement
        for key, each in expect(books, terms).items()
        if codes is None or key[0] in codes
    }


def _expect_audited(books, terms, codes):
    left = [each for each in books.invoices if each.number not in books.audited]
    return _expect_plain(replace(books, invoices=left), terms, codes)


def _expect_growth(books, terms, codes):
    volumes = books.volumes(terms.period, codes=codes)
    expected = {}
    for (code, start), volume in volumes.items():
        before = volumes.get((code, start.replace(year=start.year - 1)), ZERO)
        if before > ZERO and volume > before:
            expected[code, start] = _rate(terms, volume - before)
    return expected


def _expect_paid(books, terms, codes):
    paid = defaultdict(Decimal)
    for code, day, amount in books.payments:
        paid[code, _first_day(day, terms.period)] += amount
    return {key: _rate(terms, amount) for key, amount in paid.items()}


def _expect_attached(books, terms, codes):
    attached = books.volumes(terms.period, ATTACHED)
    bikes = books.volumes(terms.period, ("Bikes",))
    return {
        key: _rate(terms, volume, bikes[key] / HUNDRED)
        for key, volume in attached.items()
        if volume > ZERO and bikes[key] > ZERO
    }


def _expect_target(books, terms, codes):
    return {
        key: _rate(terms, volume, TARGET / HUNDRED)
        for key, volume in books.volumes(terms.period, codes=codes).items()
        if volume > ZERO
    }


def _expect_lump_sum(books, terms, codes):
    starts = [date(year, month, 1) for year in (2011, 2012) for month in (1, 7)]
    return {(code, start): LUMP_SUM for code in codes for start in starts}


def _expect_pool(books, terms, codes):
    pooled = defaultdict(Decimal)
    for (_code, start), volume in books.volumes(terms.period, codes=codes).items():
        pooled["", start] += volume
    return {key: _rate(terms, volume) for key, volume in pooled.items()}


def _expect_guarantee(books, terms, codes):
    volumes = books.volumes(terms.period, codes=codes)
    starts = [
        date(year, month, 1)
        for year in (2011, 2012)
        for month in range(1, 13, MONTHS[terms.period])
    ]
    return {
        (code, start): max(_rate(terms, max(volumes[code, start], ZERO)), GUARANTEED)
        for code in codes
        for start in starts
    }


def _first_day(day, period):
    months = MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _steps(*steps):
    return tuple((Decimal(str(lower)), Decimal(str(rate))) for lower, rate in steps)


VOLUME = Terms(
    name="Volume per quarter",
    objective="sourced_revenue",
    offer_type="volume_rebate",
    measure="invoiced_amount",
    period="quarter",
    formula="marginal",
    rate_kind="percent",
    brackets=_steps((0, 0.5), (10_000, 1), (30_000, 2), (60_000, 3)),
    payout="credit_note",
    description="Each slice of a quarter's sales at its own rate.",
)

OFFERS = (
    Offer(VOLUME, expected=_expect_audited),
    Offer(
        replace(
            VOLUME,
            name="Growth over the year before",
            offer_type="growth_rebate",
            measure="growth_amount",
            brackets=_steps((0, 2), (20_000, 4)),
        ),
        vals={"clawback_policy": "debit_note"},
        expected=_expect_growth,
    ),
    Offer(
        replace(
            VOLUME,
            name="Paid, with a fifth held back",
            measure="paid_amount",
            formula="whole",
            brackets=_steps((0, 1), (50_000, 1.5)),
        ),
        vals={"holdback_percent": 20.0, "holdback_until": "2012-08-15"},
        group="payers",
        expected=_expect_paid,
    ),
    Offer(
        replace(
            VOLUME,
            name="Mountain bikes, per unit",
            objective="market_entry",
            offer_type="spif",
            measure="invoiced_quantity",
            period="month",
            rate_kind="per_unit",
            brackets=_steps((0, 20), (5, 35)),
            payout="vendor_bill",
            earning=("Mountain Bikes",),
        ),
        expected=_expect_plain,
    ),
    Offer(
        replace(
            VOLUME,
            name="Accessories attached to bikes",
            objective="product_attach",
            offer_type="product_attach",
            formula="whole",
            brackets=_steps((1, 1), (3, 2), (8, 4)),
            payout="offset",
            earning=ATTACHED,
        ),
        vals={"bracket_reference": "products", "reference": ("Bikes",)},
        expected=_expect_attached,
    ),
    Offer(
        replace(
            VOLUME,
            name="Target of the year",
            period="year",
            formula="whole",
            brackets=_steps((80, 0.5), (100, 1), (120, 1.5)),
        ),
        vals={"bracket_reference": "target", "accrual_method": "expected"},
        group="large",
        expected=_expect_target,
    ),
    Offer(
        replace(
            VOLUME,
            name="Showroom, a sum over time",
            objective="market_entry",
            offer_type="lump_sum",
            measure="elapsed_days",
            period="half",
            formula="whole",
            rate_kind="amount",
            brackets=_steps((0, LUMP_SUM)),
            payout="vendor_bill",
        ),
        group="large",
        expected=_expect_lump_sum,
    ),
    Offer(
        replace(
            VOLUME,
            name="Buying group, pooled",
            period="year",
            brackets=_steps((0, 0.5), (100_000, 1), (250_000, 2)),
        ),
        vals={"pooled": True, "accrual_method": "expected"},
        group="pool",
        expected=_expect_pool,
    ),
    Offer(
        replace(
            VOLUME,
            name="First purchase of a product",
            objective="product_attach",
            offer_type="new_logo",
            measure="new_product_amount",
            formula="whole",
            brackets=_steps((0, 1)),
        ),
        # What is unpaid two months after it was due does not count.
        vals={"clawback_unpaid_days": 60},
        group="payers",
    ),
    Offer(
        replace(
            VOLUME,
            name="Starters, with a guarantee",
            objective="market_entry",
            offer_type="market_entry",
            brackets=_steps((0, 2)),
        ),
        vals={
            "guarantee_amount": float(GUARANTEED),
            "guarantee_period": "quarter",
            "guarantee_timing": "end",
        },
        group="small",
        expected=_expect_guarantee,
    ),
)
