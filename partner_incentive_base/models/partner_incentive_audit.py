import random

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain

COMPLIANCE = "partner_incentive_base.group_incentive_compliance"
CONTENT_FIELDS = {"date_from", "date_to", "offer_ids", "percent", "company_id"}
DECIDED = ("approved", "scheduled", "paid")


class PartnerIncentiveAudit(models.Model):
    """A sample of decided claims that compliance looks at again.

    Claims are drawn by chance from those of a period, each as likely as any other, so
    that the pass rate stands for all of them. The seed is kept: whoever doubts the
    sample can draw it again. What fails is proposed as a clawback.

    ====== ========== ======= =====================================================
    Action Who        From    Restriction
    ====== ========== ======= =====================================================
    draw   Compliance draft   claims that the user approved are left out
    close  Compliance running every claim has a result
    ====== ========== ======= =====================================================
    """

    _name = "partner.incentive.audit"
    _description = "Incentive Claim Audit"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
        "partner.incentive.numbered.mixin",
    ]
    _order = "date_to desc, id desc"
    _check_company_auto = True
    _process_fields = frozenset({"state", "seed", "population", "line_ids"})

    name = fields.Char(string="Number", default="/", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    date_from = fields.Date(
        string="Decided from",
        required=True,
        default=lambda self: fields.Date.start_of(
            fields.Date.context_today(self), "quarter"
        ),
    )
    date_to = fields.Date(
        string="Decided until",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )
    offer_ids = fields.Many2many(
        "partner.incentive.offer", string="Offers", help="Empty: all offers."
    )
    percent = fields.Float(
        string="Sample",
        digits=(16, 2),
        default=10.0,
        required=True,
        help="Percentage of the claims that is drawn, one at least.",
    )
    user_id = fields.Many2one(
        "res.users", string="Auditor", default=lambda self: self.env.user
    )
    state = fields.Selection(
        [("draft", "Draft"), ("running", "Running"), ("closed", "Closed")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    seed = fields.Char(readonly=True, copy=False)
    population = fields.Integer(
        string="Claims in the period", readonly=True, copy=False
    )
    line_ids = fields.One2many(
        "partner.incentive.audit.line", "audit_id", string="Sampled claims", copy=False
    )
    sample_count = fields.Integer(compute="_compute_pass_rate", store=True)
    passed_count = fields.Integer(
        string="Passed", compute="_compute_pass_rate", store=True
    )
    pass_rate = fields.Float(
        compute="_compute_pass_rate",
        store=True,
        aggregator="avg",
        help="Percentage of the claims with a result that passed.",
    )

    _percent_range = models.Constraint(
        "CHECK (percent > 0 AND percent <= 100)",
        "The sample is between 0 and 100 percent.",
    )

    @api.depends("line_ids.result")
    def _compute_pass_rate(self):
        for audit in self:
            decided = audit.line_ids.filtered("result")
            passed = decided.filtered(lambda line: line.result == "passed")
            audit.sample_count = len(audit.line_ids)
            audit.passed_count = len(passed)
            audit.pass_rate = 100 * len(passed) / len(decided) if decided else 0.0

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for audit in self:
            if audit.date_to < audit.date_from:
                raise ValidationError(
                    self.env._("The period ends before it starts. Correct a date.")
                )

    def write(self, vals):
        if not self._is_in_process():
            # what was found with each claim of the sample comes through its lines
            if (self._process_fields - {"line_ids"}) & set(vals):
                raise AccessError(
                    self.env._("Use the buttons of the audit to change its state.")
                )
            if CONTENT_FIELDS & set(vals) and any(
                audit.state != "draft" for audit in self
            ):
                raise UserError(
                    self.env._("The sample is drawn; make another audit instead.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_drawn(self):
        if any(audit.state != "draft" for audit in self):
            raise UserError(self.env._("An audit whose sample was drawn is kept."))

    def _check_compliance(self):
        self._check_group(
            COMPLIANCE, message=self.env._("Only compliance audits claims.")
        )

    def _get_claim_domain(self):
        """Claims that can be drawn: decided in the period, and not by the auditor."""
        domain = (
            Domain("company_id", "=", self.company_id.id)
            & Domain("state", "in", DECIDED)
            & Domain("decided_on", ">=", self.date_from)
            & Domain("decided_on", "<", fields.Date.add(self.date_to, days=1))
            & Domain("approved_by", "!=", self.env.uid)
        )
        if self.offer_ids:
            domain &= Domain("offer_id", "in", self.offer_ids.ids)
        return domain

    def action_draw(self):
        """Draw the sample."""
        self._check_compliance()
        for audit in self:
            if audit.state != "draft":
                raise UserError(self.env._("The sample of %s is drawn.", audit.name))
            claims = self.env["partner.incentive.claim"].search(
                audit._get_claim_domain(), order="id"
            )
            if not claims:
                raise UserError(
                    self.env._(
                        "No claim was decided in this period by somebody else than you."
                    )
                )
            seed = f"{random.SystemRandom().getrandbits(64):016x}"
            size = max(1, round(len(claims) * audit.percent / 100))
            drawn = random.Random(seed).sample(claims.ids, size)
            audit._transition(
                "running",
                seed=seed,
                population=len(claims),
                line_ids=[Command.create({"claim_id": each}) for each in sorted(drawn)],
            )

    def action_close(self):
        """Close the audit; what failed is proposed as a clawback."""
        self._check_compliance()
        for audit in self:
            if audit.state != "running":
                raise UserError(self.env._("%s is not running.", audit.name))
            if not all(audit.line_ids.mapped("result")):
                raise UserError(
                    self.env._("Give every claim of %s a result first.", audit.name)
                )
            audit.line_ids._propose_clawbacks()
        self._transition("closed")

    def action_view_clawbacks(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_clawback_action"
        )
        action["domain"] = [("id", "in", self.line_ids.clawback_id.ids)]
        action["context"] = {}
        return action
