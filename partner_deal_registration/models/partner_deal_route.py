from odoo import fields, models


class PartnerDealRoute(models.Model):
    """Who decides on which deals: the first route whose conditions all hold."""

    _name = "partner.deal.route"
    _description = "Deal Route"
    _order = "policy_id, sequence, id"
    _check_company_auto = True

    policy_id = fields.Many2one(
        "partner.deal.policy", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True)
    currency_id = fields.Many2one(related="policy_id.currency_id")
    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    segment_ids = fields.Many2many("partner.incentive.segment", string="Segments")
    grade_ids = fields.Many2many("res.partner.grade", string="Tiers")
    region_ids = fields.Many2many("partner.incentive.region", string="Regions")
    country_ids = fields.Many2many("res.country", string="Customer's countries")
    category_ids = fields.Many2many("product.category", string="Product categories")
    value_from = fields.Monetary(string="Value from")
    value_to = fields.Monetary(string="Value below", help="Zero for no limit.")
    user_id = fields.Many2one(
        "res.users", string="Reviewer", domain="[('share', '=', False)]"
    )
    team_id = fields.Many2one(
        "crm.team",
        check_company=True,
        help="Without a reviewer, the member with the fewest open deals gets it.",
    )
    decide_hours = fields.Float(
        string="Decide within", help="Working hours; zero for those of the policy."
    )

    def _matches(self, registration):
        """Whether all conditions hold for a registration."""
        self.ensure_one()
        partner = registration.partner_id
        value = registration.company_value
        regions = self.env["partner.incentive.region"].search(
            [("id", "child_of", self.region_ids.ids)]
        )
        categories = self.env["product.category"].search(
            [("id", "child_of", self.category_ids.ids)]
        )
        return all(
            (
                not self.grade_ids or partner.grade_id in self.grade_ids,
                not self.region_ids or partner.incentive_region_id in regions,
                not self.country_ids
                or registration.customer_country_id in self.country_ids,
                not self.category_ids
                or registration.line_ids.product_id.categ_id & categories,
                value >= self.value_from,
                not self.value_to or value < self.value_to,
                not self.segment_ids
                or any(
                    partner.filtered_domain(segment._get_partner_domain())
                    for segment in self.segment_ids
                ),
            )
        )

    def _get_reviewer(self, registration):
        """The reviewer, else the least busy member of the team."""
        self.ensure_one()
        if self.user_id or not self.team_id:
            return self.user_id
        members = self.team_id.member_ids.filtered(
            lambda user: user.has_group(
                "partner_incentive_base.group_incentive_manager"
            )
        )
        counts = dict(
            self.env["partner.deal.registration"]._read_group(
                [
                    ("state", "in", ("submitted", "conflict")),
                    ("user_id", "in", members.ids),
                ],
                ["user_id"],
                ["__count"],
            )
        )
        return members.sorted(lambda user: (counts.get(user, 0), user.id))[:1]
