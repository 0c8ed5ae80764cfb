from collections import namedtuple
from datetime import datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Command

from odoo.addons.partner_incentive_base.models.partner_incentive_demo import read_table

Deal = namedtuple("Deal", "key customer city country value months outcome")

#: Deals that partners registered, months before today, and what became of them.
DEALS = read_table(
    Deal,
    """
cascade | Mile High Grocers | Denver | us | 38000 | 22 | won
oslo | Nordsjø Rederi AS | Oslo | no | 42000 | 21 | won
harbor | Chesapeake Cold Storage | Baltimore | us | 29000 | 20 | lost
deccan | Charminar Textiles | Hyderabad | in | 17500 | 19 | won
blueridge | Appalachian Credit Union | Asheville | us | 33500 | 18 | won
rhein | Munot Privatbank | Schaffhausen | ch | 24000 | 18 | expired
prairie | Platte River Dairy | Omaha | us | 12500 | 17 | won
volume | Maasvlakte Terminals | Rotterdam | nl | 46000 | 17 | lost
nordlicht | Rheinhafen Speditionen | Basel | ch | 22500 | 16 | won
bergen | Hardanger Frukt SA | Bergen | no | 14500 | 15 | won
keystone | Three Rivers Hospital | Pittsburgh | us | 54000 | 14 | won
tallinn | Lahemaa Resorts OÜ | Tallinn | ee | 11200 | 14 | expired
polder | Waterschap Vecht | Utrecht | nl | 19800 | 13 | won
cascade | Front Range Schools | Boulder | us | 61000 | 12 | won
harbor | Patapsco Steel | Baltimore | us | 25500 | 12 | won
delta | Ambachtsheer Meubelen | Zwolle | nl | 9800 | 11 | lost
deccan | Golconda Pharma | Hyderabad | in | 27800 | 10 | won
oslo | Akershus Fylkesarkiv | Oslo | no | 36500 | 9 | won
everest | Himal Tea Estates | Darjeeling | in | 13400 | 9 | won
blueridge | Smoky Mountain Rail | Knoxville | us | 41500 | 8 | lost
nordlicht | Dreiland Pharmalogistik | Basel | ch | 31800 | 7 | won
amstel | Grachten Hotels | Amsterdam | nl | 16200 | 7 | won
keystone | Allegheny Waterworks | Pittsburgh | us | 28700 | 6 | expired
malabar | Backwater Cruises | Alappuzha | in | 9900 | 6 | won
lonestar | Pecos Valley Solar | Austin | us | 21500 | 5 | lost
cascade | Continental Divide Brewing | Golden | us | 18900 | 5 | won
oslo | Tromsø Arktisk Museum | Tromsø | no | 23300 | 4 | won
volume | Zeeland Sluizen | Vlissingen | nl | 35000 | 4 | rejected
polder | Gooi Ziekenhuisgroep | Hilversum | nl | 44000 | 3 | won
deccan | Kakatiya Power | Warangal | in | 52000 | 2 | open
blueridge | Catawba College | Salisbury | us | 30500 | 2 | open
tallinn | Pirita Haigla | Tallinn | ee | 14800 | 2 | open
keystone | Monongahela Barge Lines | Pittsburgh | us | 47500 | 1 | open
oslo | Lillehammer Vintersport | Lillehammer | no | 19600 | 1 | open
    """,
)
REASONS = {
    "lost": "The customer stayed with the present supplier.",
    "rejected": "We have been in negotiations with this customer since spring.",
}
MANAGER = "partner_incentive_base.demo_user_manager"


