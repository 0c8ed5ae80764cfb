from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    incentive_journal_id = fields.Many2one(
        related="company_id.incentive_journal_id", readonly=False
    )
    incentive_self_billing_journal_id = fields.Many2one(
        related="company_id.incentive_self_billing_journal_id", readonly=False
    )
    incentive_accrued_account_id = fields.Many2one(
        related="company_id.incentive_accrued_account_id", readonly=False
    )
    incentive_holdback_account_id = fields.Many2one(
        related="company_id.incentive_holdback_account_id", readonly=False
    )
    incentive_contra_revenue_account_id = fields.Many2one(
        related="company_id.incentive_contra_revenue_account_id", readonly=False
    )
    incentive_expense_account_id = fields.Many2one(
        related="company_id.incentive_expense_account_id", readonly=False
    )
    incentive_product_id = fields.Many2one(
        related="company_id.incentive_product_id", readonly=False
    )
    incentive_approval_threshold = fields.Monetary(
        related="company_id.incentive_approval_threshold",
        currency_field="incentive_currency_id",
        readonly=False,
    )
    incentive_reported_date = fields.Date(
        related="company_id.incentive_reported_date", readonly=False
    )
    incentive_accrue_on_posting = fields.Boolean(
        related="company_id.incentive_accrue_on_posting", readonly=False
    )
    incentive_require_bank = fields.Boolean(
        related="company_id.incentive_require_bank", readonly=False
    )
    incentive_require_vat = fields.Boolean(
        related="company_id.incentive_require_vat", readonly=False
    )
    incentive_limit_overpay = fields.Boolean(
        related="company_id.incentive_limit_overpay", readonly=False
    )
    incentive_overpay_percent = fields.Float(
        related="company_id.incentive_overpay_percent", readonly=False
    )
    incentive_variance_percent = fields.Float(
        related="company_id.incentive_variance_percent", readonly=False
    )
    incentive_propose_settlements = fields.Boolean(
        related="company_id.incentive_propose_settlements", readonly=False
    )
    incentive_settlement_user_id = fields.Many2one(
        related="company_id.incentive_settlement_user_id", readonly=False
    )
    incentive_claim_days = fields.Integer(
        related="company_id.incentive_claim_days", readonly=False
    )
    incentive_auto_validate_limit = fields.Monetary(
        related="company_id.incentive_auto_validate_limit",
        currency_field="incentive_currency_id",
        readonly=False,
    )
    incentive_baseline_grade_id = fields.Many2one(
        related="company_id.incentive_baseline_grade_id", readonly=False
    )
    incentive_dispute_days = fields.Integer(
        related="company_id.incentive_dispute_days", readonly=False
    )
    incentive_dispute_answer_days = fields.Integer(
        related="company_id.incentive_dispute_answer_days", readonly=False
    )
    incentive_dispute_owner_id = fields.Many2one(
        related="company_id.incentive_dispute_owner_id", readonly=False
    )
    incentive_cutover_date = fields.Date(
        related="company_id.incentive_cutover_date", readonly=False
    )
    incentive_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Incentive currency"
    )

    def action_create_incentive_defaults(self):
        """Make accounts, journal and product that are not set yet."""
        self.company_id._create_incentive_defaults()
        self.company_id._check_incentive_setup()
        return {"type": "ir.actions.client", "tag": "reload"}
