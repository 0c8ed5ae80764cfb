from odoo import api, models
from odoo.tools import SQL


class PartnerDealIdentityMixin(models.AbstractModel):
    """Keeps the identity of records that stand for a customer."""

    _name = "partner.deal.identity.mixin"
    _description = "Customer Identity Mixin"

    @api.model
    def _get_identity_fields(self):
        """Names of the fields that :meth:`_get_identity` reads."""
        return set()

    def _get_identity(self):
        """``(company id or 0, Party)``; no party where it is no customer."""
        self.ensure_one()
        return 0, None

    @api.model
    def _get_identity_condition(self):
        """SQL over ``source``: which records are customers, roughly."""
        return SQL("TRUE")

    def _store_identity(self):
        self.env["partner.deal.identity"].sudo()._store(
            self._name, {record.id: record._get_identity() for record in self.sudo()}
        )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._store_identity()
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._get_identity_fields() & set(vals):
            self._store_identity()
        return result

    def unlink(self):
        self.env["partner.deal.identity"].sudo()._forget(self._name, self.ids)
        return super().unlink()
