"""Terms of the offers on reseller sales, and what they come to: in plain Python.

`expect` counts from the files what each reseller earns, line by line. It shares no code
with the suite, so that agreement to the cent says something about both.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .demo_sales_files import cents

ZERO = Decimal(0)
HUNDRED = Decimal(100)
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True)
class Terms:
    """What an offer says; the values of most fields are the suite's own.

    :param brackets: ``(lower bound, rate)`` from the lowest on
    :param earning: names of categories or subcategories whose sales earn; empty: all.
        All sales decide the bracket, unless ``same_basis``.
    :param same_basis: what earns decides the bracket, too
    """

    name: str
    objective: str
    offer_type: str
    measure: str
    period: str
    formula: str
    rate_kind: str
    brackets: tuple
    payout: str
    description: str
    earning: tuple = ()
    same_basis: bool = True

    def earns(self, product):
        return not self.earning or bool(
            {product.category, product.subcategory}.intersection(self.earning)
        )

    def rate(self, volume):
        """Money for ``volume`` that qualifies, before rounding."""
        unit = HUNDRED if self.rate_kind == "percent" else Decimal(1)
        reached = [bracket for bracket in self.brackets if volume >= bracket[0]]
        if not reached:
            return ZERO
        if self.formula == "whole":
            return volume * reached[-1][1] / unit
        ends = [lower for lower, _rate in self.brackets[1 : len(reached)]] + [volume]
        return sum(
            (end - lower) * rate / unit
            for (lower, rate), end in zip(reached, ends, strict=True)
        )


TERMS = (
    Terms(
        name="Worldwide volume ladder",
        objective="sourced_revenue",
        offer_type="volume_rebate",
        measure="invoiced_amount",
        period="quarter",
        formula="whole",
        rate_kind="percent",
        # About every second reseller reaches the first step in a quarter in which it
        # buys, one in ten the third, one in fifty the last.
        brackets=(
            (Decimal(10_000), Decimal("1")),
            (Decimal(30_000), Decimal("2")),
            (Decimal(60_000), Decimal("3")),
            (Decimal(100_000), Decimal("4")),
        ),
        payout="credit_note",
        description="The more you buy in a quarter, the more all of it earns.",
    ),
    Terms(
        name="Touring launch SPIF",
        objective="market_entry",
        offer_type="spif",
        measure="invoiced_quantity",
        period="month",
        formula="marginal",
        rate_kind="per_unit",
        brackets=((Decimal(0), Decimal("20")), (Decimal(5), Decimal("35"))),
        payout="vendor_bill",
        description="$20 for each touring bike of a month, $35 from the sixth on.",
        earning=("Touring Bikes",),
    ),
    Terms(
        name="Accessories and clothing mix",
        objective="product_attach",
        offer_type="product_attach",
        measure="invoiced_amount",
        period="year",
        formula="marginal",
        rate_kind="percent",
        brackets=(
            (Decimal(25_000), Decimal("2")),
            (Decimal(100_000), Decimal("5")),
            (Decimal(250_000), Decimal("8")),
        ),
        payout="offset",
        description="Accessories and clothing earn at the rate that all you buy in a "
        "year reaches, bikes included.",
        earning=("Accessories", "Clothing"),
        same_basis=False,
    ),
)


@dataclass
class Expected:
    """What one reseller has in one window."""

    qualifying: Decimal = ZERO
    volume: Decimal = ZERO
    entitlement: Decimal = ZERO


def expect(files, terms):
    """``{(reseller code, first day of the window): Expected}`` under ``terms``."""
    windows = defaultdict(Expected)
    for invoice in files.invoices:
        window = windows[
            invoice.reseller.code, _first_day(invoice.date, MONTHS[terms.period])
        ]
        for line in invoice.lines:
            volume = _volume(files, invoice, line, terms)
            earns = terms.earns(line.product)
            if earns or not terms.same_basis:
                window.qualifying += volume
            if earns:
                window.volume += volume
    for window in windows.values():
        if window.qualifying > ZERO:
            window.entitlement = cents(
                terms.rate(window.qualifying) * window.volume / window.qualifying
            )
    return windows


def _volume(files, invoice, line, terms):
    if terms.measure == "invoiced_quantity":
        return Decimal(line.quantity)
    if invoice.currency == "USD":
        return line.amount
    return cents(line.amount * files.rates[invoice.currency][invoice.date])


def _first_day(day, months):
    return date(day.year, (day.month - 1) // months * months + 1, 1)
