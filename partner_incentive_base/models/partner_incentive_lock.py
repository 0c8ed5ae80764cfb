from odoo import api, fields, models
from odoo.tools import SQL


class PartnerIncentiveLock(models.Model):
    """One row per offer that a run updates before it reads (see DESIGN: Concurrency).

    A table of its own, so that people who edit an offer never wait for a run.
    """

    _name = "partner.incentive.lock"
    _description = "Incentive Run Lock"
    _log_access = False

    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, ondelete="cascade", index=True
    )
    turn = fields.Integer()

    _offer_unique = models.UniqueIndex("(offer_id)")

    @api.model
    def _touch(self, offers):
        """Update the rows of ``offers``, making them first where they are missing."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO partner_incentive_lock (offer_id, turn)
                     SELECT id, 1 FROM partner_incentive_offer
                      WHERE id IN %s ORDER BY id
                ON CONFLICT (offer_id) DO UPDATE
                        SET turn = partner_incentive_lock.turn + 1
                """,
                tuple(offers.ids) or (0,),
            )
        )
