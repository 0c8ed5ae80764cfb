from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

#: Days before a review is due on which its owner gets an activity.
REVIEW_NOTICE = 30


class PartnerIncentivePolicy(models.Model):
    """A published rule of how the company works with its partners.

    Versions of one policy share company, kind and region. For a partner the policy of
    the nearest region counts: its own, one that this is part of, else the one without
    a region. Whoever owns a policy reviews it at the date it names; a new version
    takes effect after the notice that the policy promises.
    """

    _name = "partner.incentive.policy"
    _inherit = [
        "partner.incentive.published.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _description = "Partner Policy"
    _order = "kind, region_id, number desc"
    _series_fields = ("company_id", "kind", "region_id")

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    kind = fields.Selection(
        [
            ("qualification", "Who qualifies"),
            ("counting", "What counts"),
            ("disputes", "How disputes are settled"),
            ("ethics", "Ethics"),
            ("data_sharing", "Data sharing"),
            ("privacy", "Privacy"),
            ("change", "How rules change"),
        ],
        required=True,
        index=True,
    )
    region_id = fields.Many2one(
        "partner.incentive.region",
        index="btree_not_null",
        ondelete="restrict",
        help="Where it applies, with all regions below; empty: wherever no policy of "
        "the same kind names a region.",
    )
    requires_acceptance = fields.Boolean(
        string="Partners accept it",
        default=True,
        help="Partners accept it when they enroll, and each new version again.",
    )
    notice_days = fields.Integer(
        string="Notice",
        default=30,
        help="Days between the publication of a new version and the day from which it "
        "holds. The first version needs none.",
    )
    change_reason = fields.Text(
        string="What changed, and why", translate=True, help="Partners read it."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        index="btree_not_null",
    )
    review_months = fields.Integer(
        string="Reviewed every", default=12, help="Months between two reviews."
    )
    review_date = fields.Date(
        string="Next review",
        compute="_compute_review_date",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
    )
    told_on = fields.Datetime(
        string="Partners told on",
        readonly=True,
        copy=False,
        help="When the partners to whom it applies were told of it by mail.",
    )
    acceptance_ids = fields.One2many(
        "partner.incentive.policy.acceptance", "policy_id", readonly=True
    )
    acceptance_count = fields.Integer(
        string="Acceptances", compute="_compute_acceptance_count"
    )

    _number_unique = models.UniqueIndex(
        "(company_id, kind, COALESCE(region_id, 0), number)",
        "The policy has that version already.",
    )
    _months_positive = models.Constraint(
        "CHECK (review_months > 0 AND notice_days >= 0)",
        "A policy is reviewed every month at most, and its notice is not negative.",
    )

    def _get_frozen_fields(self):
        return super()._get_frozen_fields() | {
            "name",
            "requires_acceptance",
            "notice_days",
            "change_reason",
        }

    @api.depends("name", "number", "region_id.name")
    def _compute_display_name(self):
        for policy in self:
            name = self.env._(
                "%(policy)s, version %(number)s",
                policy=policy.name or "",
                number=policy.number,
            )
            if policy.region_id:
                name = f"{name} ({policy.region_id.name})"
            policy.display_name = name

    @api.depends("effective_date", "review_months")
    def _compute_review_date(self):
        for policy in self:
            day = policy.effective_date or fields.Date.context_today(policy)
            policy.review_date = day + relativedelta(months=policy.review_months)

    def _compute_acceptance_count(self):
        counts = dict(
            self.env["partner.incentive.policy.acceptance"]._read_group(
                [("policy_id", "in", self.ids)], ["policy_id"], ["__count"]
            )
        )
        for policy in self:
            policy.acceptance_count = counts.get(policy._origin, 0)

    def _check_can_publish(self):
        before = self.search(
            [*self._get_series_domain(), ("state", "=", "published")],
            order="effective_date desc",
            limit=1,
        )
        first = fields.Date.context_today(self) + timedelta(days=before.notice_days)
        if before and self.effective_date < first:
            raise UserError(
                self.env._(
                    "Partners were promised %(days)s days of notice. Let the new "
                    "version take effect on %(date)s or later.",
                    days=before.notice_days,
                    date=format_date(self.env, first),
                )
            )
        return super()._check_can_publish()

    def action_reviewed(self):
        """The owner looked at the policy, and it stays as it is until the next time."""
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise AccessError(
                self.env._("Only an incentive manager can review a policy.")
            )
        today = fields.Date.context_today(self)
        for policy in self:
            policy.review_date = today + relativedelta(months=policy.review_months)
        self.activity_feedback(["mail.mail_activity_data_todo"])

    def action_new_version(self):
        """A draft of the next version, with the text to change."""
        self.ensure_one()
        first = fields.Date.context_today(self) + timedelta(days=self.notice_days)
        version = self.copy({"change_reason": False, "effective_date": first})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": version.id,
            "view_mode": "form",
        }

    def action_view_acceptances(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.policy.acceptance",
            "view_mode": "list",
            "domain": [("policy_id", "=", self.id)],
            "name": self.env._("Accepted by"),
        }

    # -------------------------------------------------------------- for a partner

    @api.model
    def _get_published(self, partner, companies):
        """All published versions of the policies that apply to a partner.

        :return: recordset, the latest version of each policy first
        """
        region = partner.commercial_partner_id.incentive_region_id
        near = [int(each) for each in (region.parent_path or "").split("/") if each]
        policies = self.search_fetch(
            Domain("company_id", "in", companies.ids)
            & Domain("state", "=", "published")
            & Domain("region_id", "in", [False, *near]),
            order="company_id, kind, effective_date desc, number desc",
        )
        nearest = {}
        today = fields.Date.context_today(self)
        place = {region_id: depth for depth, region_id in enumerate(near, start=1)}
        for policy in policies:
            # a policy of a region replaces the other from the day it takes effect
            if policy.effective_date <= today:
                key = (policy.company_id, policy.kind)
                depth = place.get(policy.region_id.id, 0)
                nearest[key] = max(nearest.get(key, 0), depth)
        return policies.filtered(
            lambda policy: (
                place.get(policy.region_id.id, 0)
                >= nearest.get((policy.company_id, policy.kind), 0)
            )
        )

    def _get_in_force(self, day):
        """Of published versions, the one of each policy that holds on a day."""
        in_force = {}
        for policy in self.sorted(lambda each: (each.effective_date, each.number)):
            if policy.effective_date <= day:
                in_force[policy.company_id, policy.kind] = policy
        return self.browse([policy.id for policy in in_force.values()])

    def _get_to_accept(self, partner):
        """Of policies in force, those that the partner has still to accept."""
        asked = self.filtered("requires_acceptance")
        accepted = (
            self.env["partner.incentive.policy.acceptance"]
            .search_fetch(
                [
                    ("policy_id", "in", asked.ids),
                    ("partner_id", "=", partner.commercial_partner_id.id),
                ],
                ["policy_id"],
            )
            .policy_id
        )
        return asked - accepted

    def _accept(self, partner, user):
        """Record that a partner accepts these versions; once is enough."""
        return (
            self.env["partner.incentive.policy.acceptance"]
            .sudo()
            .create(
                [
                    {
                        "policy_id": policy.id,
                        "partner_id": partner.commercial_partner_id.id,
                        "user_id": user.id,
                    }
                    for policy in self._get_to_accept(partner)
                ]
            )
        )

    # ------------------------------------------------------------------------- mail

    def _on_publish(self):
        # partners are told by the job, for they are many
        self.env.ref("partner_incentive_base.ir_cron_tell_policies").sudo()._trigger()
        return super()._on_publish()

    @api.model
    def _cron_tell(self):
        """Tell partners of policies that were published, each of them once."""
        policies = self.search([("state", "=", "published"), ("told_on", "=", False)])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(policies))
        for policy in policies:
            policy._tell()
            if not cron._commit_progress(1):
                break

    def _tell(self):
        """Write to the enrolled partners to whom the policy applies, or is going to.

        The notice that a policy promises is none if nobody hears of the new version.
        """
        self.ensure_one()
        enrollments = self.env["partner.incentive.enrollment"].search(
            [("company_id", "=", self.company_id.id), ("state", "=", "active")]
        )
        told = enrollments.browse()
        first = {each.partner_id: each for each in enrollments}
        partners = self.env["res.partner"].union(*first)
        for alike in partners.grouped("incentive_region_id").values():
            if self in self._get_published(alike[:1], self.company_id):
                told += told.union(*(first[partner] for partner in alike))
        self.told_on = fields.Datetime.now()
        told.with_context(incentive_policy_id=self.id)._notify_partner(
            "partner_incentive_base.mail_template_policy",
            "announcement",
            incentive_policy_id=self.id,
        )

    # ------------------------------------------------------------------- calendar

    @api.model
    def _cron_review(self):
        """Give owners an activity for each policy in force that is due for review."""
        today = fields.Date.context_today(self)
        due = self.search(
            [
                ("state", "=", "published"),
                ("effective_date", "<=", today),
                ("review_date", "<=", today + timedelta(days=REVIEW_NOTICE)),
            ]
        )
        for policy in due:
            newer = self.search_count(
                [
                    *policy._get_series_domain(),
                    ("state", "=", "published"),
                    ("number", ">", policy.number),
                ],
                limit=1,
            )
            if newer or policy.activity_ids or not policy.user_id:
                continue
            policy.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=policy.review_date,
                summary=self.env._("Review the policy"),
                user_id=policy.user_id.id,
            )
