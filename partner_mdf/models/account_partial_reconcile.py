from odoo import models


class AccountPartialReconcile(models.Model):
    """A payment that bounces is taken off its bill: the claims wait for money again."""

    _inherit = "account.partial.reconcile"

    def unlink(self):
        moves = (self.debit_move_id | self.credit_move_id).move_id.filtered(
            lambda move: move.incentive_document == "settlement"
        )
        result = super().unlink()
        if moves:
            moves._get_mdf_claims()._set_bounced()
        return result
