from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

#: Types of fields, and operators, by which a partner's own row tells who belongs.
OWN_TYPES = ("boolean", "char", "float", "integer", "many2one", "selection", "text")
OWN_OPERATORS = ("=", "!=", "in", "not in", "<", "<=", ">", ">=", "like", "ilike")


class PartnerIncentiveSegment(models.Model):
    """Who: a rule over partners.

    All conditions that are given hold together; partners named under *Always* belong
    whatever the conditions, those under *Never* do not. The tier is that of the
    transaction's date, everything else is as it is now. Without any condition, every
    enrolled partner belongs.
    """

    _name = "partner.incentive.segment"
    _description = "Incentive Segment"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    description = fields.Char(translate=True)
    grade_ids = fields.Many2many("res.partner.grade", string="Tiers")
    specialization_ids = fields.Many2many(
        "partner.incentive.specialization", string="Specializations"
    )
    region_ids = fields.Many2many("partner.incentive.region", string="Regions")
    country_ids = fields.Many2many("res.country", string="Countries")
    category_ids = fields.Many2many("res.partner.category", string="Tags")
    potential = fields.Selection(
        [("low", "Low"), ("medium", "Medium"), ("high", "High")]
    )
    include_partner_ids = fields.Many2many(
        "res.partner", "partner_incentive_segment_include_rel", string="Always"
    )
    exclude_partner_ids = fields.Many2many(
        "res.partner", "partner_incentive_segment_exclude_rel", string="Never"
    )
    partner_domain = fields.Char(string="Further conditions")
    partner_count = fields.Integer(compute="_compute_partner_count")

    @api.constrains("partner_domain")
    def _check_partner_domain(self):
        for segment in self.filtered("partner_domain"):
            try:
                self.env["res.partner"].search(
                    Domain(literal_eval(segment.partner_domain)), limit=1
                )
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "The conditions of %(segment)s cannot be read: %(error)s. Set "
                        "them with the filter editor.",
                        segment=segment.name,
                        error=error,
                    )
                ) from error

    def _compute_partner_count(self):
        for segment in self:
            segment.partner_count = self.env["res.partner"].search_count(
                segment._get_partner_domain()
            )

    def _get_condition_domain(self, with_grade=True):
        """Domain of the conditions, without *Always* and *Never*."""
        self.ensure_one()
        domain = Domain("is_company", "=", True) | Domain("parent_id", "=", False)
        if with_grade and self.grade_ids:
            domain &= Domain("grade_id", "in", self.grade_ids.ids)
        if self.specialization_ids:
            domain &= Domain(
                "incentive_specialization_ids", "in", self.specialization_ids.ids
            )
        if self.region_ids:
            domain &= Domain("incentive_region_id", "child_of", self.region_ids.ids)
        if self.country_ids:
            domain &= Domain("country_id", "in", self.country_ids.ids)
        if self.category_ids:
            domain &= Domain("category_id", "in", self.category_ids.ids)
        if self.potential:
            domain &= Domain("incentive_potential", "=", self.potential)
        if self.partner_domain:
            domain &= Domain(literal_eval(self.partner_domain))
        return domain

    def _is_open(self):
        """Whether no condition narrows the segment: it stands for who is enrolled."""
        self.ensure_one()
        return not (
            self.grade_ids
            or self.specialization_ids
            or self.region_ids
            or self.country_ids
            or self.category_ids
            or self.potential
            or self.partner_domain
        )

    def _reads_other_records(self):
        """Whether who belongs can change though no partner and no segment does.

        Fields of the partner's own row tell of their change; what a condition reads
        beyond it, or compares with the day, does not.
        """
        fields_of = self.env["res.partner"]._fields
        for segment in self.filtered("partner_domain"):
            domain = Domain(literal_eval(segment.partner_domain))
            for condition in domain.iter_conditions():
                field = fields_of.get(condition.field_expr)
                if (
                    field is None
                    or not field.store
                    or field.type not in OWN_TYPES
                    or condition.operator not in OWN_OPERATORS
                    # By its name, another record is read.
                    or (field.type == "many2one" and not _is_of_ids(condition.value))
                ):
                    return True
        return False

    def _get_partner_domain(self, with_grade=True):
        """Domain of the partners that belong now."""
        self.ensure_one()
        domain = self._get_condition_domain(with_grade)
        if self.include_partner_ids:
            domain |= Domain("id", "in", self.include_partner_ids.ids)
        if self.exclude_partner_ids:
            domain &= Domain("id", "not in", self.exclude_partner_ids.ids)
        return domain

    def _get_membership_query(self):
        """SQL of ``(partner_id, valid)``: who belongs, on which days."""
        self.ensure_one()
        Partner = self.env["res.partner"].sudo().with_context(active_test=False)
        if not self.grade_ids:
            return SQL(
                "SELECT id AS partner_id, daterange(NULL, NULL) AS valid "
                "FROM (%s) AS partner",
                Partner._search(self._get_partner_domain()).select(),
            )
        excluded = tuple(self.exclude_partner_ids.ids) or (0,)
        included = tuple(self.include_partner_ids.ids) or (0,)
        return SQL(
            """
            SELECT partner.id AS partner_id, tier.valid
              FROM (%(partners)s) AS partner
              JOIN (%(tiers)s) AS tier ON tier.partner_id = partner.id
             WHERE tier.grade_id IN %(grades)s
               AND partner.id NOT IN %(excluded)s AND partner.id NOT IN %(included)s
             UNION ALL
            SELECT id, daterange(NULL, NULL) FROM res_partner
             WHERE id IN %(included)s AND id NOT IN %(excluded)s
            """,
            partners=Partner._search(self._get_condition_domain(False)).select(),
            tiers=self.env["partner.incentive.grade.history"]._get_interval_query(),
            grades=tuple(self.grade_ids.ids),
            excluded=excluded,
            included=included,
        )

    def action_view_partners(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "res.partner",
            "view_mode": "list,kanban,form",
            "domain": list(self._get_partner_domain()),
        }


def _is_of_ids(value):
    """Whether a condition compares a relation with nothing but ids."""
    values = value if isinstance(value, list | tuple | set) else [value]
    return all(isinstance(each, int | bool | None) for each in values)
