from odoo.tests import tagged

from .common import TieringCommon


@tagged("post_install", "-at_install")
class TestDemo(TieringCommon):
    """Sixty partners with four stories in them: those are found, and nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stories = (
            cls.env["partner.tiering.demo"]
            .with_company(cls.company)
            .with_context(allowed_company_ids=cls.company.ids)
            ._create_history()
        )

    def _of_demo(self, model):
        return self.env[model].search([("company_id", "=", self.company.id)])

    def test_sixty_partners_and_a_year_of_closed_scorecards(self):
        cards = self._of_demo("partner.scorecard").filtered(
            lambda card: card.policy_id.name == "Partner tiers"
        )
        closed = cards.filtered(lambda card: card.state == "closed")
        quarters = set(closed.mapped("date_to"))
        self.assertEqual(len(quarters), 5)
        # with the two partners of the fixture, about whom nothing is known
        known = closed.filtered("has_score").partner_id
        self.assertEqual(len(known), 60)

    def test_the_right_ones_are_flagged_and_nobody_else(self):
        alerts = self._of_demo("partner.performance.alert")
        latest = max(alerts.mapped("date"))
        self.assertEqual(set(alerts.mapped("date")), {latest})
        flagged = {}
        for alert in alerts:
            flagged.setdefault(alert.partner_id, set()).add(
                (alert.kind, alert.metric_id.code)
            )
        self.assertEqual(
            set(flagged), {self.stories["drifting"], self.stories["gaming"]}
        )
        self.assertIn(("drift", "renewal_rate"), flagged[self.stories["drifting"]])
        self.assertEqual(flagged[self.stories["gaming"]], {("anomaly", "deployments")})
        self.assertTrue(all(alerts.mapped("explanation")))

    def test_the_right_one_moves_and_nobody_else(self):
        changes = self._of_demo("partner.tier.change")
        self.assertEqual(changes.partner_id, self.stories["rising"])
        self.assertEqual(changes.state, "recommended")
        self.assertEqual(changes.direction, "up")
        self.assertEqual(
            changes.to_grade_id, self.env.ref("partnership.res_partner_grade_data_gold")
        )

    def test_the_small_one_is_protected(self):
        small = self.stories["small"]
        card = small.scorecard_ids.filtered(lambda each: each.state == "closed")[:1]
        self.assertTrue(card.is_small)
        self.assertEqual(
            card.qualified_grade_id,
            self.env.ref("partnership.res_partner_grade_data_bronze"),
        )
        self.assertEqual(
            small.grade_id, self.env.ref("partnership.res_partner_grade_data_silver")
        )
        others = self._of_demo("partner.scorecard").filtered(
            lambda each: each.is_small and each.has_score
        )
        self.assertEqual(others.partner_id, small)

    def test_the_rules_are_measured_on_the_history(self):
        metric = self._metric("renewal_rate")
        self.assertGreater(metric.judged_count, 0)
        self.assertEqual(metric.false_alarm_count, 0)
        self.assertEqual(metric.false_alarm_rate, 0)
