from odoo import api, fields, models
from odoo.tools import SQL


class PartnerTierQualification(models.Model):
    """A day on which a partner qualified for a tier; the highest of that day."""

    _name = "partner.tier.qualification"
    _description = "Qualifying Day"
    _order = "date desc, id desc"
    _rec_name = "grade_id"
    _log_access = False

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    policy_id = fields.Many2one(
        "partner.tier.policy",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="cascade"
    )
    grade_id = fields.Many2one(
        "res.partner.grade", required=True, readonly=True, index=True
    )
    date = fields.Date(required=True, readonly=True)

    _once = models.UniqueIndex("(company_id, partner_id, date)")

    @api.model
    def _record(self, policy, day, grades, partner_ids):
        """Note what each of the partners qualified for on ``day``.

        :param grades: ``{partner id: tier id}``, without those who reached nothing
        :param partner_ids: all partners that were looked at
        """
        self.flush_model()
        cr = self.env.cr
        cr.execute(
            SQL(
                """
                DELETE FROM partner_tier_qualification
                 WHERE company_id = %s AND date = %s AND partner_id = ANY(%s)
                """,
                policy.company_id.id,
                day,
                [partner for partner in partner_ids if partner not in grades],
            )
        )
        if grades:
            cr.execute(
                SQL(
                    """
                    INSERT INTO partner_tier_qualification AS day
                           (company_id, policy_id, partner_id, grade_id, date)
                    SELECT %s, %s, reached.partner_id, reached.grade_id, %s
                      FROM unnest(%s::int[], %s::int[]) AS reached(partner_id, grade_id)
                    ON CONFLICT (company_id, partner_id, date) DO UPDATE
                       SET grade_id = excluded.grade_id, policy_id = excluded.policy_id
                     WHERE day.grade_id != excluded.grade_id
                        OR day.policy_id != excluded.policy_id
                    """,
                    policy.company_id.id,
                    policy.id,
                    day,
                    [*grades],
                    [*grades.values()],
                )
            )
        self.invalidate_model()
