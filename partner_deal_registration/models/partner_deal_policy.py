from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: Days of protection, where no terms say anything.
DEFAULT_DAYS = 90
#: Fields that a policy can ask for, besides partner, customer and products.
REQUIRABLE = (
    "customer_vat",
    "customer_website",
    "customer_email",
    "customer_phone",
    "customer_street",
    "customer_city",
    "customer_country_id",
    "customer_contact",
    "line_ids",
    "expected_value",
    "expected_close_date",
    "competition",
    "engagement",
    "attachment_ids",
    "note",
)
DEFAULT_REQUIRED = (
    "customer_city",
    "customer_country_id",
    "customer_contact",
    "line_ids",
    "expected_value",
    "expected_close_date",
    "engagement",
)


class PartnerDealPolicy(models.Model):
    """Rules by which the deals of a program, or of a whole company, are registered."""

    _name = "partner.deal.policy"
    _description = "Deal Registration Policy"
    _order = "company_id, program_id, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    program_id = fields.Many2one(
        "partner.incentive.program",
        index="btree_not_null",
        check_company=True,
        ondelete="cascade",
        help="Empty for every program that has no policy of its own.",
    )
    required_field_ids = fields.Many2many(
        "ir.model.fields",
        string="Required fields",
        domain=lambda self: [
            ("model", "=", "partner.deal.registration"),
            ("name", "in", REQUIRABLE),
        ],
        default=lambda self: self._default_required_fields(),
        help="What a partner has to fill in before a deal can be submitted.",
    )
    late_rule = fields.Selection(
        [
            ("refuse", "Refused"),
            ("flag", "Flagged for the reviewer"),
            ("allow", "Allowed"),
        ],
        string="After a quotation was sent",
        default="flag",
        required=True,
        help="A deal that is registered after the customer has a quotation already.",
    )
    recent_order_days = fields.Integer(
        string="Recent orders",
        default=365,
        help="Days back in which orders of the customer are shown to the reviewer.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working hours",
        check_company=True,
        help="Hours in which the time to decide runs; the company's by default.",
    )
    decide_hours = fields.Float(
        string="Decide within",
        default=16.0,
        help="Working hours to a decision, without the time that the partner takes.",
    )
    remind_percent = fields.Float(
        string="Remind at (%)",
        default=75.0,
        help="Part of the time after which the reviewer is reminded.",
    )
    escalation_user_ids = fields.Many2many(
        "res.users",
        "partner_deal_policy_escalation_rel",
        string="Escalate to",
        domain="[('share', '=', False)]",
        help="The first takes over when the time is up, then the next.",
    )
    auto_approve = fields.Boolean(
        string="Approve at the limit",
        help="Deals of low risk that nobody decided in time are approved: complete, "
        "below the value, without a sign of conflict.",
    )
    auto_approve_value = fields.Monetary(string="Up to", default=25000.0)
    currency_id = fields.Many2one(related="company_id.currency_id")
    conversion_percent = fields.Float(
        string="Converted from (%)",
        default=80.0,
        help="Part of the expected value that must be ordered for the deal to be "
        "converted; less is a partial conversion.",
    )
    passed_lead_hours = fields.Float(
        string="Answer a lead within",
        default=16.0,
        help="Working hours in which a partner accepts or declines a lead.",
    )
    term_ids = fields.One2many("partner.deal.tier.term", "policy_id", copy=True)
    route_ids = fields.One2many("partner.deal.route", "policy_id", copy=True)

    _company_default = models.UniqueIndex(
        "(company_id, COALESCE(program_id, 0)) WHERE active",
        "There is a policy for this program already.",
    )

    @api.model
    def _default_required_fields(self):
        return self.env["ir.model.fields"].search(
            [
                ("model", "=", "partner.deal.registration"),
                ("name", "in", DEFAULT_REQUIRED),
            ]
        )

    @api.constrains("decide_hours", "passed_lead_hours")
    def _check_hours(self):
        for policy in self:
            if policy.decide_hours <= 0 or policy.passed_lead_hours <= 0:
                raise ValidationError(
                    self.env._("%s needs more than zero hours.", policy.name)
                )

    @api.model
    def _create_default(self, companies):
        """Make the general policy of companies that have none."""
        Policy = self.sudo().with_context(active_test=False)
        done = Policy.search([("program_id", "=", False)]).company_id
        return Policy.create(
            [
                {
                    "name": self.env._("Deals of %s", company.name),
                    "company_id": company.id,
                    "term_ids": [(0, 0, {"protection_days": DEFAULT_DAYS})],
                }
                for company in companies - done
            ]
        )

    @api.model
    def _get_for(self, company, program):
        """Policy of a program, else the general one of the company."""
        policies = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("program_id", "in", [program.id, False]),
            ]
        )
        own = policies.filtered("program_id")
        return (own or policies or self._create_default(company))[:1]

    def _get_calendar(self):
        self.ensure_one()
        return self.calendar_id or self.company_id.resource_calendar_id

    def _get_days(self, code, partner, day):
        """Days that a partner is protected: ``protection_days`` of a registered deal,
        or ``renewal_protection`` of its own renewals.

        Terms that name the partner's tier decide; else what the tier brings as a
        benefit; else the terms of every tier.
        """
        self.ensure_one()
        term = self._get_term(partner.grade_id)
        days = {
            "protection_days": term.protection_days if term else DEFAULT_DAYS,
            "renewal_protection": term.renewal_days,
        }[code]
        if term.grade_id:
            return days
        return int(
            self.env["partner.incentive.benefit"]._get_value(
                code, partner.commercial_partner_id, day, self.company_id, days
            )
        )

    def _get_term(self, grade):
        """Terms of a tier, else those of every tier; an empty record has defaults."""
        self.ensure_one()
        own = self.term_ids.filtered(lambda term: term.grade_id == grade)
        return (own or self.term_ids.filtered(lambda term: not term.grade_id))[:1]
