from odoo import models


class AccountMove(models.Model):
    """Documents of the suite tell the claims that they pay what becomes of them."""

    _inherit = "account.move"

    def _get_mdf_claims(self):
        return (
            self.env["partner.incentive.claim"]
            .sudo()
            .search([("settlement_move_id", "in", self.ids)])
        )

    def _invoice_paid_hook(self):
        result = super()._invoice_paid_hook()
        paid = self.filtered(lambda move: move.incentive_document == "settlement")
        if paid:
            paid._get_mdf_claims()._set_paid()
        return result

    def button_draft(self):
        marked = self.filtered(lambda move: move.incentive_document == "settlement")
        result = super().button_draft()
        if marked:
            marked._get_mdf_claims()._set_unpaid()
        return result

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        reversals = posted.filtered(
            lambda move: (
                move.incentive_document == "settlement" and move.reversed_entry_id
            )
        )
        for move in reversals:
            origin = move.reversed_entry_id
            if not move.currency_id.compare_amounts(
                move.amount_total, origin.amount_total
            ):
                origin._get_mdf_claims()._set_unpaid()
        return posted
