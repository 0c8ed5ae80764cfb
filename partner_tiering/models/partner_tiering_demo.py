import random
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Command

#: Partners besides those of other modules' demo data.
NAMES = """
Adler Adria Arctic Atlas Aurora Basalt Beacon Birch Bluefin Boreal Canyon Cedar
Cobalt Copper Coral Crescent Delphin Dune Ember Falcon Fern Flint Garnet Glacier
Granite Grove Heron Horizon Indigo Iris Jade Juniper Karst Kestrel Lagoon Larch
Linden Lotus Maple Meadow Merlin Mistral Onyx Orchid Osprey Pebble Pine Quartz
Raven Reef Ridge River Sable Sierra Slate Spruce Stern Summit Tamarack Tern
Thistle Topaz Umbra Valley Willow Zephyr
""".split()
TRADES = ("Systems", "Networks", "IT", "Solutions", "Data", "Digital")
#: What their customers are in.
BUSINESSES = ("Logistics", "Clinics", "Foods", "Insurance")
CUSTOMERS = 3
#: Per tier: contracts of eight that are lost in a year, items of four that are done,
#: days to the first value, people certified.
LEVELS = {"gold": (0, 4, 45, 4), "silver": (2, 3, 60, 2), "bronze": (5, 2, 90, 0)}
#: Closed quarters, and those before whose records the windows of the first one need.
CLOSED, BEFORE = 5, 4
PER_QUARTER = 2


