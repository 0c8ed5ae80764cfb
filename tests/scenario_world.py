"""The world of a scenario: its master data, and the events that happen to it.

Everything goes the way that people's clicks go: documents are posted, reversed and
paid by Odoo's own wizards, money is booked and paid by runs and settlements.
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from scenario_format import action_of

from odoo.fields import Command


class NotBuilt(Exception):
    """The scenario needs something that the suite does not have."""

    def __init__(self, what):
        super().__init__(f"not built: {what}")


@dataclass
class Played:
    """An event that has happened.

    :param record: what it made: an invoice, a settlement
    :param moves: journal entries and documents that it posted
    """

    event: dict
    label: str
    record: object = None
    moves: object = None


def make_company(env, currency_code):
    """A company of its own for a scenario, with a chart of accounts and a bank."""
    currency = find_currency(env, currency_code)
    # Without a country: Odoo would install its localization, and commit.
    company = env["res.company"].create(
        {"name": f"Scenario {currency_code}", "currency_id": currency.id}
    )
    env["account.chart.template"].try_loading(
        "generic_coa", company, install_demo=False
    )
    # The chart brings the currency of its country.
    company.currency_id = currency
    # A payment is only an entry in the books where it has an account to wait on.
    account = env["account.account"].create(
        {
            "name": "Outstanding payments",
            "code": "101499",
            "account_type": "asset_current",
            "reconcile": True,
            "company_ids": [Command.set(company.ids)],
        }
    )
    bank = env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
    )
    methods = bank.inbound_payment_method_line_ids
    (methods | bank.outbound_payment_method_line_ids).payment_account_id = account
    return company


def find_currency(env, code):
    currency = (
        env["res.currency"]
        .with_context(active_test=False)
        .search([("name", "=", code)], limit=1)
    )
    if not currency:
        raise ValueError(f"there is no currency {code}")
    currency.active = True
    return currency


class World:
    """One scenario, played in one company.

    :param env: environment of the superuser
    :param clock: what :func:`freeze_time` gives; it follows the events' dates
    """

    def __init__(self, env, company, scenario, clock):
        self.env = env(context={**env.context, "allowed_company_ids": company.ids})
        self.company = self.env["res.company"].browse(company.id)
        self.currency = self.company.currency_id
        self.scenario = scenario
        self.clock = clock
        self.products = {}
        self.partners = {}
        self.offers = {}
        self.played = {}
        self._latest = None
        self._named = {}

    def today(self, date):
        self.clock.move_to(datetime.combine(date, time(12)))

    # ----------------------------------------------------------------- master data

    def set_up(self):
        """Make the master data, and publish the offers, before anything happens."""
        scenario = self.scenario
        days = [offer["window"]["from"] for offer in scenario["offers"]]
        days += [event["date"] for event in scenario["events"]]
        days += [rate["date"] for rate in scenario["rates"]]
        if days:
            self.today(min(days))
        self.company.incentive_cutover_date = scenario["company"]["cutover"]
        self._allow_decimals()
        for values in scenario["rates"]:
            self._make_rate(values)
        for values in scenario["products"]:
            self.products[values["name"]] = self._make_product(values)
        for values in scenario["partners"]:
            self._make_partner(values)
        if scenario["offers"]:
            self._make_program()
        for values in scenario["offers"]:
            self.offers[values["name"]] = self._make_offer(values)
        self.env.flush_all()

    def _allow_decimals(self):
        """Let quantities have the decimals that are written; Odoo would round them."""
        places = 0
        for event in self.scenario["events"]:
            values = action_of(event)[1]
            for line in values.get("lines", ()) if isinstance(values, dict) else ():
                places = max(places, -line["quantity"].as_tuple().exponent)
        precision = self.env["decimal.precision"].search(
            [("name", "=", "Product Unit")]
        )
        if precision.digits < places:
            precision.digits = places

    def _once(self, model, name, **values):
        """The record of a name, made when it is first asked for."""
        key = (model, name)
        if key not in self._named:
            self._named[key] = self.env[model].create({"name": name, **values})
        return self._named[key]

    def _make_rate(self, values):
        currency = find_currency(self.env, values["currency"])
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "company_id": self.company.id,
                "name": values["date"],
                "inverse_company_rate": float(values["rate"]),
            }
        )

    def _make_product(self, values):
        vals = {
            "name": values["name"],
            "type": "service",
            "invoice_policy": "order",
            "list_price": float(values["price"]),
            "standard_price": float(values["cost"]),
            "taxes_id": [Command.set(self._get_tax(values["tax"]).ids)],
            "supplier_taxes_id": [Command.clear()],
            "company_id": self.company.id,
        }
        if values["category"]:
            vals["categ_id"] = self._get_category(values["category"]).id
        return self.env["product.product"].create(vals)

    def _get_category(self, name):
        return self._once("product.category", name)

    def _get_tax(self, percent):
        """A sales tax of that percentage, with an account of its own."""
        if not percent:
            return self.env["account.tax"]
        key = ("account.tax", percent)
        if key not in self._named:
            Account = self.env["account.account"]
            account = Account.create(
                {
                    "name": f"Sales tax {percent} %",
                    "code": Account._search_new_account_code("251900"),
                    "account_type": "liability_current",
                    "company_ids": [Command.set(self.company.ids)],
                }
            )
            lines = [
                Command.clear(),
                Command.create({"repartition_type": "base"}),
                Command.create({"repartition_type": "tax", "account_id": account.id}),
            ]
            self._named[key] = self.env["account.tax"].create(
                {
                    "name": f"Sales tax {percent} %",
                    "amount": float(percent),
                    "type_tax_use": "sale",
                    "company_id": self.company.id,
                    "invoice_repartition_line_ids": lines,
                    "refund_repartition_line_ids": lines,
                }
            )
        return self._named[key]

    def _get_grade(self, name):
        return self._once("res.partner.grade", name, company_id=self.company.id)

    def _get_country(self, code):
        country = self.env["res.country"].search([("code", "=", code)], limit=1)
        if not country:
            raise ValueError(f"there is no country with the code {code}")
        return country

    def _get_tags(self, names):
        tags = self.env["res.partner.category"]
        for name in names:
            tags |= self._once("res.partner.category", name)
        return tags

    def _get_partner(self, name):
        """The partner of a name; a parent may be named without being described."""
        if name not in self.partners:
            self.partners[name] = self.env["res.partner"].create(
                {"name": name, "is_company": True}
            )
        return self.partners[name]

    def _make_partner(self, values):
        partner = self._get_partner(values["name"])
        vals = {"category_id": [Command.set(self._get_tags(values["tags"]).ids)]}
        if values["parent"]:
            vals["parent_id"] = self._get_partner(values["parent"]).id
        if values["country"]:
            vals["country_id"] = self._get_country(values["country"]).id
        if values["grade"]:
            vals["grade_id"] = self._get_grade(values["grade"]).id
        partner.write(vals)

    # --------------------------------------------------------------------- offers

    def _require_model(self, model, what):
        if model not in self.env:
            raise NotBuilt(what)
        return self.env[model]

    def _require_fields(self, what, *names):
        Offer = self._require_model("partner.incentive.offer", "offers")
        missing = [name for name in names if name not in Offer._fields]
        if missing:
            raise NotBuilt(f"{what} (no field {', '.join(missing)} on offers)")

    def _require_choice(self, name, value, what):
        """Refuse a choice that the field does not know, rather than fail on it."""
        self._require_fields(what, name)
        Offer = self.env["partner.incentive.offer"]
        known = dict(Offer._fields[name]._description_selection(self.env))
        if value not in known:
            raise NotBuilt(f"{what} {value}")

    def _make_program(self):
        """The program of all offers; its partners are enrolled from the start."""
        offers = self.scenario["offers"]
        start = min(offer["window"]["from"] for offer in offers)
        end = max(offer["window"]["to"] for offer in offers)
        self.objective = self._require_model(
            "partner.incentive.objective", "objectives"
        ).create({"name": "Revenue", "currency_id": self.currency.id})
        self.program = self._require_model(
            "partner.incentive.program", "programs"
        ).create(
            {
                "name": self.scenario["scenario"],
                "company_id": self.company.id,
                "date_from": start,
                "date_to": end,
            }
        )
        self.program.action_activate()
        self._enroll()

    def _enroll(self):
        """Enroll who is named from the first window that names it.

        Who belongs to a segment changes with time, so anybody may come to it.
        """
        since = {}
        for offer in self.scenario["offers"]:
            for name in offer["partners"] or self.partners:
                since.setdefault(name, []).append(offer["window"]["from"])
        self.env["partner.incentive.enrollment"].create(
            [
                {
                    "program_id": self.program.id,
                    "partner_id": self._get_partner(name).id,
                    "date_from": min(days),
                    "state": "active",
                }
                for name, days in since.items()
            ]
        )

    def _make_offer(self, values):
        self._require_choice("offer_type", values["type"], "the offer type")
        self._require_choice("measure", values["measure"], "the measure")
        self._require_choice("payout", values["payout"], "the payout")
        vals = {
            "name": values["name"],
            "offer_type": values["type"],
            "program_id": self.program.id,
            "objective_ids": [Command.set(self.objective.ids)],
            "evidence_rule": "documents",
            "date_from": values["window"]["from"],
            "date_to": values["window"]["to"],
            "period": values["window"]["period"],
            "settlement_period": values["settle"]["period"],
            "calendar_id": self._get_calendar(values["window"]["calendar"]),
            "settlement_calendar_id": self._get_calendar(values["settle"]["calendar"]),
            "settlement_minimum": float(values["settle"]["minimum"]),
            "pooled": values["pooled"],
            "measure": values["measure"],
            "formula": values["formula"],
            "rate_kind": values["rate"],
            "bracket_ids": [
                Command.create(
                    {"lower": float(step["from"]), "rate": float(step["rate"])}
                )
                for step in values["scale"]
            ],
            "below_first": values["below_first"],
            "minimum": float(values["minimum"]),
            "cap": float(values["cap"] or 0),
            "sequence": int(values["sequence"]),
            "reduced_by_earlier": values["reduced_by_earlier"],
            "reduces_later": values["reduces_later"],
            "best_of": values["best_of"],
            "payout": values["payout"],
            "cost_kind": values["cost"],
            "analytic": values["analytic"],
            "before_cutover": values["before_cutover"],
            "product_rule_ids": self._prepare_product_rules(values),
            **self._prepare_eligibility(values),
            **self._prepare_accrual(values["accrual"]),
            **self._prepare_guarantee(values["guarantee"]),
            **self._prepare_holdback(values["holdback"]),
            **self._prepare_clawback(values["clawback"]),
            **self._prepare_counting(values),
        }
        offer = self.env["partner.incentive.offer"].create(vals)
        for name, volume in values["targets"].items():
            self.env["partner.incentive.target"].create(
                {
                    "offer_id": offer.id,
                    "partner_id": self._get_partner(name).id,
                    "volume": float(volume),
                }
            )
        for name, volume in values["accrual"]["volume"].items():
            self._forecast(offer, name, volume, values["window"]["from"])
        offer.action_submit()
        offer.action_publish()
        return offer

    def _get_calendar(self, name):
        """Id of the calendar of that name, made when an offer first asks for it."""
        if name is None:
            return False
        key = ("partner.incentive.calendar", name)
        if key not in self._named:
            values = next(
                each for each in self.scenario["calendars"] if each["name"] == name
            )
            self._named[key] = self._make_calendar(values)
        return self._named[key].id

    def _make_calendar(self, values):
        calendar = self.env["partner.incentive.calendar"].create(
            {
                "name": values["name"],
                "company_id": self.company.id,
                "pattern": (values["pattern"] or "dated").replace("-", ""),
                "long_years": values["long_years"],
                "period_ids": [
                    Command.create(
                        {
                            "date_from": row["from"],
                            "date_to": row["to"],
                            "year": int(row["year"]),
                            "quarter": str(int(row["quarter"])),
                            "number": 1
                            + sum(
                                other["year"] == row["year"]
                                for other in values["periods"][:index]
                            ),
                        }
                    )
                    for index, row in enumerate(values["periods"] or ())
                ],
            }
        )
        if values["pattern"]:
            self.env["partner.incentive.calendar.years"].create(
                {
                    "calendar_id": calendar.id,
                    "date_from": values["start"],
                    "years": int(values["years"]),
                }
            ).action_generate()
        return calendar

    def _prepare_eligibility(self, values):
        if values["segment"] is None:
            partners = [self._get_partner(name).id for name in values["partners"]]
            return {"partner_ids": [Command.set(partners)]}
        conditions = values["segment"]
        segment = self.env["partner.incentive.segment"].create(
            {
                "name": f"Segment of {values['name']}",
                "company_id": self.company.id,
                "grade_ids": [
                    Command.link(self._get_grade(name).id)
                    for name in conditions["grades"]
                ],
                "country_ids": [
                    Command.link(self._get_country(code).id)
                    for code in conditions["countries"]
                ],
                "category_ids": [Command.set(self._get_tags(conditions["tags"]).ids)],
            }
        )
        return {"segment_ids": [Command.set(segment.ids)]}

    def _prepare_product_rules(self, values):
        if values["qualifying"] is None:
            filters = {"both": values["earning"]}
        else:
            filters = {
                "earning": values["earning"],
                "qualifying": values["qualifying"],
            }
        return [
            Command.create(
                {
                    "basis": basis,
                    "product_ids": [
                        Command.set(
                            [self.products[name].id for name in row["products"]]
                        )
                    ],
                    "category_ids": [
                        Command.set(
                            [self._get_category(name).id for name in row["categories"]]
                        )
                    ],
                }
            )
            for basis, row in [
                *filters.items(),
                ("reference", values["compared"]),
            ]
            if row and (row["products"] or row["categories"])
        ]

    def _prepare_accrual(self, terms):
        vals = {
            "accrual_method": terms["method"],
            "accrual_percent": float(terms["percent"] or 0),
            "accrual_threshold": float(terms["threshold"]),
        }
        if terms["method"] == "achieved" and not terms["threshold"]:
            # What the base does by itself.
            return {}
        self._require_fields("accrual methods", *vals)
        self._require_choice("accrual_method", terms["method"], "the accrual method")
        return vals

    def _prepare_guarantee(self, terms):
        if terms is None:
            return {}
        vals = {
            "guarantee_amount": float(terms["amount"]),
            "guarantee_period": terms["period"],
            "guarantee_cumulative": terms["cumulative"],
            "guarantee_timing": terms["timing"],
        }
        self._require_fields("guarantees", *vals)
        return vals

    def _prepare_holdback(self, terms):
        if terms is None:
            return {}
        vals = {
            "holdback_percent": float(terms["percent"]),
            "holdback_until": terms["until"],
        }
        self._require_fields("holdbacks", *vals)
        return vals

    def _prepare_clawback(self, policy):
        if policy == "carry":
            return {}
        self._require_choice("clawback_policy", policy, "the clawback by")
        return {"clawback_policy": policy}

    def _prepare_counting(self, values):
        """What goes beyond the plain measures; nothing where nothing is asked for."""
        rule, baseline = values["without_history"]
        vals = {
            "credit_role": values["credit"],
            "safety_days": int(values["safety_days"]),
            "growth_without_history": rule,
            "growth_baseline": float(baseline),
            "bracket_reference": values["brackets_in"],
            "accelerated_offer_ids": [
                Command.set([self.offers[name].id for name in values["accelerates"]])
            ],
            "milestone_ids": [
                Command.create(
                    {
                        "name": row["name"],
                        "trigger": row["trigger"],
                        "amount": float(row["amount"]),
                    }
                )
                for row in values["milestones"]
            ],
        }
        plain = {
            "credit_role": "buyer",
            "safety_days": 0,
            "growth_without_history": "none",
            "growth_baseline": 0.0,
            "bracket_reference": "volume",
            "accelerated_offer_ids": [Command.set([])],
            "milestone_ids": [],
        }
        vals = {name: each for name, each in vals.items() if each != plain[name]}
        self._require_fields("terms of counting", *vals)
        return vals

    def _forecast(self, offer, partner, volume, date):
        Forecast = self._require_model("partner.incentive.forecast", "forecasts")
        return Forecast.create(
            {
                "offer_id": offer.id,
                "partner_id": self._get_partner(partner).id,
                "volume": float(volume),
                "date": date,
            }
        )

    # --------------------------------------------------------------------- events

    def play(self, number, event):
        """Let an event happen, and note what it posted."""
        action, values = action_of(event)
        label = f"event {number}" if event["id"] is None else event["id"]
        played = Played(event, f"{label} ({event['date']} {action})")
        self.today(event["date"])
        self._latest = max(self._latest or event["date"], event["date"])
        before = self._get_posted()
        played.record = getattr(self, f"_play_{action}")(event["date"], values)
        self.env.flush_all()
        played.moves = self._get_posted() - before
        self.played[event["id"]] = played
        return played

    def _get_posted(self):
        return self.env["account.move"].search(
            [("company_id", "=", self.company.id), ("state", "=", "posted")]
        )

    def _prepare_line(self, line):
        product = self.products[line["product"]]
        vals = {
            "product_id": product.id,
            "quantity": float(line["quantity"]),
            "tax_ids": [Command.set(product.taxes_id.ids)],
        }
        if line["price"] is not None:
            vals["price_unit"] = float(line["price"])
        if line["analytic"]:
            vals["analytic_distribution"] = self._get_distribution(line["analytic"])
        return vals

    def _get_distribution(self, shares):
        plan = self._once("account.analytic.plan", "Scenario")
        return {
            str(
                self._once(
                    "account.analytic.account",
                    name,
                    plan_id=plan.id,
                    company_id=self.company.id,
                ).id
            ): float(percent)
            for name, percent in shares.items()
        }

    def _make_document(self, move_type, date, values):
        currency = self.currency
        if values["currency"]:
            currency = find_currency(self.env, values["currency"])
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": self._get_partner(values["partner"]).id,
                "currency_id": currency.id,
                "invoice_date": date,
                "date": date,
                "invoice_date_due": date,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(self._prepare_line(line)) for line in values["lines"]
                ],
            }
        )
        self._post(move)
        return move

    def _post(self, move):
        """Post a document today, which is not before anything that happened.

        One that is late keeps its date; where its month is locked, Odoo finds another
        day for the books, up to today.
        """
        self.today(self._latest)
        move.action_post()

    def _play_invoice(self, date, values):
        move = self._make_document("out_invoice", date, values)
        self.env["partner.incentive.attribution"].create(
            [
                {
                    "move_id": move.id,
                    "role": role,
                    "partner_id": self._get_partner(name).id,
                    "share": float(share),
                }
                for role, shares in values["credited"].items()
                for name, share in shares.items()
            ]
        )
        return move

    def _play_contract(self, date, values):
        product = self.products[values["product"]]
        product.incentive_recurring = True
        return self.env["partner.customer.contract"].create(
            {
                "company_id": self.company.id,
                "currency_id": self.currency.id,
                "customer_id": self._get_partner(values["customer"]).id,
                "partner_id": self._get_partner(values["partner"]).id,
                "role": values["role"],
                "product_id": product.id,
                "date_start": values["from"],
                "date_end": values["to"],
                "recurring_amount": float(values["amount"]),
            }
        )

    def _play_renew(self, date, name):
        """The contract that follows, which can be renewed in its turn."""
        contract = self.played[name].record
        contract.action_renew()
        return contract.renewed_by_id

    def _play_churn(self, date, name):
        contract = self.played[name].record
        contract.action_churn("The customer left")
        return contract

    def _play_reached(self, date, values):
        milestone = self.offers[values["offer"]].milestone_ids.filtered(
            lambda each: each.name == values["milestone"]
        )
        achievement = self.env["partner.incentive.achievement"].create(
            {
                "milestone_id": milestone.id,
                "partner_id": self._get_partner(values["partner"]).id,
                "date": date,
            }
        )
        achievement.action_confirm()
        return achievement

    def _play_report(self, date, values):
        """A file of sales that the partner reports and that is accepted."""
        rows = ["date,document,product,quantity,amount"]
        rows += [
            f"{date},{row['document']},{self.products[row['product']].name},"
            f"{row['quantity']},{row['amount']}"
            for row in values["lines"]
        ]
        file = self.env["partner.sell.through.file"].create(
            {
                "company_id": self.company.id,
                "partner_id": self._get_partner(values["partner"]).id,
                "file": b64encode("\n".join(rows).encode()),
            }
        )
        file.action_submit()
        file.action_accept()
        return file

    def _play_brought_forward(self, _date, values):
        """Volume from before the cut-over, by a file that is checked and booked."""
        row = {"qualifying": values["qualifying"]}
        for name in ("earning", "reference"):
            if values[name] is not None:
                row[name] = values[name]
        return self._bring_forward("volume", values, row)

    def _play_opening(self, _date, values):
        """What was earned and paid before, from an account where it was accrued."""
        key = ("account.account", "Old accrual")
        if key not in self._named:
            Account = self.env["account.account"]
            self._named[key] = Account.create(
                {
                    "name": "Old accrual",
                    "code": Account._search_new_account_code("219900"),
                    "account_type": "liability_current",
                    "company_ids": [Command.set(self.company.ids)],
                }
            )
        row = {
            "earned": values["earned"],
            "paid": values["paid"],
            "account": self._named[key].code,
        }
        return self._bring_forward("balance", values, row)

    def _bring_forward(self, kind, values, row):
        partner = self._get_partner(values["partner"])
        partner.ref = partner.ref or f"R{partner.id}"
        row = {
            "offer": values["offer"],
            "partner": partner.ref,
            "date": values["day"],
            **row,
        }
        text = ",".join(row) + "\n" + ",".join(str(value) for value in row.values())
        batch = self.env["partner.incentive.import"].create(
            {"kind": kind, "file": b64encode(text.encode()), "filename": "opening.csv"}
        )
        batch.action_check()
        if batch.bad_count:
            raise ValueError(batch.line_ids.mapped("message"))
        batch.action_book()
        return batch

    def _play_refund(self, date, values):
        if values["of"] is None:
            return self._make_document("out_refund", date, values)
        invoice = self.played[values["of"]].record
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"date": date, "journal_id": invoice.journal_id.id})
        )
        wizard.refund_moves()
        refund = wizard.new_move_ids
        partner = self._get_partner(values["partner"])
        if refund.partner_id != partner:
            raise ValueError(f"the refund is not of an invoice to {partner.name}")
        self._adapt_lines(refund, values["lines"])
        self._post(refund)
        return refund

    def _adapt_lines(self, refund, lines):
        """Make the lines of a full reversal those that were returned."""
        rest = refund.invoice_line_ids
        commands = []
        for line in lines:
            product = self.products[line["product"]]
            kept = rest.filtered(lambda each, p=product: each.product_id == p)[:1]
            vals = self._prepare_line(line)
            rest -= kept
            commands.append(
                Command.update(kept.id, vals) if kept else Command.create(vals)
            )
        commands += [Command.delete(line.id) for line in rest]
        refund.write({"invoice_line_ids": commands})

    def _play_payment(self, date, values):
        move = self.played[values["of"]].record
        vals = {"payment_date": date}
        if values["amount"] is not None:
            vals["amount"] = float(values["amount"])
            vals["currency_id"] = move.currency_id.id
        if values["write_off"]:
            vals["payment_difference_handling"] = "reconcile"
            vals["writeoff_account_id"] = self._get_write_off_account().id
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(vals)
            ._create_payments()
        )

    def _get_write_off_account(self):
        return self.env["account.account"].search(
            [
                ("company_ids", "in", self.company.ids),
                ("account_type", "=", "expense"),
            ],
            limit=1,
        )

    def _play_cancel(self, date, name):
        """Cancel whatever the event of that name made."""
        record = self.played[name].record
        if record._name == "sale.order":
            record._action_cancel()
        elif record._name == "account.payment":
            record.action_draft()
            record.action_cancel()
        else:
            moves = record if record._name == "account.move" else record.move_ids
            moves.filtered(lambda move: move.is_invoice()).button_draft()
            moves.filtered(lambda move: move.state == "draft").button_cancel()
        return record

    def _play_order(self, date, values):
        vals = {
            "partner_id": self._get_partner(values["partner"]).id,
            "company_id": self.company.id,
            "date_order": datetime.combine(date, time(12)),
            "order_line": [
                Command.create(self._prepare_order_line(line))
                for line in values["lines"]
            ],
        }
        if values["currency"] and values["currency"] != self.currency.name:
            currency = find_currency(self.env, values["currency"])
            vals["pricelist_id"] = self._once(
                "product.pricelist",
                currency.name,
                currency_id=currency.id,
                company_id=self.company.id,
            ).id
        order = self.env["sale.order"].create(vals)
        order.action_confirm()
        return order

    def _prepare_order_line(self, line):
        vals = self._prepare_line(line)
        vals["product_uom_qty"] = vals.pop("quantity")
        return vals

    def _play_grade(self, date, values):
        grade = self.env["res.partner.grade"]
        if values["to"]:
            grade = self._get_grade(values["to"])
        partner = self._get_partner(values["partner"])
        partner.with_context(incentive_grade_date=date).grade_id = grade
        return partner

    def _play_expected(self, date, values):
        offer = self.offers[values["offer"]]
        return self._forecast(offer, values["partner"], values["volume"], date)

    def _play_accrue(self, date, values):
        Run = self._require_model("partner.incentive.run", "runs")
        offers = self._get_offers()
        return Run.browse(Run.accrue(offers.ids, date)) if offers else Run

    def _get_offers(self):
        return self.env["partner.incentive.offer"].union(*self.offers.values())

    def _play_settle(self, date, values):
        Settlement = self._require_model("partner.incentive.settlement", "settlements")
        offers, partners = self._get_offers(), self.env["res.partner"]
        if values["offer"]:
            offers = self.offers[values["offer"]]
        if values["partner"]:
            partners = self._get_partner(values["partner"])
        batch = Settlement.create(
            {
                "company_id": self.company.id,
                "date": date,
                "final": values["final"],
                "offer_ids": [Command.set(offers.ids)],
                "partner_ids": [Command.set(partners.ids)],
            }
        )
        if values["amount"] is None:
            batch.action_propose()
        else:
            partner = partners or next(iter(self.partners.values()))
            batch._propose({(offers.id, partner.id): values["amount"]})
        batch.action_post()
        return batch

    def _play_lock(self, date, until):
        self.company.fiscalyear_lock_date = until
        return self.company

    # -------------------------------------------------------------------- figures

    def calculate(self, date):
        """What all offers entitle to on a day, as the suite calculates it."""
        Calculation = self._require_model(
            "partner.incentive.calculation", "the calculation"
        )
        offers = self._get_offers()
        return Calculation._calculate(offers, date) if offers else []

    def entries(self):
        return self._require_model("partner.incentive.entry", "the ledger").search(
            [("company_id", "=", self.company.id)], order="id"
        )

    def name_of(self, record):
        """The name by which the scenario knows a partner or an offer."""
        for known in (self.partners, self.offers):
            for name, each in known.items():
                if each == record:
                    return name
        return record.display_name


def to_decimal(number):
    return Decimal(str(number))
