from datetime import date, datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL


class Mark(NamedTuple):
    """Up to where the books of an offer were looked at.

    :param transaction: oldest transaction that was open then
    :param day: documents up to this day counted
    :param term_count: see ``partner.incentive.run._count_terms``
    """

    transaction: int
    day: date
    term_count: int


class PartnerIncentiveLock(models.Model):
    """One row per offer that a run updates before it reads (see DESIGN: Concurrency).

    A table of its own, so that people who edit an offer never wait for a run. It also
    keeps up to where the last run looked, so that the next one need not look at all.
    """

    _name = "partner.incentive.lock"
    _description = "Incentive Run Lock"
    _log_access = False

    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, ondelete="cascade", index=True
    )
    turn = fields.Integer()
    seen_transaction = fields.Char(help="Oldest transaction open at the last run.")
    seen_day = fields.Date()
    seen_terms = fields.Integer()
    full_on = fields.Datetime(help="When everybody was looked at last.")

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

    @api.model
    def _get_mark(self, offers, day, longest):
        """The :class:`Mark` that holds for all of ``offers``, or None.

        :param longest: days after which a full look is due
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT seen_transaction::bigint, seen_day, seen_terms, full_on
                  FROM partner_incentive_lock
                 WHERE offer_id IN %s AND seen_transaction IS NOT NULL
                """,
                tuple(offers.ids) or (0,),
            )
        )
        oldest = datetime.now() - timedelta(days=longest)
        if len(rows) != len(offers) or any(
            seen_day > day or full_on < oldest
            for _transaction, seen_day, _terms, full_on in rows
        ):
            return None
        if len({terms for _transaction, _day, terms, _full in rows}) > 1:
            return None
        return Mark(
            min(row[0] for row in rows), min(row[1] for row in rows), rows[0][2]
        )

    @api.model
    def _set_mark(self, offers, day, term_count, full):
        """Note up to where a run looked; in the run's own transaction.

        The snapshot's oldest transaction, not the time: whatever was open then and
        commits later is looked at by the next run.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE partner_incentive_lock
                   SET seen_transaction = pg_snapshot_xmin(pg_current_snapshot())::text,
                       seen_day = %s, seen_terms = %s,
                       full_on = CASE WHEN %s THEN now() AT TIME ZONE 'UTC'
                                      ELSE full_on END
                 WHERE offer_id IN %s
                """,
                day,
                term_count,
                full,
                tuple(offers.ids) or (0,),
            )
        )

    @api.model
    def _forget(self, companies=None):
        """Something went that no row tells of: the next runs look at everybody.

        :param companies: whose offers; of all companies when None
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE partner_incentive_lock SET seen_transaction = NULL
                 WHERE seen_transaction IS NOT NULL %s
                """,
                SQL(
                    """AND offer_id IN (SELECT id FROM partner_incentive_offer
                                         WHERE company_id IN %s)""",
                    tuple(companies.ids) or (0,),
                )
                if companies is not None
                else SQL(),
            )
        )
