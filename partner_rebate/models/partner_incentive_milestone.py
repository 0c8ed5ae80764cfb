from odoo import api, fields, models


class PartnerIncentiveMilestone(models.Model):
    """A step of the partner's life that an offer pays for, once.

    All but *confirmed* are found in the books: nobody has to report them, and they
    vanish with what they rest on.
    """

    _name = "partner.incentive.milestone"
    _description = "Incentive Milestone"
    _order = "sequence, id"

    version_id = fields.Many2one(
        "partner.incentive.offer.version",
        required=True,
        ondelete="cascade",
        index=True,
    )
    offer_id = fields.Many2one(
        related="version_id.offer_id", store=True, index="btree_not_null"
    )
    company_id = fields.Many2one(related="offer_id.company_id")
    currency_id = fields.Many2one(related="offer_id.currency_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    trigger = fields.Selection(
        [
            ("enrolled", "Enrolled in the program"),
            ("first_purchase", "First purchase"),
            ("first_deal", "First sale it sourced"),
            ("first_renewal", "First renewal of a customer"),
            ("confirmed", "Confirmed by us"),
        ],
        string="Reached by",
        required=True,
        default="confirmed",
    )
    amount = fields.Monetary(string="Bonus", required=True)
    achievement_ids = fields.One2many("partner.incentive.achievement", "milestone_id")

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "The bonus of a milestone is more than zero."
    )

    @api.model_create_multi
    def create(self, vals_list):
        milestones = super().create(vals_list)
        milestones.version_id._check_terms_open()
        return milestones

    def write(self, vals):
        if set(vals) - {"achievement_ids", "offer_id"}:
            self.version_id._check_terms_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.version_id._check_terms_open()
