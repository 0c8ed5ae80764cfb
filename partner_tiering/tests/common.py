"""A vendor with tiers, a policy, and short words for what partners do."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

from odoo.addons.partner_incentive_base.measures.measure import Measure
from odoo.addons.partner_incentive_base.tests.common import IncentiveCommon

#: metric: (weight, floor, target)
PARTS = {
    "renewal_rate": (40, 50, 90),
    "deployment_quality": (30, 40, 90),
    "time_to_value": (20, 120, 60),
    "certifications": (10, 0, 3),
}


class TieringCommon(IncentiveCommon):
    """Policy of quarters with three tiers; nothing is scored yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bronze, cls.silver, cls.gold = cls.env["res.partner.grade"].create(
            [
                {"name": name, "sequence": sequence, "company_id": False}
                for name, sequence in (("Bronze", 3), ("Silver", 2), ("Gold", 1))
            ]
        )
        cls.company.incentive_baseline_grade_id = cls.bronze
        cls.customer = cls.env["res.partner"].create(
            {"name": "Customer", "is_company": True, "email": "it@customer.example"}
        )
        cls.plan_product, cls.care_product = cls.env["product.product"].create(
            [
                {"name": name, "incentive_recurring": True, "taxes_id": False}
                for name in ("Support Plan", "Care Plan")
            ]
        )
        cls.playbook = cls.env["partner.deployment.playbook"].create(
            {
                "name": "Branch",
                "target_days": 60,
                "item_ids": [
                    Command.create({"name": "Architecture", "weight": 3}),
                    Command.create({"name": "Configuration", "weight": 1}),
                ],
            }
        )
        cls.program_1 = cls.env["partner.certification.program"].create(
            {"name": "Engineer", "validity_months": 24}
        )

    @classmethod
    def _metric(cls, code):
        return cls.env.ref(f"partner_tiering.metric_{code}")

    @classmethod
    def _create_policy(cls, publish=True, parts=None, **values):
        parts = PARTS if parts is None else parts
        levels = values.pop(
            "levels",
            [
                (cls.bronze, 0, False, {}),
                (cls.silver, 50, False, {}),
                (cls.gold, 70, True, {"certifications": 1}),
            ],
        )
        policy = cls.env["partner.tier.policy"].create(
            {
                "name": "Tiers",
                "company_id": cls.company.id,
                "date_from": date(2026, 1, 1),
                "small_metric_id": cls._metric("revenue").id,
                "minimum_peers": 2,
                "line_ids": [
                    Command.create(
                        {
                            "metric_id": cls._metric(code).id,
                            "weight": weight,
                            "floor": floor,
                            "target": target,
                            "minimum_cases": 0 if code == "certifications" else 2,
                        }
                    )
                    for code, (weight, floor, target) in parts.items()
                ],
                "level_ids": [
                    Command.create(
                        {
                            "sequence": 10 * place,
                            "grade_id": grade.id,
                            "minimum_score": score,
                            "every_part": every_part,
                            "requirement_ids": [
                                Command.create(
                                    {"metric_id": cls._metric(code).id, "bound": bound}
                                )
                                for code, bound in needed.items()
                            ],
                        }
                    )
                    for place, (grade, score, every_part, needed) in enumerate(levels)
                ],
                **values,
            }
        )
        if publish:
            policy.sudo().action_submit()
            policy.sudo().action_publish()
        return policy

    @classmethod
    def _create_partner(cls, name, grade=None, since=date(2024, 1, 1), **values):
        """Enrolled, and with its tier, or the baseline tier, since a day."""
        dated = cls.env(context={**cls.env.context, "incentive_grade_date": since})
        partner = dated["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "grade_id": (grade or cls.bronze).id,
                **values,
            }
        )
        partner = partner.with_env(cls.env)
        cls._enroll(partner, date_from=since)
        return partner

    @classmethod
    def _give_tier(cls, partner, grade, day):
        partner.with_context(incentive_grade_date=day).grade_id = grade

    @classmethod
    def _contract(cls, partner, end, outcome=None, amount=1000, **values):
        """A year's contract: ``renewed``, ``churned`` or still running."""
        contract = cls.env["partner.customer.contract"].create(
            {
                "company_id": cls.company.id,
                "customer_id": cls.customer.id,
                "partner_id": partner.id,
                "product_id": cls.plan_product.id,
                "date_start": end - relativedelta(years=1) + timedelta(days=1),
                "date_end": end,
                "recurring_amount": amount,
                "currency_id": cls.company.currency_id.id,
                **values,
            }
        )
        if outcome == "renewed":
            contract.action_renew()
        elif outcome == "churned":
            contract.action_churn("Lost to another vendor")
        return contract

    @classmethod
    def _deploy(cls, partner, live, days=30, done=2, rating=None, **values):
        """A live deployment; ``done`` of the two items of the playbook are ticked."""
        deployment = cls.env["partner.deployment"].create(
            {
                "name": f"Deployment {live}",
                "company_id": cls.company.id,
                "partner_id": partner.id,
                "customer_id": cls.customer.id,
                "playbook_id": cls.playbook.id,
                "date_start": live - timedelta(days=days),
                "date_live": live,
                **values,
            }
        )
        deployment.check_ids[:done].write({"done": True})
        deployment.sudo().write({"state": "started"})
        deployment.sudo().write({"state": "live"})
        if rating:
            deployment.rating_apply(rating, token=deployment._rating_get_access_token())
        return deployment

    @classmethod
    def _certify(cls, partner, day, count=1, program=None):
        people = cls.env["res.partner"].create(
            [
                {"name": f"Engineer {number}", "parent_id": partner.id}
                for number in range(count)
            ]
        )
        return cls.env["partner.certification"].create(
            [
                {
                    "person_id": person.id,
                    "program_id": (program or cls.program_1).id,
                    "date_issue": day,
                    "state": "passed",
                }
                for person in people
            ]
        )

    @classmethod
    def _measure_invoices(cls):
        """Register invoices as a measure, so that tests need the base alone."""
        measures = cls.env.registry["partner.incentive.measure"]
        original = measures._get_measures

        def get_measures(self):
            return original(self) | {
                "test_invoiced": Measure(
                    "test_invoiced",
                    "Invoices",
                    "amount",
                    self._invoice_source,
                    "account.move.line",
                    "account.move",
                )
            }

        cls.classPatch(measures, "_get_measures", get_measures)

    @classmethod
    def _refresh(cls, policy, day, partners=None):
        cls.env["partner.scorecard"].sudo()._refresh(
            policy, day, partners.ids if partners else None
        )

    @classmethod
    def _card(cls, partner, end=date(2026, 3, 31)):
        return cls.env["partner.scorecard"].search(
            [("partner_id", "=", partner.id), ("date_to", "=", end)]
        )

    @classmethod
    def _close(cls, policy, end):
        return cls.env["partner.scorecard"].sudo()._close(policy, end)

    def _snapshot(self, cards):
        """Everything that a scorecard says, as plain values."""
        self.env.flush_all()
        self.env.invalidate_all()
        names = (
            "grade_id",
            "reached_grade_id",
            "qualified_grade_id",
            "score",
            "has_score",
            "coverage",
            "all_positive",
            "percentile",
            "previous_score",
            "as_of",
            "is_small",
        )
        line_names = (
            "value",
            "points",
            "cases",
            "numerator",
            "denominator",
            "weight",
            "floor",
            "target",
            "percentile",
            "verdict",
        )
        return {
            (card.partner_id.id, card.date_to): (
                tuple(card[name] for name in names),
                {
                    line.metric_id.code: tuple(line[name] for name in line_names)
                    for line in card.line_ids
                },
            )
            for card in cards
        }