class PartnerIncentiveDemo(models.AbstractModel):
    _inherit = "partner.incentive.demo"

    @api.model
    def _create_deal_history(self):
        """Deals of two years, each through its whole life.

        The process dates its steps today; they are dated back to when they would have
        been taken.
        """
        self = self.sudo().with_context(
            tracking_disable=True,
            mail_create_nolog=True,
            mail_notrack=True,
            mail_create_nosubscribe=True,
        )
        start, today = self._get_start(), self._get_today()
        for number, deal in enumerate(DEALS):
            day = max(start, today - relativedelta(months=deal.months)).replace(
                day=3 + 5 * number % 20
            )
            if day + timedelta(days=7) < today:
                registration = self._at(day)._create_deal(number, deal, day)
                getattr(self, f"_end_deal_{deal.outcome}")(registration, deal, day)

    @api.model
    def _create_deal(self, number, deal, day):
        """Register, submit and decide; at the value that the products come to."""
        product = self._get_product("switch" if number % 2 else "firewall")
        registration = self.env["partner.deal.registration"].create(
            {
                "partner_id": self._get_partner(deal.key).id,
                "program_id": self.env.ref("partner_incentive_base.demo_program").id,
                "customer_name": deal.customer,
                "customer_city": deal.city,
                "customer_country_id": self.env.ref(f"base.{deal.country}").id,
                "customer_contact": "Head of IT",
                "expected_value": deal.value,
                "expected_close_date": day + timedelta(days=60),
                "engagement": "Visited twice; the need and the sites are known.",
                "line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "quantity": round(deal.value / product.list_price),
                        }
                    )
                ],
            }
        )
        registration.action_submit()
        asked = datetime.combine(day, time(8 + number % 8, 20))
        hours = (3, 7, 5, 12, 4, 9, 19, 6)[number % 8]
        decided = asked + timedelta(days=1 + hours // 8)
        vals = {
            "completed_on": asked,
            "submitted_on": asked,
            "decided_on": decided,
        }
        decider = self._as(registration, MANAGER)
        if deal.outcome == "rejected":
            decider.action_reject("unqualified", REASONS["rejected"])
            vals["closed_on"] = decided
        else:
            if registration.state != "approved":
                decider.action_approve()
            length = registration.protected_until - registration.protected_from
            vals |= {
                "approved_on": decided,
                "protected_from": decided.date(),
                "protected_until": decided.date() + length,
            }
        registration._write_process(
            {**vals, "clock_used": hours, "clock_hit": hours <= 16}
        )
        return registration

    @api.model
    def _end_deal_open(self, registration, deal, day):
        """It is protected still."""

    @api.model
    def _end_deal_rejected(self, registration, deal, day):
        """Nothing more comes of it."""

    @api.model
    def _end_deal_lost(self, registration, deal, day):
        registration.action_lose(REASONS["lost"])
        self._date_end(registration, day + timedelta(days=48))

    @api.model
    def _end_deal_expired(self, registration, deal, day):
        ended = day + timedelta(days=95)
        registration._write_process({"protected_until": ended})
        if ended < self._get_today():
            registration._change_state("expired")
            self._date_end(registration, ended + timedelta(days=1))

    @api.model
    def _date_end(self, registration, day, **vals):
        registration._write_process(
            {"closed_on": datetime.combine(day, time(16)), **vals}
        )

    @api.model
    def _end_deal_won(self, registration, deal, day):
        """Ordered, delivered, invoiced, and most are paid by now."""
        ordered = day + timedelta(days=38)
        if ordered >= self._get_today():
            return
        moment = datetime.combine(ordered, time(14))
        order = self.env["sale.order"].create(
            {
                "partner_id": registration.customer_id.id,
                "deal_registration_id": registration.id,
                "date_order": moment,
                "order_line": [
                    Command.create(
                        {
                            "product_id": line.product_id.id,
                            "product_uom_qty": line.quantity,
                            "price_unit": line.product_id.list_price,
                            "tax_ids": [Command.clear()],
                        }
                    )
                    for line in registration.line_ids
                ],
            }
        )
        order.action_confirm()
        order.write({"date_order": moment})
        if registration.state == "approved":
            registration._change_state("converted")
        self._date_end(registration, ordered, converted_on=moment)
        for line in order.order_line:
            line.qty_delivered = line.product_uom_qty
        invoice = order._create_invoices()
        invoiced = ordered + timedelta(days=4)
        if invoiced >= self._get_today():
            return
        invoice.write({"invoice_date": invoiced, "date": invoiced})
        invoice.action_post()
        paid = invoiced + timedelta(days=31)
        if paid < self._get_today():
            self._pay([(invoice, paid, 1.0)])
