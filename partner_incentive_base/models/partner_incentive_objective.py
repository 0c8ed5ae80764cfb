from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

OBJECTIVE_KINDS = [
    ("sourced_revenue", "Sourced revenue"),
    ("influenced_revenue", "Influenced revenue"),
    ("new_logos", "New logos"),
    ("product_attach", "Product attach"),
    ("arr_growth", "ARR growth"),
    ("renewals", "Renewals"),
    ("deployment_quality", "Deployment quality"),
    ("market_entry", "Market entry"),
    ("other", "Other"),
]
#: Share of a guardrail, in percent, from which on it is *near*.
NEAR_PERCENT = 80


class PartnerIncentiveObjective(models.Model):
    """Why money is spent: the result that the company wants from its partners.

    Figures are live, for the companies the user has chosen, and of each company's
    present fiscal year:

    - volume: the documents of the year that its offers pay on, each sale once, however
      many of them count it.
    - cost: what partners earned under its offers, by accounting date. The cost of an
      offer that serves several objectives counts in full for each of them.

    Amounts are converted at the rate of their dates into the objective's currency.
    """

    _name = "partner.incentive.objective"
    _description = "Incentive Objective"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(index=True)
    kind = fields.Selection(OBJECTIVE_KINDS, required=True, default="sourced_revenue")
    behaviour = fields.Text(
        translate=True,
        string="Behaviour it asks for",
        help="What a partner does differently when this objective works.",
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: shared by all companies."
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    goal_ids = fields.One2many(
        "partner.incentive.objective.goal", "objective_id", string="Goals", copy=True
    )
    guardrail_percent = fields.Float(
        string="Highest share of volume",
        digits=(16, 2),
        tracking=True,
        help="Cost, in percent of the volume it earns on. 0: no limit.",
    )
    guardrail_amount = fields.Monetary(
        string="Highest cost per fiscal year",
        tracking=True,
        help="0: no limit.",
    )
    program_ids = fields.Many2many(
        "partner.incentive.program", "partner_incentive_program_objective_rel"
    )
    offer_ids = fields.Many2many(
        "partner.incentive.offer", "partner_incentive_offer_objective_rel"
    )
    offer_count = fields.Integer(string="Offers", compute="_compute_offer_count")
    volume = fields.Monetary(
        compute="_compute_figures",
        help="Sales of the fiscal year that its offers pay on, each sale once.",
    )
    cost = fields.Monetary(compute="_compute_figures")
    cost_percent = fields.Float(
        string="Cost in % of volume", compute="_compute_figures", digits=(16, 2)
    )
    goal_amount = fields.Monetary(
        string="Goal",
        compute="_compute_figures",
        help="Sum of the goals of all enrolled partners, each by its tier.",
    )
    attainment = fields.Float(
        string="Attainment (%)", compute="_compute_figures", digits=(16, 1)
    )
    sourced_arr = fields.Monetary(
        string="Partner-sourced ARR",
        compute="_compute_sourced_arr",
        help="Amount per year of the new customer contracts that began in the fiscal "
        "year and that partners of the objective's programs sourced.",
    )
    attach_invoices = fields.Integer(
        string="Invoices for the attach rate",
        compute="_compute_attach_rate",
        help="Invoices of the fiscal year to partners of the objective's programs.",
    )
    attach_rate = fields.Float(
        string="Attach rate (%)",
        compute="_compute_attach_rate",
        digits=(16, 1),
        help="Of these invoices, those with a product that an offer of the objective "
        "names to earn on.",
    )
    guardrail_state = fields.Selection(
        [("ok", "Within"), ("near", "Near the limit"), ("over", "Over the limit")],
        string="Guardrail",
        compute="_compute_figures",
    )

    _guardrails_positive = models.Constraint(
        "CHECK (guardrail_percent >= 0 AND guardrail_amount >= 0)",
        "A guardrail cannot be negative.",
    )

    def _compute_offer_count(self):
        counts = defaultdict(int)
        for objectives, count in self.env["partner.incentive.offer"]._read_group(
            [("objective_ids", "in", self.ids)], ["objective_ids"], ["__count"]
        ):
            counts[objectives.id] = count
        for objective in self:
            objective.offer_count = counts[objective.id]

    @api.depends_context("allowed_company_ids")
    @api.depends(
        "currency_id",
        "guardrail_percent",
        "guardrail_amount",
        "goal_ids.amount",
        "goal_ids.grade_id",
    )
    def _compute_figures(self):
        years = self._get_fiscal_years()
        volumes = self._read_volumes(years)
        costs = self._read_costs(years)
        for objective in self:
            volume = objective._convert(volumes[objective.id])
            cost = objective._convert(costs[objective.id])
            goal = objective._get_goal_amount(years)
            objective.volume = volume
            objective.cost = cost
            objective.cost_percent = 100 * cost / volume if volume else 0
            objective.goal_amount = goal
            objective.attainment = 100 * volume / goal if goal else 0
            objective.guardrail_state = objective._get_guardrail_state(volume, cost)

    def _get_fiscal_years(self):
        """``{company: (first day, last day)}`` of the present fiscal years."""
        today = fields.Date.context_today(self)
        years = {}
        for company in self.env.companies:
            dates = company.compute_fiscalyear_dates(today)
            years[company] = (dates["date_from"], dates["date_to"])
        return years

    @api.depends_context("allowed_company_ids")
    @api.depends("currency_id", "program_ids", "offer_ids.program_id")
    def _compute_sourced_arr(self):
        domain = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("date", ">=", start)
            & Domain("date", "<=", end)
            for company, (start, end) in self._get_fiscal_years().items()
        )
        amounts = defaultdict(list)
        for program, company, day, amount in self.env[
            "partner.incentive.attribution.report"
        ]._read_group(
            Domain("sourced_arr", "!=", 0) & domain,
            ["program_id", "company_id", "date:day"],
            ["sourced_arr:sum"],
        ):
            amounts[program].append((amount, company.currency_id, company, day))
        for objective in self:
            objective.sourced_arr = objective._convert(
                amount
                for program in objective._get_programs()
                for amount in amounts[program]
            )

    @api.depends_context("allowed_company_ids")
    @api.depends("program_ids", "offer_ids.program_id", "offer_ids.state")
    def _compute_attach_rate(self):
        years = self._get_fiscal_years()
        for objective in self:
            products = objective._get_attached_lines()
            invoices = attached = 0
            for company, (start, end) in years.items() if products else ():
                lines = Domain(
                    [
                        ("company_id", "=", company.id),
                        ("parent_state", "=", "posted"),
                        ("display_type", "=", "product"),
                        ("move_id.move_type", "=", "out_invoice"),
                        ("move_id.incentive_document", "=", False),
                        ("move_id.invoice_date", ">=", start),
                        ("move_id.invoice_date", "<=", end),
                        (
                            "partner_id",
                            "in",
                            objective._get_enrolled_partners(company).ids,
                        ),
                    ]
                )
                invoices += objective._count_invoices(lines)
                attached += objective._count_invoices(lines & products)
            objective.attach_invoices = invoices
            objective.attach_rate = 100 * attached / invoices if invoices else 0

    def _get_programs(self):
        """Programs that serve the objective, themselves or by an offer."""
        self.ensure_one()
        return self.program_ids | self._get_offers().program_id

    def _get_attached_lines(self):
        """Domain of the invoice lines that its offers name to earn on, or None."""
        self.ensure_one()
        domains = []
        for offer in self._get_offers():
            rules = offer._get_published_versions()[-1:]._get_rules("earning")
            if rules._get_line_domain() is not None:
                domains.append(rules._get_line_domain())
            elif rules._get_product_domain() is not None:
                domains.append(Domain("product_id", "any", rules._get_product_domain()))
        return Domain.OR(domains) if domains else None

    def _count_invoices(self, lines):
        # A count tells nothing of the invoices, which not every user may read.
        return (
            self.env["account.move.line"]
            .sudo()
            ._read_group(lines, [], ["move_id:count_distinct"])[0][0]
        )

    def _get_offers(self):
        return self.env["partner.incentive.offer"].search(
            [
                ("objective_ids", "in", self.ids),
                ("company_id", "in", self.env.companies.ids),
            ]
        )

    def _read_costs(self, years):
        """``{objective id: [(amount, currency, company, date)]}``."""
        offers = self._get_offers()
        domain = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("date", ">=", start)
            & Domain("date", "<=", end)
            for company, (start, end) in years.items()
        )
        rows = self.env["partner.incentive.entry"]._read_group(
            Domain("offer_id", "in", offers.ids) & domain,
            ["offer_id", "company_id", "date:day"],
            ["earned_balance:sum"],
        )
        return self._by_objective(
            (offer, amount, company.currency_id, company, day)
            for offer, company, day, amount in rows
        )

    @api.model
    def _by_objective(self, rows):
        amounts = defaultdict(list)
        for offer, *amount in rows:
            for objective_id in offer.objective_ids.ids:
                amounts[objective_id].append(amount)
        return amounts

    def _convert(self, amounts):
        """Sum of ``(amount, currency, company, date)`` in the objective's currency."""
        self.ensure_one()
        return self.currency_id.round(
            sum(
                currency._convert(amount, self.currency_id, company, day, round=False)
                for amount, currency, company, day in amounts
            )
        )

    def _get_goal_amount(self, years):
        """What all enrolled partners together should reach in a year."""
        self.ensure_one()
        if not self.goal_ids:
            return 0
        by_grade = {goal.grade_id: goal for goal in self.goal_ids}
        amounts = []
        for company, (start, _end) in years.items():
            for partner in self._get_enrolled_partners(company):
                goal = by_grade.get(
                    partner.grade_id, by_grade.get(self.env["res.partner.grade"])
                )
                if goal:
                    amounts.append((goal.amount, goal.currency_id, company, start))
        return self._convert(amounts)

    def _get_enrolled_partners(self, company):
        """Partners enrolled in a program of ``company`` that serves the objective."""
        programs = self._get_offers().program_id | self.program_ids
        groups = self.env["partner.incentive.enrollment"]._read_group(
            [
                ("program_id", "in", programs.ids),
                ("company_id", "=", company.id),
                ("state", "=", "active"),
            ],
            [],
            ["partner_id:recordset"],
        )
        return groups[0][0]

    def _get_guardrail_state(self, volume, cost):
        """Worst of the two guardrails; cost without any volume is over its share."""
        self.ensure_one()
        used = []
        if self.guardrail_amount:
            used.append(100 * cost / self.guardrail_amount)
        if self.guardrail_percent:
            allowed = volume * self.guardrail_percent / 100
            if allowed > 0:
                used.append(100 * cost / allowed)
            elif cost > 0:
                used.append(float("inf"))
        highest = max(used, default=0)
        if fields.Float.compare(highest, 100, precision_digits=6) > 0:
            return "over"
        return "near" if highest >= NEAR_PERCENT else "ok"

    def action_view_offers(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.offer",
            "view_mode": "list,kanban,form",
            "domain": [("objective_ids", "in", self.ids)],
            "name": self.env._("Offers"),
            "context": {"default_objective_ids": self.ids},
        }
