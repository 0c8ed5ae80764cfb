import base64
import contextlib
import random
from collections import namedtuple
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools.misc import file_open

Story = namedtuple(
    "Story", "key name country currency tier potential monthly behaviour city"
)


def read_table(row_type, text):
    """Rows of a table in words: cells apart by ``|``, numbers as numbers."""
    return [
        row_type(*(_read_cell(cell.strip()) for cell in line.split("|")))
        for line in text.strip().splitlines()
    ]


def _read_cell(text):
    for number in (int, float):
        with contextlib.suppress(ValueError):
            return number(text)
    return text


FINANCE = "partner_incentive_base.demo_user_finance"
CONTROLLER = "partner_incentive_base.demo_user_controller"
COMPLIANCE = "partner_incentive_base.demo_user_compliance"
#: Names that Odoo gives a company which nobody has named yet.
UNNAMED = ("My Company", "YourCompany")
#: The vendor of the story, whose program the partners are in.
VENDOR = {
    "name": "Norvane Networks",
    "street": "118 Harborlight Way",
    "city": "Portland",
    "zip": "97209",
    "phone": "+1 503-555-0142",
    "email": "partners@norvane.example",
    "website": "https://www.norvane.example",
}
#: Colours of its logo, for documents and mails.
COLORS = {
    "primary_color": "#0f766e",
    "secondary_color": "#f59e0b",
    "email_primary_color": "#ffffff",
    "email_secondary_color": "#0f766e",
}
#: Who the demo data are about: 25 partners in six countries and three currencies.
#: ``monthly`` is what a partner buys in an ordinary month of the first year, in its
#: own currency; the behaviour says what became of it.
STORIES = read_table(
    Story,
    """
alpine | Alpine Systems | ch | CHF | gold | high | 19000 | growing |
baltic | Baltic Networks | ee | EUR | silver | medium | 8200 | steady |
cascade | Cascade IT | us | USD | gold | high | 38000 | steady |
delta | Delta Office | nl | EUR | silver | low | 7800 | shrinking |
everest | Everest Solutions | in | USD | bronze | high | 4200 | growing |
fjord | Fjord Data | no | EUR | bronze | medium | 2600 | steady |
nordlicht | Nordlicht Systems | ch | CHF | silver | high | 10500 | growing | Basel
kleine | Kleine IT | ch | CHF | silver | low | 4400 | falling | Luzern
rhein | Rhein Data | ch | CHF | silver | medium | 8600 | shrinking | Schaffhausen
saare | Saare Systems | ee | EUR | bronze | low | 2100 | shrinking | Kuressaare
tallinn | Tallinn Cloudworks | ee | EUR | bronze | high | 4400 | growing | Tallinn
blueridge | Blue Ridge Networks | us | USD | gold | medium | 27000 | steady | Asheville
harbor | Harbor Integration | us | USD | gold | high | 21000 | drifting | Baltimore
keystone | Keystone Data | us | USD | silver | high | 9400 | growing | Pittsburgh
lonestar | Lone Star IT | us | USD | bronze | medium | 5200 | new | Austin
prairie | Prairie Systems | us | USD | silver | low | 8900 | churned | Omaha
amstel | Amstel Cloud | nl | EUR | bronze | high | 4800 | new | Amsterdam
polder | Polder Digital | nl | EUR | silver | medium | 7200 | growing | Utrecht
volume | Volume Traders | nl | EUR | silver | medium | 12500 | gaming | Rotterdam
deccan | Deccan Networks | in | USD | silver | high | 11500 | growing | Hyderabad
ganga | Ganga Digital | in | USD | bronze | low | 3800 | shrinking | Varanasi
malabar | Malabar Infotech | in | USD | bronze | high | 6100 | new | Kochi
bergen | Bergen Systems | no | EUR | silver | medium | 7900 | steady | Bergen
lofoten | Lofoten IT | no | EUR | bronze | low | 1900 | churned | Svolvær
oslo | Oslo Edge | no | EUR | gold | high | 18500 | growing | Oslo
    """,
)
REGIONS = {
    "Americas": {"": ["us"]},
    "Asia": {"": ["in"]},
    "Europe": {"": ["nl"], "Alpine countries": ["ch"], "North": ["ee", "no"]},
}
#: Units of a currency for a dollar, and how much they move in two years.
RATES = {"USD": (1.0, 0.0), "EUR": (0.925, -0.05), "CHF": (0.9, -0.07)}
#: What is bought more of, and less of, in the months of a year.
SEASON = (0.86, 0.92, 1.12, 0.95, 1.0, 1.14, 0.8, 0.76, 1.1, 1.04, 1.08, 1.23)
#: Share of the products in what is bought.
MIX = {"switch": 0.38, "firewall": 0.34, "access_point": 0.18, "support": 0.1}
#: Small ones buy once a quarter.
SMALL = 8000
#: Days until an invoice is paid: of most, and of those who take their time.
PROMPT, LATE = (22, 34), (55, 80)
LATE_PAYERS = ("delta", "ganga", "rhein")


