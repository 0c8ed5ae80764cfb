from odoo import api, fields, models


class PartnerIncentiveBracket(models.Model):
    """One step of a scale: the rate from an inclusive lower bound on.

    It reaches up to the next bracket's lower bound, so there is no gap in between.
    """

    _name = "partner.incentive.bracket"
    _description = "Incentive Bracket"
    _order = "segment_id, lower, id"

    version_id = fields.Many2one(
        "partner.incentive.offer.version",
        required=True,
        ondelete="cascade",
        index=True,
    )
    lower = fields.Float(string="From", digits=(16, 4), required=True, default=0.0)
    rate = fields.Float(digits=(16, 6), required=True)
    segment_id = fields.Many2one(
        "partner.incentive.segment",
        string="For segment",
        ondelete="restrict",
        index="btree_not_null",
        help="A ladder of its own for a segment, such as a tier. Empty: everyone "
        "without a ladder of his own.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        brackets = super().create(vals_list)
        brackets.version_id._check_terms_open()
        brackets.version_id._check_scale()
        return brackets

    def write(self, vals):
        self.version_id._check_terms_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.version_id._check_terms_open()

    @api.constrains("lower", "rate", "segment_id")
    def _check_scale(self):
        self.version_id._check_scale()
