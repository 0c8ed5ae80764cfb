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
    partner_count = fields.Integer(string="Partners", compute="_compute_partner_count")

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

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_partner_count(self):
        for segment in self:
            segment.partner_count = self.env["res.partner"].search_count(
                segment._get_member_domain()
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

    @api.model
    def _get_condition_relations(self):
        """Names of the Many2many fields that say who belongs."""
        return [
            "grade_ids",
            "specialization_ids",
            "region_ids",
            "country_ids",
            "category_ids",
            "include_partner_ids",
            "exclude_partner_ids",
        ]

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

    def _get_member_domain(self):
        """Domain of the partners that a person takes for members of the segment.

        Without any condition these are who is enrolled today in a program of the
        segment's company, or of those the user has chosen. Whose sales count asks
        :meth:`_get_partner_domain`, since enrollments are looked up by day there.
        """
        self.ensure_one()
        domain = self._get_partner_domain()
        if self._is_open():
            companies = self.company_id or self.env.companies
            domain &= Domain("id", "in", self.include_partner_ids.ids) | Domain(
                "enrollment_ids",
                "any",
                [("state", "=", "active"), ("company_id", "in", companies.ids)],
            )
        return domain

    def _filter_by_partner(self, partner):
        """Those of these segments that one partner belongs to now."""
        own = self._get_memberships(partner)
        return self.filtered(lambda segment: segment.id in own)

    def _get_memberships(self, partner):
        """``{id: active}`` of those of these segments that one partner belongs to now.

        Says of one partner what :meth:`_get_partner_domain` says of all, in one
        statement for any number of segments; further conditions take another one.

        :param partner: one record of ``res.partner``
        """
        if not self or not partner:
            return {}
        self.flush_recordset()
        partner.flush_model()
        conditions = SQL(" AND ").join(
            SQL(
                "(NOT EXISTS (%(rows)s) OR EXISTS (%(rows)s AND %(match)s))",
                rows=self._get_condition_rows(name),
                match=match,
            )
            for name, match in (
                ("grade_ids", SQL("related.id = partner.grade_id")),
                (
                    "specialization_ids",
                    self._get_relation_match("incentive_specialization_ids"),
                ),
                (
                    "region_ids",
                    SQL("region.parent_path LIKE related.parent_path || '%%'"),
                ),
                ("country_ids", SQL("related.id = partner.country_id")),
                ("category_ids", self._get_relation_match("category_id")),
            )
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT segment.id, segment.active, segment.partner_domain,
                       EXISTS (%(included)s AND related.id = partner.id),
                       EXISTS (%(excluded)s AND related.id = partner.id),
                       (partner.is_company IS TRUE OR partner.parent_id IS NULL)
                   AND (segment.potential IS NULL
                        OR segment.potential = partner.incentive_potential)
                   AND %(conditions)s
                  FROM partner_incentive_segment AS segment
                 CROSS JOIN res_partner AS partner
                  LEFT JOIN partner_incentive_region AS region
                    ON region.id = partner.incentive_region_id
                 WHERE segment.id = ANY(%(ids)s) AND partner.id = %(partner_id)s
                   AND partner.active
                """,
                included=self._get_condition_rows("include_partner_ids"),
                excluded=self._get_condition_rows("exclude_partner_ids"),
                conditions=conditions,
                ids=list(self.ids),
                partner_id=partner.id,
            )
        )
        found, asked = set(), []
        for segment_id, _active, partner_domain, included, excluded, fits in rows:
            if excluded:
                continue
            if included or (fits and not partner_domain):
                found.add(segment_id)
            elif fits:
                asked.append((segment_id, Domain(literal_eval(partner_domain))))
        found.update(self._ask_partner(asked, partner))
        return {
            segment_id: active for segment_id, active, *_ in rows if segment_id in found
        }

    def _get_condition_rows(self, name):
        """SQL of what a relation of ``segment`` names, archived records left out."""
        field = self._fields[name]
        related = self.env[field.comodel_name]
        return SQL(
            "SELECT 1 FROM %(relation)s AS named JOIN %(table)s AS related "
            "ON related.id = named.%(column)s "
            "WHERE named.%(own)s = segment.id AND %(active)s",
            relation=SQL.identifier(field.relation),
            table=SQL.identifier(related._table),
            column=SQL.identifier(field.column2),
            own=SQL.identifier(field.column1),
            active=SQL("related.active")
            if "active" in related._fields
            else SQL("TRUE"),
        )

    def _get_relation_match(self, name):
        """SQL: whether ``related`` is among a partner's records of many."""
        field = self.env["res.partner"]._fields[name]
        return SQL(
            "EXISTS (SELECT 1 FROM %(relation)s AS owned "
            "WHERE owned.%(own)s = partner.id AND owned.%(column)s = related.id)",
            relation=SQL.identifier(field.relation),
            own=SQL.identifier(field.column1),
            column=SQL.identifier(field.column2),
        )

    def _ask_partner(self, asked, partner):
        """Ids of the segments whose further conditions a partner meets.

        :param asked: list of ``(segment id, domain)``
        """
        if not asked:
            return []
        Partner = partner.browse()
        rows = self.env.execute_query(
            SQL(" UNION ALL ").join(
                SQL(
                    "(SELECT %s FROM (%s) AS member)",
                    segment_id,
                    Partner._search(domain & Domain("id", "=", partner.id)).select(),
                )
                for segment_id, domain in asked
            )
        )
        return [segment_id for (segment_id,) in rows]

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
            "domain": list(self._get_member_domain()),
        }


def _is_of_ids(value):
    """Whether a condition compares a relation with nothing but ids."""
    values = value if isinstance(value, list | tuple | set) else [value]
    return all(isinstance(each, int | bool | None) for each in values)
