from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..scoring.ladder import Situation, recommend

REASONS = [
    ("reached", "Qualifies for it"),
    ("below", "Below the requirements"),
    ("exception", "An exception limits the fall"),
    ("protected", "The safety net limits the fall"),
    ("grace", "Grace period"),
    ("manual", "Proposed by a person"),
]


class PartnerTierChange(models.Model):
    """A change of a partner's tier: recommended, approved, in force on its date.

    ======= ======= =========== ===================================================
    Action  Who     From        Restriction
    ======= ======= =========== ===================================================
    propose User    -           by hand, with a reason
    approve Manager recommended somebody else than who proposed it
    reject  Manager recommended with a reason
    apply   -       approved    on its date, by the nightly job
    cancel  Manager grace, approved
    ======= ======= =========== ===================================================

    A downgrade begins with a grace period and a plan to keep the tier. Whoever is back
    above the requirements when the next scorecard is closed keeps it.
    """

    _name = "partner.tier.change"
    _description = "Tier Change"
    _inherit = [
        "partner.tiering.workflow",
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.notified.mixin",
    ]
    _order = "create_date desc, id desc"
    _rec_name = "partner_id"
    _transitions = {
        ("grace", "recommended"): "admin",
        ("grace", "cancelled"): "manager",
        ("recommended", "approved"): "manager",
        ("recommended", "rejected"): "manager",
        ("recommended", "cancelled"): "manager",
        ("approved", "applied"): "admin",
        ("approved", "cancelled"): "manager",
    }
    _process_fields = (
        "from_grade_id",
        "scorecard_id",
        "policy_id",
        "grace_until",
        "requested_by",
        "approved_by",
        "approved_on",
        "applied_on",
        "plan_id",
    )
    _frozen_states = ("approved", "applied", "rejected", "cancelled")
    _frozen_fields = ("partner_id", "company_id", "to_grade_id", "reason", "date")

    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    policy_id = fields.Many2one(
        "partner.tier.policy", readonly=True, index="btree_not_null"
    )
    scorecard_id = fields.Many2one(
        "partner.scorecard", readonly=True, index="btree_not_null"
    )
    score = fields.Float(related="scorecard_id.score")
    from_grade_id = fields.Many2one(
        "res.partner.grade",
        string="From",
        compute="_compute_from_grade_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    to_grade_id = fields.Many2one(
        "res.partner.grade",
        string="To",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    direction = fields.Selection(
        [("up", "Promotion"), ("down", "Downgrade"), ("same", "Same")],
        compute="_compute_direction",
        store=True,
        precompute=True,
    )
    state = fields.Selection(
        [
            ("grace", "Grace"),
            ("recommended", "Recommended"),
            ("approved", "Approved"),
            ("applied", "In force"),
            ("rejected", "Rejected"),
            ("cancelled", "Cancelled"),
        ],
        default="recommended",
        required=True,
        index=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    reason_kind = fields.Selection(REASONS, string="Because", default="manual")
    reason = fields.Text(tracking=True, help="The partner can read it.")
    date = fields.Date(
        string="In force on",
        tracking=True,
        help="Empty: after the policy's notice, from the approval on.",
    )
    grace_until = fields.Date(readonly=True, copy=False, tracking=True)
    plan_id = fields.Many2one(
        "partner.remediation.plan",
        string="Plan to keep the tier",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    requested_by = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
    )
    approved_by = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Date(readonly=True, copy=False)
    applied_on = fields.Date(readonly=True, copy=False)

    _one_open = models.UniqueIndex(
        "(company_id, partner_id) WHERE state IN ('grace', 'recommended', 'approved')",
        "A change of the partner's tier is under way already.",
    )

    @api.depends("partner_id")
    def _compute_from_grade_id(self):
        for change in self:
            change.from_grade_id = change.partner_id.grade_id

    @api.depends("from_grade_id", "to_grade_id", "policy_id")
    def _compute_direction(self):
        today = fields.Date.context_today(self)
        for change in self:
            policy = change.policy_id or self.env["partner.tier.policy"]._get_in_force(
                change.company_id, today
            )
            order = policy.sudo().level_ids.sorted().grade_id.ids
            places = {grade_id: place for place, grade_id in enumerate(order)}
            old = places.get(change.from_grade_id.id, 0)
            new = places.get(change.to_grade_id.id, 0)
            if change.from_grade_id == change.to_grade_id:
                change.direction = "same"
            else:
                change.direction = "up" if new > old else "down"

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                if not vals.get("reason"):
                    raise UserError(
                        self.env._("Enter why the tier of the partner should change.")
                    )
        return super().create(vals_list)

    def _check_requirements(self, old, new):
        if new == "approved" and not self.env.su and self.requested_by == self.env.user:
            raise UserError(
                self.env._("You proposed the change; somebody else approves it.")
            )
        if new == "rejected" and not self.reason:
            raise UserError(self.env._("Enter why the change is rejected."))
        if new == "applied" and self.date > fields.Date.context_today(self):
            raise UserError(
                self.env._(
                    "The change is in force on %s, not before.",
                    format_date(self.env, self.date),
                )
            )

    def _on_move(self, old, new):
        today = fields.Date.context_today(self)
        if new == "approved":
            policy = self.policy_id or self.env["partner.tier.policy"]._get_in_force(
                self.company_id, today
            )
            days = (
                policy.notice_days
                if self.direction == "down"
                else policy.promotion_days
            )
            # whoever is told today has the notice that the rules promise
            earliest = today + relativedelta(days=days)
            self.sudo().write(
                {
                    "approved_by": self.env.uid,
                    "approved_on": today,
                    "date": max(self.date or earliest, earliest),
                }
            )
            self._notify_partner("partner_tiering.mail_template_tier_change", "tier")
            if self.date <= today:
                self.sudo()._apply()
        elif new == "applied":
            self.sudo().applied_on = today
            if self.direction == "up":
                self._thank()

    def _get_notified_areas(self):
        return ("performance",)

    def _get_partner_path(self):
        return "/my/incentives/performance"

    def _thank(self):
        """Public thanks and a badge for the partner's people."""
        channel = self.env.ref(
            "partner_tiering.channel_partners", raise_if_not_found=False
        )
        if channel:
            channel.sudo().message_post(
                body=self.env._(
                    "Congratulations to %(partner)s, now %(tier)s partner!",
                    partner=self.partner_id.name,
                    tier=self.to_grade_id.name,
                ),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        self.env["partner.milestone"]._award(
            "badge_tier_reached",
            self.partner_id.sudo().child_ids.user_ids,
            self.to_grade_id.name,
        )

    # ---------------------------------------------------------------------- actions

    def action_approve(self):
        return self.write({"state": "approved"})

    def action_reject(self):
        return self.write({"state": "rejected"})

    def action_cancel(self):
        return self.write({"state": "cancelled"})

    def action_view_plan(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.remediation.plan",
            "res_id": self.plan_id.id,
            "view_mode": "form",
        }

    def _get_action(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_tiering.partner_tier_change_action"
        )
        action["domain"] = [("id", "in", self.ids)]
        action["context"] = {}
        return action

    def _apply(self):
        """Give the partner its tier from the change's date on."""
        for change in self.filtered(lambda change: change.state == "approved"):
            change.partner_id.sudo().with_context(
                incentive_grade_date=change.date,
                incentive_grade_reason=change._get_reason_label(),
            ).write({"grade_id": change.to_grade_id.id})
            change.write({"state": "applied"})

    def _get_reason_label(self):
        self.ensure_one()
        labels = dict(self._fields["reason_kind"]._description_selection(self.env))
        return self.reason or labels.get(self.reason_kind)

    @api.model
    def _get_due(self):
        """Approved changes whose date has come."""
        return self.search(
            [
                ("state", "=", "approved"),
                ("date", "<=", fields.Date.context_today(self)),
            ]
        )

    @api.model
    def _cron_apply(self):
        for change in self._get_due():
            change._apply()
            self.env["ir.cron"]._commit_progress(1)

    # ---------------------------------------------------------------- recommendation

    @api.model
    def _recommend(self, cards):
        """Recommend tiers for closed scorecards of one policy and period.

        :return: changes that were made, or that passed from grace to recommended
        """
        if not cards:
            return self
        policy = cards.policy_id.ensure_one().sudo()
        day = max(cards.mapped("date_to"))
        grades = policy.level_ids.sorted().grade_id
        places = {grade: place for place, grade in enumerate(grades)}
        kept, extended = self.env["partner.tier.exception"]._get_in_force(
            cards.company_id, cards.partner_id, day
        )
        open_changes = {
            change.partner_id: change
            for change in self.search(
                [
                    ("company_id", "in", cards.company_id.ids),
                    ("partner_id", "in", cards.partner_id.ids),
                    ("state", "in", ("grace", "recommended", "approved")),
                ]
            )
        }
        vals_list, touched = [], self
        for card in cards:
            partner = card.partner_id
            change = open_changes.get(partner, self.browse())
            situation = self._get_situation(
                card, places, kept.get(partner), extended.get(partner), change
            )
            action, place, reason = recommend(situation)
            if change:
                touched |= change._follow(action, grades[place], card, reason)
            if action == "keep" or (change and change.state != "cancelled"):
                continue
            vals_list.append(
                {
                    "partner_id": partner.id,
                    "company_id": card.company_id.id,
                    "policy_id": policy.id,
                    "scorecard_id": card.id,
                    # a partner without any tier is on the lowest level
                    "from_grade_id": card.grade_id.id or partner.grade_id.id,
                    "to_grade_id": grades[place].id,
                    "state": "grace" if action == "warn" else "recommended",
                    "reason_kind": reason,
                    "grace_until": day + relativedelta(days=policy.grace_days)
                    if action == "warn"
                    else False,
                    "requested_by": self.env.ref("base.user_root").id,
                }
            )
        created = self.sudo().create(vals_list)
        created.filtered(lambda change: change.state == "grace")._make_plans()
        return touched | created

    @api.model
    def _get_situation(self, card, places, kept, extended, change):
        policy = card.policy_id
        until = card.enrolled_on and card.enrolled_on + relativedelta(
            months=policy.enrolment_months
        )
        largest = policy.largest_fall or None
        if card.is_small:
            largest = policy.small_fall
        return Situation(
            current=places.get(card.grade_id, 0),
            reached=places.get(card.qualified_grade_id, 0),
            has_score=card.has_score,
            day=card.date_to,
            enrolment_until=max(filter(None, (until, extended)), default=None),
            kept=places.get(kept) if kept else None,
            grace_until=change.grace_until if change.state == "grace" else None,
            largest_fall=largest,
        )

    def _follow(self, action, grade, card, reason):
        """Carry an open change on by what the next scorecard says."""
        self.ensure_one()
        change = self.sudo()
        if change.state == "grace" and action == "demote":
            change.write(
                {
                    "scorecard_id": card.id,
                    "to_grade_id": grade.id,
                    "reason_kind": reason,
                    "state": "recommended",
                }
            )
            return self
        above = action == "promote" or (action == "keep" and reason != "grace")
        if change.direction == "down" and change.reason_kind != "manual" and above:
            change.write({"state": "cancelled"})
            change.message_post(
                body=self.env._("The requirements are met again; the tier is kept.")
            )
            change.plan_id.filtered(lambda plan: plan.state == "open").write(
                {"state": "done"}
            )
            return self
        return self.browse()

    def _make_plans(self):
        """A plan to keep the tier, with a task per missing requirement."""
        for change in self:
            plan = self.env["partner.remediation.plan"]._create_for_scorecard(
                change.scorecard_id,
                self.env._("Keep %s", change.from_grade_id.name),
                change.grace_until,
                change.from_grade_id,
            )
            change.sudo().plan_id = plan
        self._notify_partner("partner_tiering.mail_template_tier_at_risk", "tier")
