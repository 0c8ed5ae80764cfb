import base64
from datetime import datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Command

#: Customers that the vendor invoices itself, and which partner brought them:
#: ``(customer, country, partner, months before today, amount in dollars)``.
BROUGHT = (
    ("Chennai Port Trust", "in", "everest", 19, 14000),
    ("Narva Logistics", "ee", "tallinn", 15, 9200),
    ("Coimbatore Mills", "in", "deccan", 11, 21000),
    ("Haarlem Clinics", "nl", "amstel", 8, 16500),
    ("Thrissur Cooperative Bank", "in", "malabar", 6, 18200),
    ("Visp Chemistry", "ch", "nordlicht", 4, 12800),
    ("Drammen Shipyard", "no", "oslo", 3, 17600),
    ("Pärnu Hotels", "ee", "tallinn", 2, 8700),
)
#: What was agreed with the large ones for this year, in dollars.
TARGETS = {
    "cascade": 500000,
    "blueridge": 330000,
    "harbor": 270000,
    "oslo": 300000,
    "deccan": 190000,
    "keystone": 160000,
    "nordlicht": 190000,
}
#: Who reports what it sold on, each month of this year, and to whom.
REPORTED = {
    "alpine": ("Hotel Edelweiss", "Bergbahn Seelisberg", "Kantonsschule Uri"),
    "oslo": ("Bjerke Handel", "Nydalen Fysioterapi", "Grefsen Eiendom"),
}
FINANCE = "partner_incentive_base.demo_user_finance"
CHANNEL = "partner_incentive_base.demo_user_channel"
MANAGER = "partner_incentive_base.demo_user_manager"


