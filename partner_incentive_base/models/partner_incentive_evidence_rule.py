from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PartnerIncentiveEvidenceRule(models.Model):
    """How many files of which kind a claim needs, by the terms it is made under."""

    _name = "partner.incentive.evidence.rule"
    _description = "Evidence Rule"
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    version_id = fields.Many2one(
        "partner.incentive.offer.version", index="btree_not_null", ondelete="cascade"
    )
    evidence_type_id = fields.Many2one(
        "partner.incentive.evidence.type", required=True, ondelete="restrict"
    )
    minimum = fields.Integer(string="How many", default=1, required=True)
    within_dates = fields.Boolean(
        string="Dated within",
        help="The date of the document must lie within the dates of what is claimed "
        "for.",
    )

    _minimum_positive = models.Constraint(
        "CHECK (minimum > 0)", "Ask for one file at least, or remove the line."
    )

    @api.constrains("version_id")
    def _check_owner(self):
        for rule in self:
            if not rule._get_owner():
                raise ValidationError(
                    self.env._("Say for which terms %s is needed.", rule.display_name)
                )

    def _get_owner(self):
        """The record whose claims the rule is for; extend."""
        self.ensure_one()
        return self.version_id

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._check_terms_open()
        return rules

    def write(self, vals):
        self._check_terms_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._check_terms_open()

    def _check_terms_open(self):
        """Terms of a published version never change, and these are some."""
        self.version_id._check_terms_open()

    @api.depends("evidence_type_id.name", "minimum")
    def _compute_display_name(self):
        for rule in self:
            name = rule.evidence_type_id.name or ""
            rule.display_name = (
                f"{rule.minimum} \N{MULTIPLICATION SIGN} {name}"
                if rule.minimum > 1
                else name
            )
