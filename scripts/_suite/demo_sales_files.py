"""Reseller sales as CSV files in the layout of AdventureWorks: files in, values out.

Nothing here needs Odoo, so that what the suite books can be checked against the files
by a way that shares no code with it (see `demo_sales_terms`).
"""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from .console import Failure

CENT = Decimal("0.01")
FILES = (
    "DimCurrency.csv",
    "DimGeography.csv",
    "DimProduct.csv",
    "DimProductCategory.csv",
    "DimProductSubcategory.csv",
    "DimReseller.csv",
    "DimSalesTerritory.csv",
    "FactCurrencyRate.csv",
    "FactResellerSales.csv",
)
#: `ProductLine` of the files, in words.
PRODUCT_LINES = {"M": "Mountain", "R": "Road", "S": "Standard", "T": "Touring"}


def cents(amount):
    """``amount`` rounded half away from zero, as Odoo rounds a subtotal."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass
class Product:
    code: str
    name: str
    category: str
    subcategory: str
    line: str
    cost: Decimal
    price: Decimal


@dataclass
class Reseller:
    code: str
    name: str
    business: str
    phone: str
    street: str
    street2: str
    city: str
    zip: str
    state_code: str
    state_name: str
    country_code: str
    territory: tuple  # group, country, region


@dataclass
class Line:
    product: Product
    quantity: int
    price_unit: Decimal
    discount: Decimal  # percent
    amount: Decimal  # the line's amount, rounded to cents


@dataclass
class Invoice:
    number: str
    date: date
    due_date: date
    reseller: Reseller
    currency: str
    lines: list = field(default_factory=list)


class SalesFiles:
    """The files of a directory, read once.

    :param directory: where the files are
    :param years: years of the invoices that are wanted
    """

    def __init__(self, directory, years):
        self._directory = Path(directory)
        missing = [name for name in FILES if not (self._directory / name).exists()]
        if missing:
            raise Failure(
                f"{self._directory} has no {', '.join(missing)}.",
                "  - name a directory with the CSV files of AdventureWorks:\n"
                f"    {', '.join(FILES)}",
            )
        self._years = years
        self.currencies = {
            row["CurrencyKey"]: row["CurrencyAlternateKey"]
            for row in self._rows("DimCurrency.csv")
        }
        self.products = self._read_products()
        self.resellers = self._read_resellers()
        self.rates = self._read_rates()
        self.invoices = self._read_invoices()

    def totals(self):
        """``{currency: sum of the lines, each rounded to cents}``."""
        totals = defaultdict(Decimal)
        for invoice in self.invoices:
            totals[invoice.currency] += sum(line.amount for line in invoice.lines)
        return dict(totals)

    def _rows(self, name):
        with (self._directory / name).open(encoding="utf-8-sig", newline="") as stream:
            yield from csv.DictReader(stream)

    def _read_products(self):
        """By key. The files keep a row, and a key, for each price an article ever had;
        here it is one article, with its last price."""
        categories = {
            row["ProductCategoryKey"]: row["EnglishProductCategoryName"]
            for row in self._rows("DimProductCategory.csv")
        }
        subcategories = {
            row["ProductSubcategoryKey"]: (
                categories[row["ProductCategoryKey"]],
                row["EnglishProductSubcategoryName"],
            )
            for row in self._rows("DimProductSubcategory.csv")
        }
        articles = {}
        products = {}
        for row in sorted(
            self._rows("DimProduct.csv"), key=lambda row: int(row["ProductKey"])
        ):
            # What has no subcategory is a part that is never sold.
            if not row["ProductSubcategoryKey"]:
                continue
            category, subcategory = subcategories[row["ProductSubcategoryKey"]]
            code = row["ProductAlternateKey"]
            product = articles.setdefault(
                code,
                Product(
                    code=code,
                    name=row["EnglishProductName"],
                    category=category,
                    subcategory=subcategory,
                    line=PRODUCT_LINES.get(row["ProductLine"].strip(), ""),
                    cost=Decimal(0),
                    price=Decimal(0),
                ),
            )
            product.cost = Decimal(row["StandardCost"] or product.cost)
            product.price = Decimal(row["ListPrice"] or product.price)
            products[row["ProductKey"]] = product
        return products

    def _read_resellers(self):
        territories = {
            row["SalesTerritoryKey"]: (
                row["SalesTerritoryGroup"],
                row["SalesTerritoryCountry"],
                row["SalesTerritoryRegion"],
            )
            for row in self._rows("DimSalesTerritory.csv")
        }
        places = {row["GeographyKey"]: row for row in self._rows("DimGeography.csv")}
        resellers = {}
        for row in self._rows("DimReseller.csv"):
            place = places[row["GeographyKey"]]
            resellers[row["ResellerKey"]] = Reseller(
                code=row["ResellerAlternateKey"],
                name=row["ResellerName"],
                business=row["BusinessType"],
                phone=row["Phone"],
                street=row["AddressLine1"],
                street2=row["AddressLine2"],
                city=place["City"],
                zip=place["PostalCode"],
                state_code=place["StateProvinceCode"].strip(),
                state_name=place["StateProvinceName"],
                country_code=place["CountryRegionCode"],
                territory=territories[place["SalesTerritoryKey"]],
            )
        return resellers

    def _read_rates(self):
        """``{currency: {day: US dollars per unit}}``, at the end of the day."""
        rates = defaultdict(dict)
        for row in self._rows("FactCurrencyRate.csv"):
            currency = self.currencies[row["CurrencyKey"]]
            rates[currency][date.fromisoformat(row["Date"])] = Decimal(
                row["EndOfDayRate"]
            )
        return dict(rates)

    def _read_invoices(self):
        invoices = {}
        for row in self._rows("FactResellerSales.csv"):
            day = date.fromisoformat(row["OrderDate"])
            if day.year not in self._years:
                continue
            number = row["SalesOrderNumber"]
            if number not in invoices:
                invoices[number] = Invoice(
                    number=number,
                    date=day,
                    due_date=date.fromisoformat(row["DueDate"]),
                    reseller=self.resellers[row["ResellerKey"]],
                    currency=self.currencies[row["CurrencyKey"]],
                )
            invoices[number].lines.append(self._read_line(row))
        return sorted(
            invoices.values(), key=lambda invoice: (invoice.date, invoice.number)
        )

    def _read_line(self, row):
        quantity = int(row["OrderQuantity"])
        price_unit = Decimal(row["UnitPrice"])
        share = 1 - Decimal(row["UnitPriceDiscountPct"])
        amount = cents(Decimal(row["SalesAmount"]))
        if cents(quantity * price_unit * share) != amount:
            # The files round the discount to 4 decimals before they take it off; a
            # line that lands on half a cent by that needs another price here.
            price_unit = (amount / quantity / share).quantize(Decimal("0.000001"))
        return Line(
            product=self.products[row["ProductKey"]],
            quantity=quantity,
            price_unit=price_unit,
            discount=(1 - share) * 100,
            amount=amount,
        )
