from odoo import api, fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

    incentive_journal_id = fields.Many2one(
        "account.journal", domain="[('type', '=', 'general')]", check_company=True
    )
    incentive_self_billing_journal_id = fields.Many2one(
        "account.journal",
        string="Self-billing journal",
        domain="[('type', '=', 'purchase'), ('is_self_billing', '=', True)]",
        check_company=True,
        help="Purchase journal for bills that the company writes for partners who "
        "agreed to it, numbered for each of them. Empty: partners send their bills.",
    )
    incentive_accrued_account_id = fields.Many2one(
        "account.account", string="Accrued incentives", check_company=True
    )
    incentive_holdback_account_id = fields.Many2one(
        "account.account", string="Incentives held back", check_company=True
    )
    incentive_contra_revenue_account_id = fields.Many2one(
        "account.account", string="Reduction of revenue", check_company=True
    )
    incentive_expense_account_id = fields.Many2one(
        "account.account", string="Marketing expense", check_company=True
    )
    incentive_product_id = fields.Many2one(
        "product.product", string="Settlement product", check_company=True
    )
    incentive_approval_threshold = fields.Monetary(
        string="Approve payouts above",
        default=10000.0,
        currency_field="currency_id",
        help="A settlement above this amount is approved by one person and posted by "
        "another; so is what a deduction writes off above it.",
    )
    incentive_reported_date = fields.Date(
        string="Reported up to",
        help="Last day of the periods already reported. Booking into them is warned "
        "of; lock dates forbid it.",
    )
    incentive_accrue_on_posting = fields.Boolean(
        string="Accrue when an invoice is posted",
        help="Accruals are booked within minutes of a posting, not at night only.",
    )
    incentive_require_bank = fields.Boolean(
        string="Hold payouts without bank account",
        help="Vendor bills wait until the payee has a bank account.",
    )
    incentive_require_vat = fields.Boolean(
        string="Hold payouts without tax ID",
        help="Payouts wait until the payee has a tax ID.",
    )
    incentive_limit_overpay = fields.Boolean(
        string="Limit payouts above what is due",
        help="An amount entered by hand may exceed what is due by this much at most.",
    )
    incentive_overpay_percent = fields.Float(
        string="Above what is due, at most", digits=(16, 2)
    )
    incentive_variance_percent = fields.Float(
        string="Review payouts that deviate by",
        digits=(16, 2),
        help="A payout that differs by more than this percentage from the average of "
        "the last settlements of the same offer and partner, or from what is provided "
        "for it, is reviewed before it is posted. 0: no review.",
    )
    incentive_propose_settlements = fields.Boolean(
        string="Propose settlements",
        help="Whenever a settlement period of an offer has ended, its review window "
        "included, a proposal is made and finance gets an activity.",
    )
    incentive_settlement_user_id = fields.Many2one(
        "res.users",
        string="Settlement proposals for",
        help="Who gets the activity for a proposal.",
    )
    incentive_dispute_days = fields.Integer(
        string="Disputes within (days)",
        default=30,
        help="Days in which partners can dispute what is on their statement.",
    )
    incentive_dispute_answer_days = fields.Integer(
        string="Answer disputes within (working days)", default=10
    )
    incentive_dispute_owner_id = fields.Many2one(
        "res.users",
        string="Disputes go to",
        domain="[('share', '=', False)]",
        help="The offer's or program's owner where empty.",
    )
    incentive_claim_days = fields.Integer(
        string="Days to decide on a claim",
        default=5,
        help="From submission. A later claim is escalated to the owner of its program.",
    )
    incentive_auto_validate_limit = fields.Monetary(
        string="Validate claims automatically up to",
        currency_field="currency_id",
        help="A claim of at most this amount whose proof is complete and raises no "
        "doubt needs no validation by hand. Its approval stays with a manager.",
    )
    incentive_baseline_grade_id = fields.Many2one(
        "res.partner.grade",
        string="Baseline tier",
        help="Tier of enrolled partners that have no other.",
    )

    incentive_cutover_date = fields.Date(
        string="Cut-over date",
        help="First day whose documents count. Earlier ones earn nothing, unless an "
        "offer chooses so; what they came to is imported as opening balances. Empty: "
        "all documents count.",
    )

    def write(self, vals):
        if "incentive_cutover_date" in vals:
            day = fields.Date.to_date(vals["incentive_cutover_date"]) or False
            self.filtered(
                lambda company: company.incentive_cutover_date != day
            )._check_incentive_cutover()
        return super().write(vals)

    def _check_incentive_cutover(self):
        """What has been booked by one cut-over date is not moved by another."""
        for company in self:
            domain = [("company_id", "=", company.id)]
            for model in ("partner.incentive.entry", "partner.incentive.prior.volume"):
                if self.env[model].sudo().search_count(domain, limit=1):
                    raise UserError(
                        self.env._(
                            "%s has accruals or opening balances already, so its "
                            "cut-over date cannot change any more.",
                            company.name,
                        )
                    )

    # (field, default code, name, type): a code is a wish; the next free one is taken.
    _INCENTIVE_ACCOUNTS = (
        (
            "incentive_accrued_account_id",
            "218100",
            "Accrued Partner Incentives",
            "liability_current",
        ),
        (
            "incentive_holdback_account_id",
            "218200",
            "Partner Incentives Held Back",
            "liability_current",
        ),
        (
            "incentive_contra_revenue_account_id",
            "409100",
            "Partner Incentives (Reduction of Revenue)",
            "income",
        ),
        (
            "incentive_expense_account_id",
            "628100",
            "Partner Marketing Expense",
            "expense",
        ),
    )

    def _get_fiscal_first_month(self):
        """Month in which the company's fiscal year begins."""
        return int(self.fiscalyear_last_month) % 12 + 1

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        self.env["partner.incentive.readiness"]._create_missing(companies)
        return companies

    def _create_incentive_defaults(self):
        """Make the accounts, the journal and the product that are not set yet.

        They carry no external id: they belong to the company's books, so that
        uninstalling the suite leaves them, and what is posted on them, in peace.
        Companies without a chart of accounts are left alone.
        """
        for company in self:
            if not company.root_id._existing_accounting_defaults():
                continue
            company._create_incentive_accounts()
            company._create_incentive_journal()
            company._create_incentive_product()

    def _existing_accounting_defaults(self):
        """Whether the company has a chart of accounts to build on."""
        return bool(
            self.env["account.account"]
            .sudo()
            .search_count(
                [
                    *self.env["account.account"]._check_company_domain(self),
                    ("account_type", "=", "asset_receivable"),
                ],
                limit=1,
            )
        )

    def _create_incentive_accounts(self):
        Account = self.env["account.account"].sudo().with_company(self)
        for name, code, label, account_type in self._INCENTIVE_ACCOUNTS:
            if self[name]:
                continue
            account = Account.search(
                [
                    *Account._check_company_domain(self),
                    ("name", "=", label),
                    ("account_type", "=", account_type),
                ],
                limit=1,
            ) or Account.create(
                {
                    "name": label,
                    "code": Account._search_new_account_code(code),
                    "account_type": account_type,
                    "reconcile": account_type == "liability_current",
                    "company_ids": [(6, 0, self.root_id.ids)],
                }
            )
            self.sudo()[name] = account

    def _create_incentive_journal(self):
        Journal = self.env["account.journal"].sudo().with_company(self)
        if self.incentive_journal_id:
            return
        journal = Journal.search(
            [
                *Journal._check_company_domain(self),
                ("type", "=", "general"),
                ("code", "=", "INCTV"),
            ],
            limit=1,
        ) or Journal.create(
            {
                "name": self.env._("Partner Incentives"),
                "code": "INCTV",
                "type": "general",
                "company_id": self.id,
                "show_on_dashboard": False,
            }
        )
        self.sudo().incentive_journal_id = journal

    def _create_incentive_product(self):
        if self.incentive_product_id:
            return
        Product = self.env["product.product"].sudo().with_company(self)
        product = Product.search(
            [
                ("default_code", "=", "INCENTIVE"),
                ("company_id", "in", (False, self.id)),
            ],
            limit=1,
        ) or Product.create(
            {
                "name": self.env._("Partner incentive"),
                "default_code": "INCENTIVE",
                "type": "service",
                "sale_ok": False,
                "purchase_ok": False,
                "list_price": 0.0,
                # Documents carry the taxes of the sales that earned. What else is
                # paid is taxed only where finance says so, on the product.
                "taxes_id": [(5,)],
                "supplier_taxes_id": [(5,)],
                "company_id": self.id,
            }
        )
        self.sudo().incentive_product_id = product

    def _get_incentive_setup_problems(self):
        """What keeps the suite from booking in this company, in words."""
        self.ensure_one()
        self._create_incentive_defaults()
        problems = []
        missing = [
            self._fields[name].get_description(self.env)["string"]
            for name, *_rest in self._INCENTIVE_ACCOUNTS
            if not self.sudo()[name]
        ]
        if missing:
            problems.append(
                self.env._(
                    "%(company)s has no account for: %(accounts)s. Install a chart of "
                    "accounts, or choose accounts under Partner Incentives > "
                    "Configuration > Settings.",
                    company=self.name,
                    accounts=", ".join(missing),
                )
            )
        accrued = self.sudo().incentive_accrued_account_id
        if accrued and not accrued.reconcile:
            problems.append(
                self.env._(
                    "The account %s must allow reconciliation. Set the box on the "
                    "account.",
                    accrued.display_name,
                )
            )
        journal = self.sudo().incentive_journal_id
        if not journal or not journal.active:
            problems.append(
                self.env._(
                    "%s has no journal for partner incentives, or it is archived. "
                    "Choose one under Partner Incentives > Configuration > Settings.",
                    self.name,
                )
            )
        return problems

    def _check_incentive_setup(self):
        problems = self._get_incentive_setup_problems()
        if problems:
            raise UserError("\n".join(problems))

    def _get_incentive_accounts(self):
        """``{"accrued", "holdback", "contra_revenue", "expense": account}``.

        :raise UserError: the company has no accounts to book on
        """
        self.ensure_one()
        self._check_incentive_setup()
        company_sudo = self.sudo()
        return {
            "accrued": company_sudo.incentive_accrued_account_id,
            "holdback": company_sudo.incentive_holdback_account_id,
            "contra_revenue": company_sudo.incentive_contra_revenue_account_id,
            "expense": company_sudo.incentive_expense_account_id,
        }

    def _get_incentive_journal(self):
        self._check_incentive_setup()
        return self.sudo().incentive_journal_id

    def _get_incentive_document_journal(self, move_type, self_billed=False):
        """Journal of credit notes, debit notes (sale) and bills (purchase).

        :param self_billed: the company writes the bill in the partner's name
        """
        if self_billed:
            return self._get_incentive_self_billing_journal()
        kind = "purchase" if move_type == "in_invoice" else "sale"
        Journal = self.env["account.journal"].sudo().with_company(self)
        # A self-billing journal numbers documents in the name of who agreed to it.
        journal = Journal.search(
            [
                *Journal._check_company_domain(self),
                ("type", "=", kind),
                ("is_self_billing", "=", False),
            ],
            limit=1,
        )
        if not journal:
            raise UserError(
                self.env._(
                    "%(company)s has no %(kind)s journal for settlement documents. "
                    "Create one under Accounting > Configuration > Journals.",
                    company=self.name,
                    kind=kind,
                )
            )
        return journal

    def _get_incentive_self_billing_journal(self):
        journal = self.sudo().incentive_self_billing_journal_id
        if not (journal.active and journal.is_self_billing):
            raise UserError(
                self.env._(
                    "The journal %(journal)s is archived, or is no journal for self "
                    "billing any more. Choose another one under Partner Incentives > "
                    "Configuration > Settings.",
                    journal=journal.display_name,
                )
            )
        return journal

    def _get_incentive_product(self):
        self.sudo()._create_incentive_defaults()
        return self.sudo().incentive_product_id
