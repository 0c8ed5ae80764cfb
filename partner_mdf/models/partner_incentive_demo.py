import base64
from collections import namedtuple
from datetime import datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Command
from odoo.tools.misc import file_open

from odoo.addons.partner_incentive_base.models.partner_incentive_demo import read_table

Plan = namedtuple("Plan", "key type title name months cost leads pipeline claimed won")

#: What partners did with the fund: months before today, cost, expected leads and
#: pipeline, the share of the cost that was claimed, and the sales it brought.
PLANS = read_table(
    Plan,
    """
cascade|event|Customer day|Customer day in Denver|20|9000|45|180000|1.0|46000
oslo|event|Fjord fair|Stand at the harbour fair|18|7600|40|120000|0.9|38500
harbor|webinar|Security series|Four webinars on segmentation|16|5200|60|90000|1.0|21000
deccan|advertising|Launch in Telangana|Trade press|15|4200|30|60000|1.0|0
nordlicht|event|Breakfast talks|Three breakfast talks|13|4800|24|80000|1.0|32000
blueridge|content|Reference stories|Two reference films|12|6400|10|50000|0.8|12500
keystone|webinar|Network health|Webinar and workshop|10|3600|28|70000|1.0|27500
baltic|advertising|Winter campaign|Search advertising|9|2800|40|36000|1.0|9800
oslo|event|Edge summit|Own summit in Oslo|6|8800|55|210000|1.0|61000
polder|content|Case study|Case study of a water board|5|2400|6|30000|0.7|0
deccan|event|Partner road|Roadshow in two cities|4|6900|48|140000|1.0|33000
harbor|advertising|Port campaign|Advertising in the trade press|3|3900|20|40000|0.0|0
malabar|webinar|First webinar|Branch networks in a day|2|1800|25|30000|0.0|0
    """,
)
#: To whom they sold.
WON = {
    "Customer day": "Cherry Creek Dental",
    "Fjord fair": "Havnefront Hotell",
    "Security series": "Fells Point Insurance",
    "Breakfast talks": "Spital Birstal",
    "Reference stories": "French Broad Outfitters",
    "Network health": "Schenley Labs",
    "Winter campaign": "Rotermann Kindlustus",
    "Edge summit": "Maridalen Vannverk",
    "Partner road": "Musi River Textiles",
}
#: Proof that each type of activity asks for besides the invoice.
PROOF = {
    "event": ("photo", "attendees"),
    "webinar": ("attendees",),
    "advertising": ("screenshot",),
    "content": ("report",),
}
FILES = {"photo": "stand.png", "attendees": "attendees.csv", "screenshot": "stand.png"}
SHARE = 0.5
MANAGER = "partner_incentive_base.demo_user_manager"
CHANNEL = "partner_incentive_base.demo_user_channel"


