from odoo import models
from odoo.exceptions import UserError


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        """What the suite made is reversed, but not made anew by hand.

        The copy would be no document of the suite, and pay what a settlement pays.
        """
        marked = self.move_ids.filtered("incentive_document")
        if is_modify and marked:
            raise UserError(
                self.env._(
                    "%s was made by partner incentives. Only reverse it: what is owed "
                    "then is booked by the next run, and paid by a new settlement.",
                    marked[0].display_name,
                )
            )
        return super().reverse_moves(is_modify)
