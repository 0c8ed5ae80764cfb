from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

INSIDERS = (
    "partner_incentive_base.group_incentive_user,"
    "partner_incentive_base.group_incentive_auditor"
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    incentive_specialization_ids = fields.Many2many(
        "partner.incentive.specialization", string="Specializations"
    )
    incentive_region_id = fields.Many2one(
        "partner.incentive.region", string="Region", index="btree_not_null"
    )
    incentive_potential = fields.Selection(
        [("low", "Low"), ("medium", "Medium"), ("high", "High")],
        string="Potential",
        groups="base.group_user",
        help="How much this partner could grow; an estimate that partners do not see.",
    )
    # groups, so that others can still read a partner with all its fields
    grade_history_ids = fields.One2many(
        "partner.incentive.grade.history",
        "partner_id",
        string="Tier history",
        groups=INSIDERS,
    )
    enrollment_ids = fields.One2many(
        "partner.incentive.enrollment",
        "partner_id",
        string="Enrollments",
        groups=INSIDERS,
    )
    incentive_self_billing = fields.Boolean(
        string="Agreed to self billing",
        company_dependent=True,
        groups="partner_incentive_base.group_incentive_user,"
        "partner_incentive_base.group_incentive_auditor",
        help="The partner agreed that this company writes its bills for incentives. "
        "Settlements then use the self-billing journal of the settings.",
    )
    is_incentive_partner = fields.Boolean(
        string="Enrolled",
        compute="_compute_is_incentive_partner",
        search="_search_is_incentive_partner",
        compute_sudo=True,
        help="Takes part in a program today.",
    )
    incentive_entry_count = fields.Integer(
        string="Incentive entries",
        compute="_compute_incentive_entry_count",
        groups=INSIDERS,
    )
    incentive_own_pricelist_id = fields.Many2one(
        "product.pricelist",
        company_dependent=True,
        groups="base.group_user",
        help="Pricelist the partner had before a tier brought one of its own.",
    )
    incentive_tier_pricelist_id = fields.Many2one(
        "product.pricelist",
        company_dependent=True,
        groups="base.group_user",
        help="Pricelist that the partner's tier brought.",
    )

    @api.depends("enrollment_ids.state")
    def _compute_is_incentive_partner(self):
        enrolled = self._get_enrolled_ids(self.ids)
        for partner in self:
            partner.is_incentive_partner = partner._origin.id in enrolled

    def _search_is_incentive_partner(self, operator, value):
        if operator != "in":
            return NotImplemented
        enrolled = self.env["partner.incentive.enrollment"].sudo()
        query = enrolled._search([("state", "=", "active")])
        domain = Domain.FALSE
        if True in value:
            domain |= Domain("id", "in", query.subselect("partner_id"))
        if False in value:
            domain |= Domain("id", "not in", query.subselect("partner_id"))
        return domain

    @api.model
    def _get_enrolled_ids(self, partner_ids):
        groups = (
            self.env["partner.incentive.enrollment"]
            .sudo()
            ._read_group(
                [("partner_id", "in", partner_ids), ("state", "=", "active")],
                [],
                ["partner_id:array_agg"],
            )
        )
        return set(groups[0][0] or ())

    def _compute_incentive_entry_count(self):
        counts = dict(
            self.env["partner.incentive.entry"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.incentive_entry_count = counts.get(partner._origin, 0)

    def action_preview_incentive_portal(self):
        """The portal as this partner sees it, to read only."""
        self.ensure_one()
        if not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise AccessError(
                self.env._("Only incentive managers see the portal as a partner does.")
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/my/incentives/preview/{self.id}",
            "target": "self",
        }

    def action_view_incentive_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_incentive_base.partner_incentive_entry_action"
        )
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {}
        return action

    @api.onchange("country_id")
    def _onchange_country_propose_region(self):
        if self.country_id and not self.incentive_region_id:
            self.incentive_region_id = self.env[
                "partner.incentive.region"
            ]._get_for_country(self.country_id)

    # ----------------------------------------------------------------- tier history

    def _get_satisfaction_scores(self, day):
        """``{partner id: score}`` from 0 to 100, of the partners that have one.

        Extension point: modules that ask customers say what they answered by ``day``.
        """
        return {}

    # ------------------------------------------------------------------------- mail

    def _get_incentive_contacts(self, event, areas=()):
        """``{company: contacts}``: who hears of an event by mail, at these companies.

        The people who use the portal, have an address and want to; the company itself
        where nobody uses the portal.

        :param areas: where given, only people whose role opens one of these areas of
            the portal; see ``ROLE_AREAS``
        """
        users_sudo = (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("share", "=", True),
                    ("partner_id.commercial_partner_id", "in", self.ids),
                ]
            )
        )
        people = users_sudo.partner_id.filtered(
            lambda one: not areas or one._may_use_incentives(*areas)
        ).grouped("commercial_partner_id")
        return {
            company: people.get(company, company)._filter_incentive_mail(event)
            for company in self.sudo()
        }

    def _filter_incentive_mail(self, event):
        """Those of these contacts that have an address and want mail of an event."""
        return self.filtered(lambda one: one.email and one._wants_incentive_mail(event))

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        # default_get() reads caches only: creating partners costs no query more
        if any(vals.get("grade_id") for vals in vals_list) or self.default_get(
            ["grade_id"]
        ).get("grade_id"):
            partners._record_grades()
        return partners

    def write(self, vals):
        if {"parent_id", "is_company"} & set(vals):
            # Documents change hands with the company that a contact belongs to.
            self.env["partner.incentive.lock"].sudo()._forget()
        if "grade_id" not in vals:
            return super().write(vals)
        if self.env.context.get("incentive_partner_merge"):
            vals = self._prefer_tier_pricelist(vals)
        pricelist_is_given = not {
            "property_product_pricelist",
            "specific_property_product_pricelist",
        }.isdisjoint(vals)
        tier_pricelists = self._get_tier_pricelists()
        # a copy, since the tier's pricelist is added to the values on the way down
        result = super().write(dict(vals))
        self._update_tier_pricelists(tier_pricelists, pricelist_is_given)
        self._record_grades()
        return result

    def _record_grades(self):
        """Note the tier of the companies among these partners in their history."""
        companies = self.filtered(
            lambda partner: partner.commercial_partner_id == partner
        )
        if not companies:
            return
        history = self.env["partner.incentive.grade.history"]
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            # whoever may write contacts must not date a tier back, and rates with it
            history = history.with_context(incentive_grade_date=False)
        history._record(
            companies, reason=self.env.context.get("incentive_grade_reason")
        )

    def _assign_baseline_grade(self):
        """Give enrolled partners without a tier their company's baseline tier."""
        partners_by_grade = {}
        for partner in self.sudo().filtered(lambda partner: not partner.grade_id):
            active = partner.enrollment_ids.filtered(
                lambda enrollment: enrollment.state == "active"
            )
            grade = active.company_id.incentive_baseline_grade_id[:1]
            partners_by_grade.setdefault(grade, self.browse())
            partners_by_grade[grade] |= partner
        for grade, partners in partners_by_grade.items():
            if grade:
                partners.sudo().write({"grade_id": grade.id})

    # ------------------------------------------------------------- tier's pricelist
    #
    # Odoo writes the default pricelist of a tier over the pricelist of the partner,
    # in the company at hand, and leaves it there for good. What the partner had
    # before is kept, and comes back in every company where a tier replaced it.

    def _get_tier_pricelists(self):
        """``{(company, partner): (present, given by the tier, own)}``."""
        state = {}
        for company in self._get_pricelist_companies():
            for partner in self.sudo().with_company(company):
                present = partner.specific_property_product_pricelist
                given = partner.incentive_tier_pricelist_id
                if not given and company == self.env.company:
                    # the tier was assigned before the suite was there to note it
                    default = partner.grade_id.default_pricelist_id
                    given = default if default == present else given
                own = partner.incentive_own_pricelist_id
                if not given or present != given:
                    given, own = given.browse(), present
                state[company, partner.id] = (present, given, own)
        return state

    def _get_pricelist_companies(self):
        return self.env.company | self.env["res.company"].sudo().search(
            [("id", "!=", False)]
        )

    def _update_tier_pricelists(self, before, pricelist_is_given):
        """Give every partner the pricelist that its new tier leaves it.

        :param before: what :meth:`_get_tier_pricelists` said before the write
        :param pricelist_is_given: the write named a pricelist, which then holds
        """
        for (company, partner_id), (present, given, own) in before.items():
            partner = self.sudo().with_company(company).browse(partner_id)
            default = partner.grade_id.default_pricelist_id
            here = company == self.env.company
            foreign = (
                default.company_id and default.company_id not in company.parent_ids
            )
            if foreign and not here:
                default = default.browse()
            if here and default:
                vals = {"tier": default, "own": own}
            elif here and pricelist_is_given:
                vals = {"tier": default.browse(), "own": default.browse()}
            elif given and default:
                vals = {"present": default, "tier": default, "own": own}
            elif given:
                vals = {"present": own, "tier": own.browse(), "own": own.browse()}
            else:
                continue
            partner._write_tier_pricelists(present, **vals)

    def _write_tier_pricelists(self, before, tier, own, present=None):
        self.ensure_one()
        vals = {}
        if self.incentive_tier_pricelist_id != tier:
            vals["incentive_tier_pricelist_id"] = tier.id
        if self.incentive_own_pricelist_id != own:
            vals["incentive_own_pricelist_id"] = own.id
        if present is not None and present != before:
            vals["specific_property_product_pricelist"] = present.id
        if vals:
            self.write(vals)

    def _prefer_tier_pricelist(self, vals):
        """Values without a pricelist that contradicts the tier's.

        A merge writes the tier of one partner together with the pricelist of another,
        which Odoo refuses. The tier's pricelist holds, as it does for any partner.
        """
        grade = self.env["res.partner.grade"].browse(vals["grade_id"])
        given = vals.get("specific_property_product_pricelist")
        if grade.default_pricelist_id and given != grade.default_pricelist_id.id:
            vals = dict(vals)
            vals.pop("specific_property_product_pricelist", None)
        return vals