class PartnerIncentiveDemo(models.AbstractModel):
    _inherit = "partner.incentive.demo"

    @api.model
    def _create_fund_history(self):
        """Activities of two years: asked for, approved, run, claimed, and what came.

        Each step is taken on a day of its own, which is that of its journal entry too.
        Claims are paid within weeks, and what nobody claimed in time expires.
        """
        self = self.sudo().with_context(
            tracking_disable=True, mail_create_nolog=True, mail_notrack=True
        )
        start, today = self._get_start(), self._get_today()
        rows = []
        for plan in PLANS:
            day = max(start, today - relativedelta(months=plan.months)).replace(day=12)
            if day + timedelta(days=10) < today:
                rows.append((plan, day))
        self._create_allocations({plan.key for plan, _day in rows})
        for number, (plan, day) in enumerate(rows):
            activity = self._at(day)._create_activity(plan, day)
            if plan.claimed:
                self._at(day)._create_claim(number, plan, day, activity)
            self._close_activity(activity)
            self._create_leads(plan, day, activity)
        self._create_audits()

    @api.model
    def _create_allocations(self, keys):
        fund = self.env.ref("partner_mdf.demo_fund_mdf")
        needed = {}
        for plan in PLANS:
            needed[plan.key] = needed.get(plan.key, 0) + plan.cost
        self.env["partner.mdf.allocation"].create(
            [
                {
                    "fund_id": fund.id,
                    "partner_id": self._get_partner(key).id,
                    "amount": round(needed[key] * 0.7, -2),
                    "note": "From the plan of the year",
                }
                for key in sorted(keys)
            ]
        )

    @api.model
    def _create_activity(self, plan, day):
        request = self.env["partner.mdf.request"].create(
            {
                "fund_id": self.env.ref("partner_mdf.demo_fund_mdf").id,
                "partner_id": self._get_partner(plan.key).id,
                "title": plan.title,
                "mdf_activity_ids": [
                    Command.create(
                        {
                            "name": plan.name,
                            "type_id": self.env.ref(
                                f"partner_mdf.activity_type_{plan.type}"
                            ).id,
                            "date_from": day,
                            "date_to": day + timedelta(days=3),
                            "planned_cost": plan.cost,
                            "expected_leads": plan.leads,
                            "expected_pipeline": plan.pipeline,
                            "expected_revenue": plan.pipeline / 3,
                        }
                    )
                ],
            }
        )
        asked = max(day - timedelta(days=35), self._get_start())
        self._decide_request(
            request, asked, asked + timedelta(days=2 + len(plan.name) % 4)
        )
        return request.mdf_activity_ids

    @api.model
    def _decide_request(self, request, asked, decided):
        """Submit a request on one day, and approve all of it on another."""
        request.action_submit()
        for activity in self._as(request.mdf_activity_ids, MANAGER):
            activity._check_decider()
            activity._do_approve(activity.approve_amount, day=decided)
        request._write_process(
            {
                "submitted_on": datetime.combine(asked, time(9)),
                "decided_on": datetime.combine(decided, time(15)),
            }
        )

    @api.model
    def _decide_request_ago(self, request_id, asked, decided):
        """The same for a record of the demo data; in days before today."""
        self._decide_request(
            self.env["partner.mdf.request"].browse(request_id),
            self._get_today() - timedelta(days=asked),
            self._get_today() - timedelta(days=decided),
        )

    @api.model
    def _close_activity(self, activity):
        """After the time to claim it is over, and what was not claimed expires."""
        day = activity.claim_until + timedelta(days=1)
        if day < self._get_today():
            activity._do_close(day, "expiry")

    @api.model
    def _create_claim(self, number, plan, day, activity):
        """With a file of its own for each proof, checked and approved by two people."""
        cost = round(plan.cost * plan.claimed, -1)
        claim = self.env["partner.incentive.claim"].create(
            {
                "mdf_activity_id": activity.id,
                "cost_amount": cost,
                "date": day + timedelta(days=3),
                "document_number": f"C-{2100 + number}",
                "description": plan.name,
            }
        )
        Evidence = self.env["partner.incentive.evidence"]
        values = {
            "document_number": f"R-{7300 + 11 * number}",
            "document_date": day + timedelta(days=2),
            "amount": cost,
        }
        for kind in ("invoice", *PROOF[plan.type]):
            Evidence.create(
                {
                    "claim_id": claim.id,
                    "evidence_type_id": self.env.ref(
                        f"partner_incentive_base.evidence_type_{kind}"
                    ).id,
                    "attachment_id": self._create_proof(number, kind, claim).id,
                    **(values if kind == "invoice" else {}),
                }
            )
        asked = day + timedelta(days=9)
        self._decide_claim(claim, asked, asked + timedelta(days=3))
        paid = asked + timedelta(days=15)
        if paid < self._get_today():
            self._settle(claim.offer_id, paid, claim.partner_id)

    @api.model
    def _decide_claim(self, claim, asked, decided):
        """Submit a claim on one day, and approve it on another, by two people.

        What would be decided from today on waits for its decision.
        """
        # the first: by this day it must have been claimed
        claim._write_process({"submitted_on": datetime.combine(asked, time(10))})
        claim.action_submit()
        if decided >= self._get_today():
            return
        if claim.state == "submitted":
            self._as(claim, CHANNEL).action_validate()
        decider = self._as(claim, MANAGER)
        decider._check_can_approve()
        decider._do_approve(datetime.combine(decided, time(14)))

    @api.model
    def _decide_claim_ago(self, claim_id, asked, decided):
        """The same for a record of the demo data; in days before today."""
        self._decide_claim(
            self.env["partner.incentive.claim"].browse(claim_id),
            self._get_today() - timedelta(days=asked),
            self._get_today() - timedelta(days=decided),
        )

    @api.model
    def _create_proof(self, number, kind, claim):
        name = FILES.get(kind, "invoice.pdf")
        with file_open(f"partner_mdf/demo/files/{name}", "rb") as file:
            # no two claims with the same file
            content = file.read() + f"\n% {number}\n".encode()
        return self.env["ir.attachment"].create(
            {
                "name": name if kind in FILES else f"{kind}.pdf",
                "datas": base64.b64encode(content),
                "res_model": claim._name,
                "res_id": claim.id,
            }
        )

    @api.model
    def _create_leads(self, plan, day, activity):
        """Fewer than were planned; some are won, ordered, invoiced and paid."""
        count = max(1, plan.leads // 9)
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"{plan.title}: contact {place + 1}",
                    "type": "opportunity" if place < (count + 1) // 2 else "lead",
                    "mdf_activity_id": activity.id,
                    "campaign_id": activity.campaign_id.id,
                    "expected_revenue": round(plan.pipeline * 0.7 / count, -2)
                    if place < (count + 1) // 2
                    else 0,
                    "user_id": False,
                    "team_id": False,
                }
                for place in range(count)
            ]
        )
        ordered = day + timedelta(days=25)
        if not plan.won or ordered >= self._get_today():
            return
        leads[0].write({"expected_revenue": plan.won})
        leads[0].action_set_won()
        product = self._get_product("switch")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"]
                .create({"name": WON[plan.title], "is_company": True})
                .id,
                "campaign_id": activity.campaign_id.id,
                "date_order": datetime.combine(ordered, time(11)),
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": round(plan.won / product.list_price),
                            "price_unit": product.list_price,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        order.write({"date_order": datetime.combine(ordered, time(11))})
        order.order_line.qty_delivered = order.order_line.product_uom_qty
        invoice = order._create_invoices()
        invoice.write({"invoice_date": ordered, "date": ordered})
        invoice.action_post()
        paid = ordered + timedelta(days=30)
        if paid < self._get_today():
            self._pay([(invoice, paid, 1.0)])
