from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class PartnerDealRegistrationLine(models.Model):
    """A product, or a whole category where the product is not known yet."""

    _name = "partner.deal.registration.line"
    _description = "Registered Product"
    _order = "registration_id, sequence, id"

    registration_id = fields.Many2one(
        "partner.deal.registration", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="registration_id.company_id", store=True, precompute=True
    )
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('sale_ok', '=', True)]",
    )
    category_id = fields.Many2one("product.category", ondelete="restrict")
    quantity = fields.Float(digits="Product Unit", default=1.0)
    name = fields.Char(compute="_compute_name", compute_sudo=True)

    _quantity_positive = models.Constraint(
        "CHECK (quantity >= 0)", "A quantity cannot be negative."
    )

    @api.depends("product_id", "category_id")
    def _compute_name(self):
        for line in self:
            line.name = line.product_id.display_name or line.category_id.name

    @api.constrains("product_id", "category_id")
    def _check_product(self):
        for line in self:
            if not line.product_id and not line.category_id:
                raise ValidationError(
                    self.env._("Name a product or a category on each line.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_open()
        return lines

    def write(self, vals):
        self._check_open()
        before = self.registration_id._get_rival_basis()
        result = super().write(vals)
        self._check_open()
        self.registration_id._after_amendment(before)
        return result

    def unlink(self):
        self._check_open()
        return super().unlink()

    def _check_open(self):
        """Lines change only with a registration that may still change."""
        if self.env.su:
            return
        self.registration_id.check_access("write")
        for registration in self.registration_id:
            if registration.state in (
                "converted",
                "rejected",
                "expired",
                "withdrawn",
                "lost",
            ):
                raise AccessError(
                    self.env._(
                        "The products of %s do not change any more.", registration.name
                    )
                )

    def _get_scope(self):
        """``(products, categories)`` as ids, to compare with other registrations."""
        return (
            frozenset(self.product_id.ids),
            frozenset(self.category_id.ids),
        )

    def _overlaps(self, others):
        """Whether the same product, or one of the same category, is on both sides.

        A registration without products covers whatever the customer buys.
        """
        if not self or not others:
            return True
        if self.product_id & others.product_id:
            return True

        def covered(lines, categories):
            wanted = lines.product_id.categ_id | lines.category_id
            return any(
                category.parent_path.startswith(wide.parent_path)
                for category in wanted
                for wide in categories
            )

        return covered(self, others.category_id) or covered(others, self.category_id)

    @api.model
    def _clean_vals(self, values):
        """Only product and quantity, of a product that is sold."""
        try:
            product_id = int(values.get("product_id") or 0)
            quantity = float(values.get("quantity") or 1.0)
        except (AttributeError, TypeError, ValueError) as error:
            raise ValidationError(
                self.env._("A product line has the id of a product and a quantity.")
            ) from error
        product = (
            self.env["product.product"]
            .sudo()
            .search(
                [
                    ("id", "=", product_id),
                    ("sale_ok", "=", True),
                ]
            )
        )
        if not product:
            raise ValidationError(self.env._("This product is not for sale."))
        return {
            "product_id": product.id,
            "quantity": quantity,
        }
