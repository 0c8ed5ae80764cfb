"""Load reseller sales from CSV files and run incentive offers on them.

What is loaded is known by the files' own codes (reseller, article, invoice number), so
that a load which was killed goes on where it stopped, and loads nothing twice.
"""

import time
from decimal import Decimal

from odoo import Command
from odoo.tools import SQL, float_round

from .console import Failure, say, step
from .demo_sales_files import SalesFiles
from .demo_sales_play import play

COMPANY = "AdventureWorks"
YEARS = (2011, 2012)
#: Large enough for Odoo's batches to pay, small enough to lose little by a kill.
INVOICES_PER_COMMIT = 150
#: Nobody follows thousands of loaded records, and nobody reads their log.
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
    "no_reset_password": True,
}


def main(env, directory):
    """Load the sales of :data:`YEARS` from the files in ``directory``."""
    files = SalesFiles(directory, YEARS)
    loader = Loader(env(context={**env.context, **QUIET}), files)
    loader.load()
    play(loader.env, loader.company, files)
    return 0


class Loader:
    """Brings :class:`SalesFiles` into a company of its own."""

    def __init__(self, env, files):
        self.env = env
        self.files = files
        self.company = env["res.company"]

    def load(self):
        self.load_master_data()
        self.load_invoices(self.files.invoices)
        self.compare_totals()

    def load_master_data(self):
        """Whatever invoices refer to."""
        with step("Company, currencies and rates"):
            self._load_company()
            self._load_rates()
            self._commit()
        with step("Territories and resellers"):
            self._load_resellers()
            self._commit()
        with step("Categories and products"):
            self._load_products()
            self._commit()

    def _commit(self):
        self.env.cr.commit()

    # ------------------------------------------------------------ company, currencies

    def _load_company(self):
        Company = self.env["res.company"]
        dollar = self.env.ref("base.USD")
        dollar.active = True
        company = Company.search([("name", "=", COMPANY)], limit=1)
        if not company:
            company = Company.create(
                {
                    "name": COMPANY,
                    "currency_id": dollar.id,
                    "country_id": self.env.ref("base.us").id,
                }
            )
        self.company = company
        self.env = self.env(
            context={**self.env.context, "allowed_company_ids": company.ids}
        )
        self.env.user.company_ids |= company
        if not company.chart_template:
            self.env["account.chart.template"].try_loading("generic_coa", company)
            # Resellers are invoiced without tax, so what they are paid has none.
            company.account_sale_tax_id = company.account_purchase_tax_id = False
            # A line's amount is the file's, rounded; Odoo's default would move cents
            # between lines so that an invoice's total is that of unrounded lines.
            company.tax_calculation_rounding_method = "round_per_line"

    def _load_rates(self):
        """Daily rates of the company alone: no other company's amounts change."""
        Rate = self.env["res.currency.rate"]
        known = {
            (rate.currency_id.name, rate.name)
            for rate in Rate.search([("company_id", "=", self.company.id)])
        }
        currencies = self._get_currencies()
        currencies.active = True
        Rate.create(
            [
                {
                    "currency_id": currency.id,
                    "company_id": self.company.id,
                    "name": day,
                    # The files have dollars per unit, Odoo units per dollar.
                    "rate": 1 / float(value),
                }
                for currency in currencies - self.company.currency_id
                for day, value in self.files.rates[currency.name].items()
                if (currency.name, day) not in known
            ]
        )

    def _get_currencies(self):
        """Currencies with rates; Odoo has dropped some that no longer exist."""
        currencies = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "in", list(self.files.rates))])
        )
        missing = {invoice.currency for invoice in self.files.invoices} - set(
            currencies.mapped("name")
        )
        if missing:
            raise Failure(f"Odoo has no currency {', '.join(sorted(missing))}.")
        return currencies

    # --------------------------------------------------------- territories, resellers

    def _load_resellers(self):
        Partner = self.env["res.partner"]
        known = self._get_known(Partner, "ref")
        tags = self._get_or_create(
            "res.partner.category",
            sorted({reseller.business for reseller in self.files.resellers.values()}),
        )
        regions = self._load_regions()
        countries = {
            country.code: country for country in self.env["res.country"].search([])
        }
        Partner.create(
            [
                {
                    "name": reseller.name,
                    "ref": reseller.code,
                    "company_id": self.company.id,
                    "is_company": True,
                    "customer_rank": 1,
                    "phone": reseller.phone,
                    "street": reseller.street,
                    "street2": reseller.street2,
                    "city": reseller.city,
                    "zip": reseller.zip,
                    "country_id": countries[reseller.country_code].id,
                    "state_id": self._get_state(
                        countries[reseller.country_code], reseller
                    ).id,
                    "category_id": [Command.set(tags[reseller.business].ids)],
                    "incentive_region_id": regions[reseller.territory].id,
                }
                for reseller in self.files.resellers.values()
                if reseller.code not in known
            ]
        )

    @staticmethod
    def _get_state(country, reseller):
        """The state of the same code or name; empty where Odoo divides otherwise."""
        states = country.state_ids
        return (
            states.filtered(lambda state: state.code == reseller.state_code)
            or states.filtered(lambda state: state.name == reseller.state_name)
        )[:1]

    def _load_regions(self):
        """``{(group, country, region): record}``, a tree of three levels."""
        regions = {}
        for reseller in self.files.resellers.values():
            path = ()
            parent = self.env["partner.incentive.region"]
            for name in reseller.territory:
                path += (name,)
                # Canada is a country with one region of the same name: no second one.
                if name != parent.name:
                    if path not in regions:
                        regions[path] = self._get_or_create(
                            parent._name, [name], parent
                        )[name]
                    parent = regions[path]
            regions[reseller.territory] = parent
        return regions

    # --------------------------------------------------------------------- products

    def _load_products(self):
        Product = self.env["product.product"]
        known = self._get_known(Product, "default_code")
        articles = {p.code: p for p in self.files.products.values()}
        root = self._get_or_create("product.category", [COMPANY])[COMPANY]
        categories = {}
        for article in articles.values():
            path = (article.category, article.subcategory)
            if path not in categories:
                parent = self._get_or_create("product.category", path[:1], root)
                categories[path] = self._get_or_create(
                    "product.category", path[1:], parent[path[0]]
                )[path[1]]
        tags = self._get_or_create(
            "product.tag", sorted({p.line for p in articles.values() if p.line})
        )
        Product.create(
            [
                {
                    "name": article.name,
                    "default_code": article.code,
                    "company_id": self.company.id,
                    "type": "consu",
                    "categ_id": categories[article.category, article.subcategory].id,
                    "product_tag_ids": [
                        Command.set(tags[article.line].ids if article.line else [])
                    ],
                    "standard_price": float(article.cost),
                    "list_price": float(article.price),
                    "taxes_id": [Command.clear()],
                    "supplier_taxes_id": [Command.clear()],
                }
                for article in articles.values()
                if article.code not in known
            ]
        )

    # --------------------------------------------------------------------- invoices

    def load_invoices(self, invoices):
        """Create and post those that are missing, in order, a commit per batch."""
        Move = self.env["account.move"]
        known = {
            ref
            for [ref] in self.env.execute_query(
                SQL(
                    """SELECT ref FROM account_move
                        WHERE company_id = %s AND move_type = 'out_invoice'""",
                    self.company.id,
                )
            )
        }
        todo = [each for each in invoices if each.number not in known]
        say(
            f"-> {len(todo)} invoices to post"
            + (f", {len(known)} are there already" if known else "")
        )
        lookup = self.get_invoice_lookup()
        start = time.monotonic()
        lines = 0
        for first in range(0, len(todo), INVOICES_PER_COMMIT):
            batch = todo[first : first + INVOICES_PER_COMMIT]
            Move.create([self.get_invoice_vals(each, lookup) for each in batch])._post(
                soft=False
            )
            self._commit()
            self.env.invalidate_all()
            lines += sum(len(each.lines) for each in batch)
            self._show_progress(first + len(batch), len(todo), lines, start)

    @staticmethod
    def _show_progress(done, total, lines, start):
        passed = time.monotonic() - start
        left = passed * (total - done) / done
        say(
            f"   {done:5} of {total} invoices, {lines:6} lines,"
            f" {passed:4.0f} s, about {left:.0f} s left"
        )

    def get_invoice_lookup(self):
        """Ids of what the invoices refer to, by the files' codes."""
        journal = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)], limit=1
        )
        return {
            "journal": journal.id,
            "account": journal.default_account_id.id,
            "currency": {c.name: c.id for c in self.env["res.currency"].search([])},
            "partner": self._get_known(self.env["res.partner"], "ref"),
            "product": self._get_known(self.env["product.product"], "default_code"),
            "unit": self.env.ref("uom.product_uom_unit").id,
            "rate": self._get_rate,
        }

    def _get_rate(self, currency, day):
        """Units of ``currency`` per dollar, as it is stored."""
        if currency == self.company.currency_id.name:
            return 1.0
        return 1 / float(self.files.rates[currency][day])

    @staticmethod
    def get_invoice_vals(invoice, lookup):
        """Odoo calculates the amounts of lines that come without, then writes them one
        line at a time: given here, they are only verified, which takes a third."""
        rate = lookup["rate"](invoice.currency, invoice.date)
        return {
            "move_type": "out_invoice",
            "journal_id": lookup["journal"],
            "partner_id": lookup["partner"][invoice.reseller.code],
            "currency_id": lookup["currency"][invoice.currency],
            "ref": invoice.number,
            "invoice_date": invoice.date,
            "invoice_date_due": invoice.due_date,
            "invoice_line_ids": [
                Command.create(
                    {
                        "product_id": lookup["product"][line.product.code],
                        "name": line.product.name,
                        "quantity": line.quantity,
                        "product_uom_id": lookup["unit"],
                        "price_unit": float(line.price_unit),
                        "discount": float(line.discount),
                        "account_id": lookup["account"],
                        "tax_ids": [Command.clear()],
                        "analytic_distribution": False,
                        "amount_currency": -float(line.amount),
                        "balance": -float_round(float(line.amount) / rate, 2),
                    }
                )
                for line in invoice.lines
            ],
        }

    def compare_totals(self):
        """Show the totals per currency beside the files'; they must be equal."""
        posted = {
            currency: (Decimal(booked), Decimal(subtotal))
            for currency, booked, subtotal in self.env.execute_query(
                SQL(
                    """SELECT currency.name, SUM(-line.amount_currency)::text,
                              SUM(line.price_subtotal)::text
                         FROM account_move_line AS line
                         JOIN account_move AS move ON move.id = line.move_id
                         JOIN res_currency AS currency
                           ON currency.id = line.currency_id
                        WHERE line.company_id = %s
                          AND line.parent_state = 'posted'
                          AND line.display_type = 'product'
                          AND move.move_type = 'out_invoice'
                          AND move.ref IN %s
                     GROUP BY currency.name""",
                    self.company.id,
                    tuple(invoice.number for invoice in self.files.invoices),
                )
            )
        }
        expected = self.files.totals()
        say("\nSales per currency       in the files           booked    on the lines")
        nothing = (Decimal(0), Decimal(0))
        for currency in sorted(expected, key=expected.get, reverse=True):
            booked, subtotal = posted.get(currency, nothing)
            say(
                f"{currency:15} {expected[currency]:>21,.2f}{booked:>17,.2f}"
                f"{subtotal:>16,.2f}"
            )
        if posted != {currency: (total, total) for currency, total in expected.items()}:
            raise Failure("What is posted differs from the files, see above.")

    # --------------------------------------------------------------------- helpers

    def _get_known(self, model, code_field):
        """``{code: id}`` of the company's records that have a code."""
        records = model.with_context(active_test=False).search_read(
            [("company_id", "=", self.company.id), (code_field, "!=", False)],
            [code_field],
        )
        return {record[code_field]: record["id"] for record in records}

    def _get_or_create(self, model, names, parent=None):
        """``{name: record}``, below ``parent`` where the model has a tree."""
        domain = [("name", "in", list(names))]
        vals = {}
        if parent is not None:
            domain.append(("parent_id", "=", parent.id))
            vals["parent_id"] = parent.id
        elif "parent_id" in self.env[model]._fields:
            domain.append(("parent_id", "=", False))
        records = {each.name: each for each in self.env[model].search(domain)}
        for name in names:
            if name not in records:
                records[name] = self.env[model].create({"name": name, **vals})
        return records
