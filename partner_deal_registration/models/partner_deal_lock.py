from odoo import api, fields, models
from odoo.tools import SQL


class PartnerDealLock(models.Model):
    """One row per company that a decision updates before it looks for rivals.

    Cursors are REPEATABLE READ: two approvals that only waited for one another would
    still not see each other. Updating the same row makes the later one fail and start
    over, and then it sees the first. One row per company and not per customer: two
    spellings of one customer would pick two rows. Decisions are taken by people, a
    few in a minute, so they do not queue.
    """

    _name = "partner.deal.lock"
    _description = "Deal Decision Lock"
    _log_access = False

    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", index=True
    )
    turn = fields.Integer()

    _company_unique = models.UniqueIndex("(company_id)")

    @api.model
    def _touch(self, companies):
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO partner_deal_lock (company_id, turn)
                     SELECT id, 1 FROM res_company WHERE id IN %s ORDER BY id
                ON CONFLICT (company_id) DO UPDATE
                        SET turn = partner_deal_lock.turn + 1
                """,
                tuple(companies.ids) or (0,),
            )
        )