class PartnerIncentiveDemo(models.AbstractModel):
    """Makes what happened to the demo partners in two fiscal years.

    Called by the demo data of this module, once; other modules add what their part of
    the story needs. All of it is made by the methods that people use, and dated from
    today backwards: it starts with the year before this one, and ends yesterday.

    ========= =====================================================================
    growing   buys more from month to month
    steady    buys what it bought
    shrinking buys less and less
    new       joined at the beginning of the second year
    churned   stopped early in the second year; its last invoice is not paid
    drifting  fell by nearly half in the last closed quarter
    gaming    bought far more than usual then, and brought much of it back
    falling   is small, and bought half of the usual then
    ========= =====================================================================
    """

    _name = "partner.incentive.demo"
    _description = "Demo History"

    @api.model
    def _create_history(self):
        """Partners, regions, exchange rates, invoices, returns and payments."""
        self = self.sudo().with_context(
            tracking_disable=True, mail_create_nolog=True, mail_notrack=True
        )
        self._name_company()
        self._create_rates()
        self._create_regions()
        self._create_partners()
        self._create_calendar()
        self._create_import()
        self.env.flush_all()
        invoices = self._create_invoices()
        self._create_returns(invoices)
        self._create_payments(invoices)

    # ------------------------------------------------------------------- calendar

    @api.model
    def _get_today(self):
        return fields.Date.context_today(self)

    @api.model
    def _get_start(self):
        """First day of the two years."""
        return self._get_today().replace(month=1, day=1) - relativedelta(years=1)

    @api.model
    def _get_closed_quarter(self):
        """First and last day of the last quarter that is over."""
        end = fields.Date.start_of(self._get_today(), "quarter") - timedelta(days=1)
        return fields.Date.start_of(end, "quarter"), end

    @api.model
    def _get_months(self):
        """First days of the months up to this one."""
        start, today = self._get_start(), self._get_today()
        count = (today.year - start.year) * 12 + today.month
        return [start + relativedelta(months=number) for number in range(count)]

    # --------------------------------------------------------------------- people

    @api.model
    def _get_partner(self, key):
        """One of :data:`STORIES` by its key."""
        return self.env.ref(f"partner_incentive_base.demo_partner_{key}")

    @api.model
    def _get_product(self, key):
        return self.env.ref(f"partner_incentive_base.demo_product_{key}")

    @api.model
    def _at(self, day):
        """The same, with what it makes numbered as of a day."""
        return self.with_context(ir_sequence_date=day)

    @api.model
    def _as(self, records, xml_id):
        """Records as one of the demo users sees them."""
        return records.with_user(self.env.ref(xml_id)).with_context(
            allowed_company_ids=self.env.company.ids
        )

    @api.model
    def _name_company(self):
        """Make the vendor of the story of a company that nobody has named yet.

        Like Odoo's own demo data, which do the same with their own name: what somebody
        has entered stays. The country stays in any case, since accounting follows it.
        """
        company = self.env.company
        if company.name not in UNNAMED:
            return
        vals = {**VENDOR, **COLORS}
        if company.country_id == self.env.ref("base.us"):
            vals["state_id"] = self.env.ref("base.state_us_32").id
        if company.uses_default_logo:
            with file_open(
                "partner_incentive_base/demo/files/norvane.png", "rb"
            ) as file:
                vals["logo"] = base64.b64encode(file.read())
        company.write(vals)

    @api.model
    def _create_rates(self):
        """Rates at the beginning of each quarter, which drift a little."""
        company = self.env.company.root_id
        base, base_drift = RATES.get(company.currency_id.name, RATES["USD"])
        quarters = self._get_months()[::3]
        vals_list = []
        for name, (rate, drift) in RATES.items():
            currency = self.env.ref(f"base.{name}")
            currency.active = True
            if currency == company.currency_id:
                continue
            known = set(
                self.env["res.currency.rate"]
                .search(
                    [
                        ("currency_id", "=", currency.id),
                        ("company_id", "in", (company.id, False)),
                    ]
                )
                .mapped("name")
            )
            vals_list += [
                {
                    "currency_id": currency.id,
                    "company_id": company.id,
                    "name": quarter,
                    "rate": rate
                    * (1 + drift * place / 8)
                    / (base * (1 + base_drift * place / 8)),
                }
                for place, quarter in enumerate(quarters)
                if quarter not in known
            ]
        self.env["res.currency.rate"].create(vals_list)

    @api.model
    def _create_regions(self):
        Region = self.env["partner.incentive.region"]
        for name, parts in REGIONS.items():
            region = Region.create(
                {"name": name, "country_ids": self._get_countries(parts.get("", ()))}
            )
            Region.create(
                [
                    {
                        "name": part,
                        "parent_id": region.id,
                        "country_ids": self._get_countries(codes),
                    }
                    for part, codes in parts.items()
                    if part
                ]
            )

    @api.model
    def _get_countries(self, codes):
        return [Command.set([self.env.ref(f"base.{code}").id for code in codes])]

    @api.model
    def _create_partners(self):
        """Those that the demo data do not name one by one, and who joined when."""
        start = self._get_start()
        grades = {
            tier: self.env.ref(f"partnership.res_partner_grade_data_{tier}").id
            for tier in ("gold", "silver", "bronze")
        }
        new = [
            story
            for story in STORIES
            if not self.env.ref(
                f"partner_incentive_base.demo_partner_{story.key}",
                raise_if_not_found=False,
            )
        ]
        partners = (
            self.env["res.partner"]
            .with_context(incentive_grade_date=start)
            ._load_records(
                [
                    {
                        "xml_id": f"partner_incentive_base.demo_partner_{story.key}",
                        "noupdate": True,
                        "values": {
                            "name": story.name,
                            "is_company": True,
                            "email": f"office@{story.key}.example",
                            "city": story.city,
                            "country_id": self.env.ref(f"base.{story.country}").id,
                            "grade_id": grades[story.tier],
                            "incentive_potential": story.potential,
                        },
                    }
                    for story in new
                ]
            )
        )
        joined = start + relativedelta(years=1)
        enrollments = self.env["partner.incentive.enrollment"].create(
            [
                {
                    "program_id": self.env.ref(
                        "partner_incentive_base.demo_program"
                    ).id,
                    "partner_id": partner.id,
                    "date_from": joined if story.behaviour == "new" else start,
                }
                for story, partner in zip(new, partners, strict=True)
            ]
        )
        for story, enrollment in zip(new, enrollments, strict=True):
            if story.behaviour == "churned":
                enrollment.write({"date_to": joined + relativedelta(months=3, days=-1)})
                if enrollment.date_to < self._get_today():
                    enrollment.action_end()
        Region = self.env["partner.incentive.region"]
        for story in STORIES:
            partner = self._get_partner(story.key)
            partner.incentive_region_id = Region._get_for_country(partner.country_id)
        self._create_tier_history(grades)

    @api.model
    def _create_tier_history(self, grades):
        """Two partners had another tier before."""
        start = self._get_start()
        rows = (
            ("alpine", "silver", "gold", -6, "Two gold quarters in a row"),
            ("rhein", "gold", "silver", 12, "Less than half of the target"),
        )
        History = self.env["partner.incentive.grade.history"]
        # those whom the demo data name one by one were made today
        for story in STORIES:
            partner = self._get_partner(story.key)
            joined = min(partner.enrollment_ids.mapped("date_from"), default=start)
            partner.grade_history_ids.unlink()
            History.create(
                {
                    "partner_id": partner.id,
                    "grade_id": partner.grade_id.id,
                    "date": joined,
                }
            )
        for key, before, after, months, reason in rows:
            changed = start + relativedelta(months=months)
            partner = self._get_partner(key)
            partner.grade_history_ids.unlink()
            History.create(
                [
                    {"partner_id": partner.id, "grade_id": grades[tier], **values}
                    for tier, values in (
                        (before, {"date": changed - relativedelta(years=1)}),
                        (after, {"date": changed, "reason": reason}),
                    )
                ]
            )

    @api.model
    def _create_calendar(self):
        """Periods of weeks, for those who want to try them."""
        calendar = self.env["partner.incentive.calendar"].create(
            {"name": "Retail weeks", "pattern": "445", "long_years": "nearest"}
        )
        start = self._get_start()
        self.env["partner.incentive.calendar.years"].create(
            {
                "calendar_id": calendar.id,
                # a Sunday, so that years end on Saturdays
                "date_from": start - timedelta(days=(start.weekday() + 1) % 7),
                "first_year": start.year,
                "years": 3,
            }
        ).action_generate()

    @api.model
    def _create_import(self):
        """Tiers of an earlier system; two lines of the file are wrong."""
        day = self._get_start() - relativedelta(years=1)
        rows = (
            ("Oslo Edge", "Silver", day, "Earlier system"),
            ("Blue Ridge Networks", "Silver", day, "Earlier system"),
            ("Polder Digitaal", "Bronze", day, "Earlier system"),
            ("Keystone Data", "Platinum", day, "Earlier system"),
            ("Deccan Networks", "Bronze", day, "Earlier system"),
        )
        lines = ["partner,tier,date,reason"]
        lines += [",".join(map(str, row)) for row in rows]
        self.env["partner.incentive.import"].create(
            {
                "kind": "tier",
                "filename": "tiers.csv",
                "file": base64.b64encode("\n".join(lines).encode()),
            }
        ).action_check()

    # ------------------------------------------------------------------- invoices

    @api.model
    def _get_factor(self, behaviour, place, month):
        """What a partner buys in a month, as a multiple of an ordinary one."""
        first, last = self._get_closed_quarter()
        closed = first <= month <= last
        factor = SEASON[month.month - 1]
        if behaviour == "growing":
            return factor * (1 + 0.022 * place)
        if behaviour == "shrinking":
            return factor * (1 - 0.021 * place)
        if behaviour == "new":
            return factor * min(1.3, 0.55 + 0.08 * (place - 12)) if place >= 12 else 0
        if behaviour == "churned":
            return factor * (1 - 0.01 * place) if place < 15 else 0
        if behaviour == "drifting" and month >= first:
            return factor * 0.55
        if behaviour == "gaming" and closed:
            return factor * 2.1
        if behaviour == "falling":
            # no season, which would hide it
            return 0.5 if closed else 1.0
        return factor * (1 + 0.004 * place)

    @api.model
    def _create_invoices(self):
        """An invoice a month, posted; small partners have one a quarter."""
        generator = random.Random(25)
        term = self.env.ref(
            "account.account_payment_term_30days", raise_if_not_found=False
        )
        today = self._get_today()
        rows, days = [], {}
        for place, month in enumerate(self._get_months()):
            for story in STORIES:
                amount = story.monthly * self._get_factor(story.behaviour, place, month)
                # the same day of each month, so that a quarter that is not over can be
                # compared with as much of the year before
                drawn = timedelta(days=generator.randrange(2, 26))
                day = month + days.setdefault(story.key, drawn)
                spread = generator.uniform(0.88, 1.12)
                if story.monthly < SMALL:
                    amount *= 3 if month.month % 3 == 2 else 0
                if amount and day < today:
                    rows.append((day, story, amount * spread))
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self._get_partner(story.key).id,
                    "currency_id": self.env.ref(f"base.{story.currency}").id,
                    "invoice_date": day,
                    "date": day,
                    "invoice_payment_term_id": term.id if term else False,
                    "invoice_line_ids": self._prepare_lines(
                        generator, story, amount, day
                    ),
                }
                for day, story, amount in sorted(rows, key=lambda row: row[0])
            ]
        )
        invoices.action_post()
        return invoices

    @api.model
    def _prepare_lines(self, generator, story, amount, day):
        """Lines of all products that come to about an amount in the currency."""
        currency = self.env.ref(f"base.{story.currency}")
        commands = []
        for key, share in MIX.items():
            product = self._get_product(key)
            price = round(product.list_price * RATES[story.currency][0], -1)
            quantity = round(amount * share * generator.uniform(0.7, 1.3) / price)
            if quantity or key == "access_point":
                commands.append(
                    self._prepare_line(product, max(quantity, 1), price, currency, day)
                )
        return commands

    @api.model
    def _prepare_line(self, product, quantity, price, currency, day, sign=-1):
        """:param sign: of what is booked: -1 for an invoice, 1 for a credit note"""
        company = self.env.company
        amount = sign * currency.round(quantity * price)
        return Command.create(
            {
                "product_id": product.id,
                "quantity": quantity,
                "price_unit": price,
                "tax_ids": [Command.clear()],
                # given, so that nobody looks for them, and writes them, line by line
                "analytic_distribution": False,
                "amount_currency": amount,
                "balance": currency._convert(amount, company.currency_id, company, day),
            }
        )

    @api.model
    def _create_returns(self, invoices):
        """Some goods come back; of what was bought to reach a bracket, most."""
        today = self._get_today()
        first, last = self._get_closed_quarter()
        gaming = self._get_partner("volume")
        vals_list = []
        for number, invoice in enumerate(invoices):
            gamed = (
                invoice.partner_id == gaming
                and (first + relativedelta(months=2)) <= invoice.invoice_date <= last
            )
            day = invoice.invoice_date + timedelta(days=16)
            if day >= today or not (gamed or number % 29 == 11):
                continue
            if invoice.partner_id == self._get_partner("kleine"):
                # what it earns falls by what it buys, and by nothing else
                continue
            lines = invoice.invoice_line_ids.filtered("quantity")
            part = 0.5 if gamed else 0.25
            vals_list.append(
                {
                    "move_type": "out_refund",
                    "partner_id": invoice.partner_id.id,
                    "currency_id": invoice.currency_id.id,
                    "invoice_date": day,
                    "date": day,
                    "reversed_entry_id": invoice.id,
                    "ref": f"Return of {invoice.name}",
                    "invoice_line_ids": [
                        self._prepare_line(
                            line.product_id,
                            max(1, int(line.quantity * part)),
                            line.price_unit,
                            invoice.currency_id,
                            day,
                            sign=1,
                        )
                        for line in (lines if gamed else lines[:1])
                    ],
                }
            )
        refunds = self.env["account.move"].create(vals_list)
        refunds.action_post()
        self.env["account.move.line"]._reconcile_plan(
            [
                self._get_open_lines(refund | refund.reversed_entry_id)
                for refund in refunds
            ]
        )

    @api.model
    def _get_open_lines(self, moves):
        """What is receivable or payable of documents."""
        return moves.line_ids.filtered(
            lambda line: (
                line.account_id.account_type
                in ("asset_receivable", "liability_payable")
            )
        )

    # --------------------------------------------------------------------- audits

    @api.model
    def _create_audits(self):
        """Compliance audited the claims of a year, and has begun with the next ones.

        Called by a module whose story has claims that were decided.
        """
        day = self._get_closed_quarter()[1]
        audit = self._draw_audit(day - relativedelta(years=1, days=-1), day, 80)
        for line in audit.line_ids:
            line.result = "passed"
        if len(audit.line_ids) > 1:
            audit.line_ids[-1].write(
                {
                    "result": "failed",
                    "finding": "The invoice is of the venue's usual rent, and does not "
                    "name the event.",
                }
            )
        audit.filtered("line_ids").action_close()
        self._draw_audit(day + timedelta(days=1), self._get_today(), 100)

    @api.model
    def _draw_audit(self, first, last, percent):
        """An audit of claims that were decided in a period; empty where none was."""
        Audit = self._as(self.env["partner.incentive.audit"], COMPLIANCE)
        audit = Audit.create({"date_from": first, "date_to": last, "percent": percent})
        if not self.env["partner.incentive.claim"].search_count(
            audit._get_claim_domain(), limit=1
        ):
            audit.sudo().unlink()
            return Audit
        audit.action_draw()
        return audit

    # ------------------------------------------------------------------- payments

    @api.model
    def _create_payments(self, invoices):
        """Most are paid in time; some late, some in part; a payment bounces."""
        generator = random.Random(7)
        today = self._get_today()
        slow = [self._get_partner(key) for key in LATE_PAYERS]
        left = {
            self._get_partner(story.key)
            for story in STORIES
            if story.behaviour == "churned"
        }
        last = {invoice.partner_id: invoice for invoice in invoices}
        rows = []
        for number, invoice in enumerate(invoices):
            partner = invoice.partner_id
            days = generator.randint(*(LATE if partner in slow else PROMPT))
            share = 0.6 if number % 41 == 7 else 1.0
            if partner in left and last[partner] == invoice:
                continue
            day = invoice.invoice_date + timedelta(days=days)
            if day < today and invoice.amount_residual:
                rows.append((invoice, day, share))
        payments = self._pay(rows)
        # a cheque of a slow payer comes back, and the invoice is open again
        bounced = payments.filtered(lambda payment: payment.partner_id == slow[0])[-1:]
        bounced.move_id.line_ids.remove_move_reconcile()
        bounced.action_draft()
        bounced.action_cancel()

    @api.model
    def _pay(self, rows):
        """Pay documents by bank: ``[(document, day, share of what is open)]``."""
        journal = self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(self.env.company),
                ("type", "=", "bank"),
            ],
            limit=1,
        )
        if not journal or not rows:
            return self.env["account.payment"]
        rows = sorted(rows, key=lambda row: row[1])
        vals_list = [
            {
                "payment_type": "inbound" if move.is_inbound() else "outbound",
                "partner_type": "customer" if move.is_sale_document() else "supplier",
                "partner_id": move.commercial_partner_id.id,
                "amount": move.currency_id.round(move.amount_residual * share),
                "currency_id": move.currency_id.id,
                "date": day,
                "journal_id": journal.id,
                "memo": move.name,
                "invoice_ids": [Command.link(move.id)],
            }
            for move, day, share in rows
        ]
        payments = self.env["account.payment"].create(vals_list)
        payments.action_post()
        self.env["account.move.line"]._reconcile_plan(
            [
                self._get_open_lines(payment.move_id | move)
                for payment, (move, _day, _share) in zip(payments, rows, strict=True)
            ]
        )
        return payments

    @api.model
    def _settle(self, offers, day, partners=None):
        """Propose, approve and post as two people; it is paid a month later."""
        self = self._at(day)
        Settlement = self._as(self.env["partner.incentive.settlement"], FINANCE)
        batch = Settlement.browse(
            Settlement.settle(day, offers.ids, partners and partners.ids)
        )
        if not any(batch.line_ids.mapped("amount")):
            batch.sudo().unlink()
            return
        if batch.needs_approval:
            batch.action_approve()
        self._as(batch, CONTROLLER).action_post()
        paid = day + timedelta(days=28)
        if paid < self._get_today():
            documents = batch.sudo().move_ids.filtered(
                lambda move: (
                    move.move_type in ("in_invoice", "out_refund")
                    and move.amount_residual
                )
            )
            self._pay([(document, paid, 1.0) for document in documents])
