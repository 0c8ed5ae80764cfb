from odoo import fields, models

from odoo.addons.partner_incentive_base.models.res_partner import INSIDERS

#: Of the stars that customers give.
RATING_RANGE = (1, 5)


class ResPartner(models.Model):
    _inherit = "res.partner"

    scorecard_ids = fields.One2many(
        "partner.scorecard", "partner_id", string="Scorecards", groups=INSIDERS
    )
    tier_score = fields.Float(
        string="Score",
        compute="_compute_tier_score",
        digits=(16, 1),
        groups=INSIDERS,
        help="Of the latest scorecard.",
    )
    scorecard_count = fields.Integer(compute="_compute_tier_score", groups=INSIDERS)
    deployment_count = fields.Integer(
        string="Deployments", compute="_compute_deployment_count", groups=INSIDERS
    )

    def _compute_tier_score(self):
        groups = self.env["partner.scorecard"]._read_group(
            [("partner_id", "in", self.ids)],
            ["partner_id"],
            ["id:recordset", "__count"],
        )
        found = {partner: (cards, count) for partner, cards, count in groups}
        for partner in self:
            cards, count = found.get(partner._origin, (None, 0))
            partner.scorecard_count = count
            latest = cards.sorted("date_to")[-1] if cards else None
            partner.tier_score = latest.score if latest and latest.has_score else 0

    def _compute_deployment_count(self):
        counts = dict(
            self.env["partner.deployment"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.deployment_count = counts.get(partner._origin, 0)

    def _get_satisfaction_scores(self, day):
        """What customers say, from 0 to 100, where enough did.

        The library's metric decides which answers count, of which time and how many
        are needed; 1 to 5 stars are 0 to 100.
        """
        scores = super()._get_satisfaction_scores(day)
        metric = self.env.ref(
            "partner_tiering.metric_satisfaction", raise_if_not_found=False
        )
        if not metric or not self:
            return scores
        figures = self.env["partner.scorecard.calculation"]._measure(
            metric.sudo(), self.env.company, day, self.ids
        )[metric.id]
        least, most = RATING_RANGE
        for partner_id, figure in figures.items():
            if figure.value is not None and figure.cases >= metric.sudo().minimum_cases:
                score = (float(figure.value) - least) / (most - least) * 100
                scores[partner_id] = round(score, 2)
        return scores

    def _action_view_own(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {"default_partner_id": self.id}
        return action

    def action_view_scorecards(self):
        return self._action_view_own("partner_tiering.partner_scorecard_action")

    def action_view_deployments(self):
        return self._action_view_own("partner_tiering.partner_deployment_action")