class PartnerIncentiveDemo(models.AbstractModel):
    _inherit = "partner.incentive.demo"

    @api.model
    def _create_rebate_history(self):
        """Accrue at the end of each month, settle each quarter, as finance did.

        In the first year accruals are booked with the quarter and the settlement only.
        The last closed quarter is not settled yet, and what was sold since the last
        month's end is not accrued: finance does that next, or the schedule by night.
        """
        self = self.sudo().with_context(
            tracking_disable=True, mail_create_nolog=True, mail_notrack=True
        )
        self._create_targets()
        self._create_direct_sales()
        self._create_reported_sales()
        offers = self.env["partner.incentive.offer"].search(
            [
                ("company_id", "=", self.env.company.id),
                *self.env["partner.incentive.run"]._get_live_domain(),
            ]
        )
        # the money of funds is settled as claims come
        offers = offers.filtered(lambda offer: offer._is_calculated())
        _first, last = self._get_closed_quarter()
        for month in self._get_months()[1:]:
            day = month - timedelta(days=1)
            if day.year == self._get_today().year or day.month % 3 != 2:
                self._accrue(offers, day)
            if day.month % 3 == 1 and day < last:
                self._create_deductions(day)
                self._settle(offers, day)
        self._create_clawbacks(offers)
        self._create_disputes()

    # ------------------------------------------------------------------------- money

    @api.model
    def _accrue(self, offers, day):
        Run = self._as(self._at(day).env["partner.incentive.run"], FINANCE)
        runs = Run.browse(Run.accrue(offers.ids, day)).sudo()
        runs.filtered(lambda run: not run.entry_count).unlink()

    # ------------------------------------------------------------------------ sales

    @api.model
    def _create_targets(self):
        self.env["partner.incentive.target"].create(
            [
                {
                    "offer_id": self.env.ref("partner_rebate.demo_offer_target").id,
                    "partner_id": self._get_partner(key).id,
                    "volume": volume,
                    "note": "Agreed in the annual review",
                }
                for key, volume in TARGETS.items()
            ]
        )

    @api.model
    def _create_direct_sales(self):
        """First purchases of customers whom partners brought."""
        start, today = self._get_start(), self._get_today()
        product = self._get_product("firewall")
        rows = []
        for name, country, key, months, amount in BROUGHT:
            day = max(start, today - relativedelta(months=months)).replace(day=9)
            if day < today:
                rows.append((name, country, key, day, amount))
        customers = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "country_id": self.env.ref(f"base.{country}").id,
                }
                for name, country, *_rest in rows
            ]
        )
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "currency_id": self.env.ref("base.USD").id,
                    "invoice_date": day,
                    "date": day,
                    "invoice_line_ids": [
                        self._prepare_line(
                            product,
                            round(amount / product.list_price),
                            product.list_price,
                            self.env.ref("base.USD"),
                            day,
                        )
                    ],
                    "incentive_attribution_ids": [
                        Command.create(
                            {
                                "partner_id": self._get_partner(key).id,
                                "role": "sourced",
                                "share": 100,
                                "reason": "Brought the customer",
                            }
                        )
                    ],
                }
                for customer, (_name, _country, key, day, amount) in zip(
                    customers, rows, strict=True
                )
            ]
        )
        invoices.action_post()
        self._pay(
            [
                (invoice, invoice.invoice_date + timedelta(days=21), 1.0)
                for invoice in invoices
                if invoice.invoice_date + timedelta(days=21) < today
            ]
        )

    @api.model
    def _create_reported_sales(self):
        """Files of the months that are over, read, submitted and accepted."""
        today = self._get_today()
        products = [self._get_product(key) for key in ("switch", "access_point")]
        File = self.env["partner.sell.through.file"]
        for key, customers in REPORTED.items():
            for number in range(1, today.month - 1):
                month = today.replace(month=number, day=1)
                lines = ["date,document,product,quantity,amount,customer"]
                for place, customer in enumerate(customers):
                    product = products[place % 2]
                    quantity = 2 + (number + 2 * place) % 4
                    lines.append(
                        f"{month + timedelta(days=4 + 7 * place)},"
                        f"{key[0].upper()}-{100 * number + place},{product.name},"
                        f"{quantity},{quantity * product.list_price:.2f},{customer}"
                    )
                file = File.create(
                    {
                        "name": f"Sales of {month:%B %Y}",
                        "partner_id": self._get_partner(key).id,
                        "filename": f"sales-{month:%Y-%m}.csv",
                        "file": base64.b64encode("\n".join(lines).encode()),
                    }
                )
                file.action_check()
                self._as(file, CHANNEL).action_submit()
                self._as(file, MANAGER).action_accept()
                decided = month + relativedelta(months=1, days=5)
                file.write({"decided_on": datetime.combine(decided, time(9))})

    # ------------------------------------------------------------------ exceptions

    @api.model
    def _create_clawbacks(self, offers):
        """An invoice that was never paid, and one that was bought for the bracket."""
        offer = offers & self.env.ref("partner_rebate.demo_offer_volume")
        rows = (
            (
                "prairie",
                "unpaid",
                "The invoice was never paid, and the partner has left the program.",
                True,
            ),
            (
                "volume",
                "terms",
                "Bought at the end of the quarter for the bracket; half of it came"
                " back after two weeks.",
                False,
            ),
        )
        for key, reason, description, confirmed in rows:
            invoice = self.env["account.move"].search(
                [
                    ("partner_id", "=", self._get_partner(key).id),
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("incentive_document", "=", False),
                    ("invoice_date", "<=", self._get_closed_quarter()[1]),
                ],
                order="invoice_date desc",
                limit=1,
            )
            if not invoice:
                continue
            clawback = self.env["partner.incentive.clawback"].create(
                {
                    "offer_id": offer.id,
                    "partner_id": invoice.partner_id.id,
                    "reason": reason,
                    "description": description,
                    "move_id": invoice.id,
                }
            )
            self._as(clawback, CHANNEL).action_submit()
            if confirmed:
                self._as(clawback, FINANCE).action_confirm()

    @api.model
    def _create_deductions(self, day):
        """Partners that paid short by a day, and named a rebate that was not paid yet.

        One is told that it was promised nothing. The other was quicker than the
        settlement: what is due is matched, and the rest denied.
        """
        rows = (
            (
                "blueridge",
                "BR-2291",
                "Rebate of the year before, deducted from our payment.",
                "The program began in January; nothing was promised before.",
            ),
            (
                "ganga",
                "GD-0417",
                "Volume rebate of the last quarter, deducted from our payment.",
                None,
            ),
        )
        Deduction = self._as(self._at(day).env["partner.incentive.deduction"], FINANCE)
        for key, number, reason, denial in rows:
            if Deduction.search_count([("external_number", "=", number)], limit=1):
                continue
            invoice = self.env["account.move"].search(
                [
                    ("partner_id", "=", self._get_partner(key).id),
                    ("move_type", "=", "out_invoice"),
                    ("payment_state", "=", "partial"),
                    ("invoice_date", "<=", day - timedelta(days=31)),
                ],
                order="invoice_date, id",
                limit=1,
            )
            if not invoice:
                continue
            deduction = Deduction.create(
                {
                    "move_id": invoice.id,
                    "date": day,
                    "external_number": number,
                    "reason": reason,
                    "offer_id": self.env.ref("partner_rebate.demo_offer_volume").id,
                }
            )
            if denial:
                deduction.part_ids = [
                    Command.create(
                        {"kind": "deny", "amount": deduction.amount, "note": denial}
                    )
                ]
            else:
                deduction.action_suggest()
            deduction.action_resolve()

    @api.model
    def _create_disputes(self):
        """One waits for an answer, one was decided and booked."""
        rows = (
            (
                "alpine",
                "demo_portal_alpine",
                "missing",
                "Two of our orders for the clinic were delivered on the last day of the"
                " quarter. Please count them in it.",
                420,
            ),
            (
                "baltic",
                "demo_portal_baltic",
                "rate",
                "We reached the next bracket with the order of our second branch.",
                95,
            ),
        )
        disputes = self.env["partner.incentive.dispute"]
        for key, login, category, reason, amount in rows:
            entry = self.env["partner.incentive.entry"].search(
                [
                    ("partner_id", "=", self._get_partner(key).id),
                    (
                        "offer_id",
                        "=",
                        self.env.ref("partner_rebate.demo_offer_volume").id,
                    ),
                    ("kind", "=", "accrual"),
                ],
                order="id desc",
                limit=1,
            )
            if entry:
                disputes |= disputes.create(
                    {
                        "res_model": entry._name,
                        "res_id": entry.id,
                        "category": category,
                        "reason": reason,
                        "expected_amount": amount,
                        "raised_by": self.env.ref(f"partner_incentive_base.{login}").id,
                    }
                )
        for dispute in disputes[1:]:
            self._as(dispute, MANAGER).action_decide(
                "adjusted",
                "You are right: the branch buys under your number from now on.",
                dispute.expected_amount,
            )
            self._as(dispute, FINANCE).action_book()