class PartnerTieringDemo(models.AbstractModel):
    """Makes a history of partners with four stories in it.

    * *Harbor Integration* drifts: in the last quarter it loses customers and deploys
      worse.
    * *Volume Traders* games volume: in the last quarter it records many deployments.
    * *Nordlicht Systems* gets better and better, and is ready for Gold.
    * *Kleine IT* is small and below what its tier asks for; the safety net holds.

    All others stay what they are. Called by the demo data, and then about the partners
    of the base's demo data, the four by their names; and by the test that looks for the
    four and for nobody else. Where those data are not there, sixty partners are made.
    """

    _name = "partner.tiering.demo"
    _description = "Demo History of Tiers"

    #: Partner and tier; by their key in the base's demo data.
    KEYS = {
        "drifting": "harbor",
        "gaming": "volume",
        "rising": "nordlicht",
        "small": "kleine",
    }
    STORIES = {
        "drifting": ("Harbor Integration", "gold"),
        "gaming": ("Volume Traders", "silver"),
        "rising": ("Nordlicht Systems", "silver"),
        "small": ("Kleine IT", "silver"),
    }

    @api.model
    def _create_history(self):
        """Make everything and close the quarters; partners by story."""
        self = self.sudo().with_context(
            tracking_disable=True, mail_create_nolog=True, mail_notrack=True
        )
        today = fields.Date.context_today(self)
        quarter = fields.Date.start_of(today, "quarter")
        starts = [
            quarter - relativedelta(months=3 * number)
            for number in range(CLOSED + BEFORE, 0, -1)
        ]
        setup = self._create_setup(starts)
        stories, partners = self._create_partners(starts[0])
        generator = random.Random(60)
        for place, (partner, level, story) in enumerate(partners):
            customers = self._create_customers(place)
            self._create_records(
                setup, generator, partner, customers, level, story, starts
            )
        self.env.flush_all()
        policy = setup["policy"]
        for start in starts[BEFORE:]:
            end = start + relativedelta(months=3, days=-1)
            self.env["partner.scorecard"]._close(policy, end)
        self.env["partner.scorecard"]._refresh(policy, today)
        self.env["partner.performance.alert"]._backtest(self.env.company)
        self._create_extras(stories, setup, today)
        return stories

    @api.model
    def _get_grades(self):
        return {
            level: self.env.ref(f"partnership.res_partner_grade_data_{level}")
            for level in LEVELS
        }

    @api.model
    def _create_setup(self, starts):
        company = self.env.company
        grades = self._get_grades()
        size = self.env["partner.metric"].create(
            {
                "name": "Yearly amount of customers' contracts",
                "code": "contract_amount",
                "kind": "domain",
                "model_id": self.env["ir.model"]._get_id("partner.customer.contract"),
                "partner_field_id": self._get_field("partner_id"),
                "date_field_id": self._get_field("date_end"),
                "value_field_id": self._get_field("recurring_amount"),
                "aggregation": "sum",
                "unit": "amount",
                "minimum_cases": 0,
                "watched": False,
            }
        )
        parts = {
            "renewal_rate": (40, 50, 95),
            "deployment_quality": (30, 40, 95),
            "time_to_value": (15, 120, 45),
            "certifications": (15, 0, 4),
            # watched, though it adds nothing to the score: volume alone is no merit
            "deployments": (0, 0, 8),
        }
        policy = self.env["partner.tier.policy"].create(
            {
                "name": "Partner tiers",
                "company_id": company.id,
                "date_from": starts[BEFORE],
                "state": "published",
                "number": 1,
                "published_on": starts[BEFORE],
                "small_metric_id": size.id,
                "small_amount": 5000,
                **self._prepare_safety_net(),
                "public_rules": "<p>Tiers reward what customers have from us together:"
                " renewals, good deployments, certified people.</p>",
                "line_ids": [
                    Command.create(
                        {
                            "metric_id": self.env.ref(
                                f"partner_tiering.metric_{code}"
                            ).id,
                            "weight": weight,
                            "floor": floor,
                            "target": target,
                        }
                    )
                    for code, (weight, floor, target) in parts.items()
                ],
                "level_ids": [
                    Command.create({"sequence": 10, "grade_id": grades["bronze"].id}),
                    Command.create(
                        {
                            "sequence": 20,
                            "grade_id": grades["silver"].id,
                            "minimum_score": 45,
                        }
                    ),
                    Command.create(
                        {
                            "sequence": 30,
                            "grade_id": grades["gold"].id,
                            "minimum_score": 75,
                            "every_part": True,
                            "requirement_ids": [
                                Command.create(
                                    {
                                        "metric_id": self.env.ref(
                                            "partner_tiering.metric_certifications"
                                        ).id,
                                        "bound": 3,
                                    }
                                )
                            ],
                        }
                    ),
                ],
            }
        )
        self._create_benefits(grades, starts[0])
        product = self.env["product.product"].create(
            {
                "name": "Network Care",
                "type": "service",
                "incentive_recurring": True,
                "list_price": 1000,
            }
        )
        return {
            "policy": policy,
            "product": product,
            "playbook": self.env["partner.deployment.playbook"].create(
                {
                    "name": "Branch network",
                    "target_days": 60,
                    "item_ids": [
                        Command.create({"name": name, "kind": kind, "sequence": number})
                        for number, (name, kind) in enumerate(
                            (
                                ("Reference architecture", "architecture"),
                                ("Standard configuration", "configuration"),
                                ("Handover to the customer", "milestone"),
                                ("Outcome documented", "outcome"),
                            )
                        )
                    ],
                }
            ),
            "program": self.env["partner.certification.program"].create(
                {"name": "Network engineer", "code": "NE", "validity_months": 0}
            ),
        }

    @api.model
    def _prepare_safety_net(self):
        """What small partners earn by volume does not fall by more than a third."""
        offer = self.env.ref(
            "partner_rebate.demo_offer_volume", raise_if_not_found=False
        )
        if not offer or offer.company_id != self.env.company:
            return {}
        return {"earning_floor": 70, "earning_offer_ids": [Command.set(offer.ids)]}

    @api.model
    def _get_field(self, name):
        return self.env["ir.model.fields"]._get("partner.customer.contract", name).id

    @api.model
    def _create_benefits(self, grades, since):
        values = {
            "fund_share": (20, 35, 50),
            "protection_days": (60, 90, 120),
            "payout_days": (45, 30, 14),
            "support_level": ("Next business day", "Same day", "One hour"),
        }
        self.env["partner.tier.benefit.value"].create(
            [
                {
                    "benefit_id": self.env.ref(f"partner_tiering.benefit_{code}").id,
                    "grade_id": grades[level].id,
                    "date_from": since,
                    "text" if isinstance(value, str) else "number": value,
                }
                for code, row in values.items()
                for level, value in zip(("bronze", "silver", "gold"), row, strict=True)
            ]
        )

    @api.model
    def _create_partners(self, since):
        """``({story: partner}, [(partner, level, story)])``."""
        grades = self._get_grades()
        levels = {grade: level for level, grade in grades.items()}
        known = self._get_known_partners()
        count = 0 if known else 60
        stories, partners = {}, []
        for story, (name, level) in self.STORIES.items():
            stories[story] = known.pop(self.KEYS[story], None) or self._create_partner(
                name, grades[level], since
            )
            partners.append((stories[story], level, story))
        for partner in known.values():
            if partner.grade_id in levels:
                partners.append((partner, levels[partner.grade_id], None))
        missing = self.env["res.partner"]
        for number in range(count - len(partners)):
            level = ("bronze", "silver", "gold", "silver")[number % 4]
            name = f"{NAMES[number]} {TRADES[number % len(TRADES)]}"
            missing |= self._create_partner(name, grades[level], since)
            partners.append((missing[-1], level, None))
        missing |= self.env["res.partner"].union(
            *(partner for partner in stories.values() if not partner.enrollment_ids)
        )
        if missing:
            self._enroll(missing, since)
        return stories, partners

    @api.model
    def _enroll(self, partners, since):
        program = self.env["partner.incentive.program"].create(
            {
                "name": "Partner Program",
                "date_from": since,
                "date_to": since + relativedelta(years=5),
                "state": "active",
            }
        )
        self.env["partner.incentive.enrollment"].create(
            [
                {
                    "program_id": program.id,
                    "partner_id": partner.id,
                    "date_from": since,
                }
                for partner in partners
            ]
        )

    @api.model
    def _get_known_partners(self):
        """``{key: partner}`` of the base's demo data, those who are in its program."""
        program = self.env.ref(
            "partner_incentive_base.demo_program", raise_if_not_found=False
        )
        if not program or program.company_id != self.env.company:
            return {}
        partners = self.env["partner.incentive.enrollment"].search(
            [("program_id", "=", program.id), ("state", "=", "active")], order="id"
        )
        names = partners.partner_id.get_external_id()
        return {
            names[partner.id].partition(".demo_partner_")[2]: partner
            for partner in partners.partner_id
            if ".demo_partner_" in names[partner.id]
        }

    @api.model
    def _create_partner(self, name, grade, since):
        return (
            self.env["res.partner"]
            .with_context(incentive_grade_date=since)
            .create({"name": name, "is_company": True, "grade_id": grade.id})
        )

    @api.model
    def _create_customers(self, place):
        """Those of the partner at a place."""
        numbers = range(place * CUSTOMERS, (place + 1) * CUSTOMERS)
        return self.env["res.partner"].create(
            [
                {
                    "name": f"{NAMES[number % len(NAMES)]} "
                    f"{BUSINESSES[number // len(NAMES)]}",
                    "is_company": True,
                }
                for number in numbers
            ]
        )

    @api.model
    def _create_records(
        self, setup, generator, partner, customers, level, story, starts
    ):
        """Contracts, deployments and certifications of one partner."""
        lost, done, days, people = LEVELS[level]
        amount = 200 if story == "small" else 2000
        contracts, deployments = [], []
        joined = min(partner.enrollment_ids.mapped("date_from"))
        is_new = joined.year == (starts[-1] + relativedelta(months=3)).year
        for number, start in enumerate(starts):
            if is_new and start < joined:
                # it had no customers with the vendor's products before
                continue
            left = len(starts) - number
            for each in range(PER_QUARTER):
                day = start + timedelta(days=20 + 30 * each + generator.randrange(10))
                place = (number * PER_QUARTER + each) % 8
                # the same contracts of each year are lost, so that the rate stays
                churned = place * lost % 8 < lost
                ticks, length = done, days + generator.randrange(-2, 3)
                if story == "drifting" and left == 1:
                    # early: it is still what its tier asks for
                    churned, ticks, length = each == 0, 2, 80
                if story == "rising":
                    churned = churned and left > 5
                    ticks = 4 if left <= 4 else ticks
                    length = 45 if left <= 3 else length
                if story == "small":
                    churned, ticks, length = True, 1, 118
                customer = customers[place % len(customers)]
                contracts.append((day, customer, churned, amount))
                deployments.append((day, customer, ticks, length))
            if story == "gaming" and left == 1:
                deployments += [
                    (start + timedelta(days=4 * each), customers[each % 3], 3, 60)
                    for each in range(14)
                ]
        self._create_contracts(setup, partner, contracts)
        self._create_deployments(setup, partner, deployments)
        if story == "rising":
            people = 4
        engineers = self.env["res.partner"].create(
            [
                {"name": f"Engineer {number}", "parent_id": partner.id}
                for number in range(1, people + 1)
            ]
        )
        late = starts[-1] + timedelta(days=40)
        self.env["partner.certification"].create(
            [
                {
                    "person_id": person.id,
                    "program_id": setup["program"].id,
                    # the rising one certifies two more in the last quarter
                    "date_issue": late
                    if story == "rising" and place > 1
                    else starts[0],
                    "state": "passed",
                }
                for place, person in enumerate(engineers)
            ]
        )

    @api.model
    def _create_contracts(self, setup, partner, rows):
        """A year each; those that were renewed carry on for another year."""
        Contract = self.env["partner.customer.contract"]

        def values(start, end, customer, amount):
            return {
                "customer_id": customer.id,
                "partner_id": partner.id,
                "product_id": setup["product"].id,
                "date_start": start,
                "date_end": end,
                "recurring_amount": amount,
            }

        year = relativedelta(years=1)
        old = Contract.create(
            [
                values(end - year + timedelta(days=1), end, customer, amount)
                for end, customer, _churned, amount in rows
            ]
        )
        kept = [row for row in rows if not row[2]]
        renewals = iter(
            Contract.create(
                [
                    # ends outside the windows, so that each year stands for itself
                    values(end + timedelta(days=1), end + 3 * year, customer, amount)
                    for end, customer, _churned, amount in kept
                ]
            )
        )
        for contract, (end, _customer, churned, _amount) in zip(old, rows, strict=True):
            if churned:
                contract.write(
                    {
                        "state": "churned",
                        "churn_reason": "Went to another vendor",
                        "churn_date": end,
                    }
                )
            else:
                contract.write({"state": "renewed", "renewed_by_id": next(renewals).id})

    @api.model
    def _create_deployments(self, setup, partner, rows):
        items = setup["playbook"].item_ids
        self.env["partner.deployment"].create(
            [
                {
                    "name": f"{customer.name}: network",
                    "partner_id": partner.id,
                    "customer_id": customer.id,
                    "playbook_id": setup["playbook"].id,
                    "state": "live",
                    "date_start": live - timedelta(days=days),
                    "date_live": live,
                    "check_ids": [
                        Command.create(
                            {
                                "item_id": item.id,
                                "name": item.name,
                                "kind": item.kind,
                                "weight": item.weight,
                                "done": place < ticks,
                                "done_on": live if place < ticks else False,
                            }
                        )
                        for place, item in enumerate(items)
                    ],
                }
                for live, customer, ticks, days in rows
            ]
        )

    @api.model
    def _submit_safety_nets(self):
        """Finance pays what small partners are missing, and nothing to who has left."""
        finance, controller = (
            self.env.ref(
                f"partner_incentive_base.demo_user_{name}", raise_if_not_found=False
            )
            for name in ("finance", "controller")
        )
        if not (finance and controller):
            return
        nets = self.env["partner.safety.net"].search(
            [("company_id", "=", self.env.company.id), ("state", "=", "proposed")]
        )
        for net in nets.with_user(finance):
            if "active" not in net.sudo().partner_id.enrollment_ids.mapped("state"):
                net.reason = "The partner has left the program."
                net.action_dismiss()
                continue
            net.action_submit()
            net.adjustment_id.with_user(controller).action_approve()

    @api.model
    def _create_extras(self, stories, setup, today):
        """What people would have done about it so far."""
        self._submit_safety_nets()
        self._accrue_renewals(today)
        self._create_account_plan(stories["rising"], today)
        rising = stories["rising"]
        cards = rising.scorecard_ids.sorted("date_to")
        review = self.env["partner.business.review"].create(
            {
                "name": "Quarterly review",
                "partner_id": rising.id,
                **self._prepare_owner(),
                "date": fields.Datetime.now() + timedelta(days=7),
                "scorecard_id": cards[-2:-1].id,
            }
        )
        review.action_fill_agenda()
        self.env["partner.announcement"].create(
            {
                "name": "Deployment quality weighs more",
                "reason": "Customers whose branch went live by the playbook stay.",
                "body": "<p>From this year on, the quality of deployments makes up 30 %"
                " of the score.</p>",
                "policy_id": setup["policy"].id,
                "asks_proposals": True,
                "state": "published",
                "date": today,
            }
        )
        self.env["partner.enablement.session"].create(
            {
                "name": "Playbook workshop",
                **self._prepare_owner(),
                "date": fields.Datetime.now() + timedelta(days=14),
                "duration": 2,
                "location": "Online",
                "seats": 40,
            }
        )

    @api.model
    def _accrue_renewals(self, today):
        """Book what the contracts that were renewed earn, by the year."""
        offer = self.env.ref(
            "partner_rebate.demo_offer_renewal", raise_if_not_found=False
        )
        finance = self.env.ref(
            "partner_incentive_base.demo_user_finance", raise_if_not_found=False
        )
        if not (offer and finance) or offer.company_id != self.env.company:
            return
        Run = self.env["partner.incentive.run"].with_user(finance)
        for day in (today.replace(month=1, day=1) - timedelta(days=1), today):
            Run.with_context(
                allowed_company_ids=self.env.company.ids, ir_sequence_date=day
            ).accrue(offer.ids, day)

    @api.model
    def _prepare_owner(self):
        """The channel manager of the demo data, where they are there."""
        owner = self.env.ref(
            "partner_incentive_base.demo_user_channel", raise_if_not_found=False
        )
        return {"user_id": owner.id} if owner else {}

    @api.model
    def _create_account_plan(self, partner, today):
        """What the rising one and the vendor want to reach together."""
        month = fields.Date.start_of(today, "month")
        plan = self.env["partner.account.plan"].create(
            {
                "name": "Hospitals and clinics",
                "partner_id": partner.id,
                **self._prepare_owner(),
                "date_from": month - relativedelta(months=4),
                "date_to": month + relativedelta(months=8, days=-1),
                "objective_ids": [
                    Command.create(
                        {
                            "name": "Two hospitals on the branch network",
                            "measure": "Both are live by the playbook",
                            "date_due": month + relativedelta(months=3),
                        }
                    ),
                    Command.create(
                        {
                            "name": "Two more engineers certified",
                            "measure": "Passed, and on a project",
                            "date_due": month + relativedelta(months=1),
                        }
                    ),
                ],
                "right_ids": [
                    Command.create({"name": "Design of the network"}),
                    Command.create({"name": "Prices above the usual discount"}),
                ],
                "forecast_ids": [
                    Command.create(
                        {
                            "date": month + relativedelta(months=number),
                            "vendor_amount": 14000 + 900 * number,
                            "partner_amount": 16000 + 1100 * number,
                            "amount": 15000 + 1000 * number,
                        }
                    )
                    for number in range(-4, 4)
                ],
                "risk_ids": [
                    Command.create(
                        {
                            "name": "The tender of the canton is late",
                            "answer": "Start with the private clinics",
                        }
                    )
                ],
            }
        )
        plan.action_propose()
