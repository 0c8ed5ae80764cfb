from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class PartnerIncentiveProductRule(models.Model):
    """Which products count, and for what.

    A line counts for a basis when some *include* rule of that basis matches it (or
    there is none) and no *exclude* rule does. A category stands for all below it.
    """

    _name = "partner.incentive.product.rule"
    _description = "Incentive Product Rule"
    _order = "mode desc, basis, id"

    version_id = fields.Many2one(
        "partner.incentive.offer.version",
        required=True,
        ondelete="cascade",
        index=True,
    )
    basis = fields.Selection(
        [
            ("both", "Earning and bracket"),
            ("earning", "Earning only"),
            ("qualifying", "Bracket only"),
            ("reference", "Compared with"),
        ],
        string="Counts for",
        default="both",
        required=True,
        help="What earns and what decides the bracket can differ. Brackets that are a "
        "percentage of other products name these as compared with.",
    )
    mode = fields.Selection(
        [("include", "Include"), ("exclude", "Exclude")],
        default="include",
        required=True,
    )
    category_ids = fields.Many2many(
        "product.category",
        "partner_incentive_rule_category_rel",
        string="Categories",
        ondelete="restrict",
    )
    product_ids = fields.Many2many(
        "product.product",
        "partner_incentive_rule_product_rel",
        string="Products",
        ondelete="restrict",
    )
    line_domain = fields.Char(
        string="Conditions",
        help="Further conditions on the invoice line, such as a sales team.",
    )

    @api.constrains("line_domain")
    def _check_line_domain(self):
        for rule in self.filtered("line_domain"):
            try:
                domain = Domain(literal_eval(rule.line_domain))
                self.env["account.move.line"]._search(domain, bypass_access=True)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "The conditions cannot be read: %(error)s. Set them with the "
                        "filter editor.",
                        error=error,
                    )
                ) from error

    @api.constrains("mode", "category_ids", "product_ids", "line_domain")
    def _check_exclusion(self):
        for rule in self:
            named = rule.category_ids or rule.product_ids or rule.line_domain
            if rule.mode == "exclude" and not named:
                raise ValidationError(
                    self.env._(
                        "An exclusion names products, categories or conditions; "
                        "without any it would exclude everything."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules.version_id._check_terms_open()
        return rules

    def write(self, vals):
        self.version_id._check_terms_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.version_id._check_terms_open()

    def _get_products(self):
        """Domain of the products that the rule names; every product if none."""
        self.ensure_one()
        # What was sold of a product counts when it is archived, too; and a rule that
        # names archived products alone does not mean every product.
        rule = self.with_context(active_test=False)
        if not (rule.category_ids or rule.product_ids):
            return Domain.TRUE
        domain = Domain("id", "in", rule.product_ids.ids)
        if rule.category_ids:
            domain |= Domain("categ_id", "child_of", rule.category_ids.ids)
        return domain

    def _get_lines(self):
        """Domain of the invoice lines that the rule matches."""
        self.ensure_one()
        products = self._get_products()
        domain = Domain.TRUE
        if not products.is_true():
            domain = Domain("product_id", "any", products)
        if self.line_domain:
            domain &= Domain(literal_eval(self.line_domain))
        return domain

    def _get_product_domain(self):
        """Domain over products where products alone decide, None for all of them."""
        if any(rule.line_domain for rule in self):
            return None
        return self._combine(lambda rule: rule._get_products())

    def _get_line_domain(self):
        """Domain over invoice lines where more than the product decides, or None."""
        if not any(rule.line_domain for rule in self):
            return None
        return self._combine(lambda rule: rule._get_lines())

    def _combine(self, get_domain):
        """What any *include* matches (all, if there is none) and no *exclude* does."""
        included = [get_domain(rule) for rule in self if rule.mode == "include"]
        excluded = [get_domain(rule) for rule in self if rule.mode == "exclude"]
        domain = Domain.OR(included) if included else Domain.TRUE
        for exclusion in excluded:
            domain &= ~exclusion
        return None if domain.is_true() else domain
