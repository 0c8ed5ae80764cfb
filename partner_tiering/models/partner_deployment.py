from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class PartnerDeployment(models.Model):
    """What a partner puts into use at a customer, and how well.

    ======== ============== ========= ==========================================
    Action   Who            From      Restriction
    ======== ============== ========= ==========================================
    start    partner, User  planned
    go live  partner, User  started   on a day not in the future
    validate Manager        live      somebody else than who recorded it
    cancel   User           any but validated
    ======== ============== ========= ==========================================

    Only what is validated or live counts; figures of a validated one stay.
    The customer rates it through a link, Odoo's own ``rating``.
    """

    _name = "partner.deployment"
    _description = "Deployment"
    _inherit = [
        "partner.tiering.workflow",
        "portal.mixin",
        "mail.activity.mixin",
        "rating.mixin",
    ]
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _transitions = {
        ("planned", "started"): None,
        ("started", "live"): None,
        ("live", "validated"): "manager",
        ("planned", "cancelled"): "user",
        ("started", "cancelled"): "user",
        ("live", "cancelled"): "manager",
        ("cancelled", "planned"): "user",
    }
    _process_fields = ("validated_by", "validated_on")
    _frozen_states = ("validated",)
    _frozen_fields = (
        "partner_id",
        "customer_id",
        "company_id",
        "playbook_id",
        "date_start",
        "date_live",
        "date_value",
        "check_ids",
        "co_delivered",
    )

    name = fields.Char(required=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    customer_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    contact_id = fields.Many2one(
        "res.partner",
        string="Customer's contact",
        index="btree_not_null",
        help="Who is asked to rate the deployment; the customer itself by default.",
    )
    contract_id = fields.Many2one(
        "partner.customer.contract",
        index="btree_not_null",
        check_company=True,
    )
    playbook_id = fields.Many2one(
        "partner.deployment.playbook",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("started", "Started"),
            ("live", "Live"),
            ("validated", "Validated"),
            ("cancelled", "Cancelled"),
        ],
        default="planned",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    date_start = fields.Date(string="Started on", tracking=True)
    date_live = fields.Date(string="Go-live", index=True, copy=False, tracking=True)
    date_value = fields.Date(
        string="First value on",
        copy=False,
        tracking=True,
        help="The day on which the customer had the first value; go-live by default.",
    )
    time_to_value = fields.Integer(
        string="Time to value (days)", compute="_compute_time_to_value", store=True
    )
    check_ids = fields.One2many(
        "partner.deployment.check", "deployment_id", string="Checklist", copy=False
    )
    adherence = fields.Float(
        string="Playbook adherence (%)",
        compute="_compute_quality",
        store=True,
        digits=(16, 2),
        aggregator="avg",
    )
    quality = fields.Float(
        string="Quality index",
        compute="_compute_quality",
        store=True,
        digits=(16, 2),
        aggregator="avg",
        help="0 to 100: half of it is the checklist, a quarter time to value against "
        "the playbook's target, a quarter the customer's rating. What is not known "
        "leaves its part to the others.",
    )
    co_delivered = fields.Boolean(
        string="Delivered with the vendor", help="Counts as a milestone."
    )
    outcome = fields.Text(
        string="Documented outcome", help="What the customer has from it, in figures."
    )
    story = fields.Html(string="Success story")
    story_date = fields.Date(
        string="Published on", help="With the customer's consent.", copy=False
    )
    validated_by = fields.Many2one("res.users", readonly=True, copy=False)
    validated_on = fields.Date(readonly=True, copy=False)

    _dates_order = models.Constraint(
        "CHECK (date_live IS NULL OR date_start IS NULL OR date_live >= date_start)",
        "A deployment cannot go live before it starts. Correct one of the two dates.",
    )
    _value_order = models.Constraint(
        "CHECK (date_value IS NULL OR date_start IS NULL OR date_value >= date_start)",
        "There is no value before the start. Correct one of the two dates.",
    )

    @api.depends("date_start", "date_value", "date_live")
    def _compute_time_to_value(self):
        for deployment in self:
            end = deployment.date_value or deployment.date_live
            start = deployment.date_start
            deployment.time_to_value = (end - start).days if start and end else 0

    @api.depends(
        "check_ids.done",
        "check_ids.weight",
        "time_to_value",
        "date_live",
        "playbook_id.target_days",
        "rating_last_value",
    )
    def _compute_quality(self):
        for deployment in self:
            total = sum(deployment.check_ids.mapped("weight"))
            done = sum(deployment.check_ids.filtered("done").mapped("weight"))
            deployment.adherence = 100 * done / total if total else 0
            parts = []
            if total:
                parts.append((2, deployment.adherence))
            target = deployment.playbook_id.target_days
            if target and deployment.date_live and deployment.date_start:
                late = max(deployment.time_to_value - target, 0) / target
                parts.append((1, 100 * max(1 - late, 0)))
            if deployment.rating_last_value:
                parts.append((1, 25 * (deployment.rating_last_value - 1)))
            weight = sum(part for part, _value in parts)
            deployment.quality = (
                sum(part * value for part, value in parts) / weight if weight else 0
            )

    def _compute_access_url(self):
        for deployment in self:
            deployment.access_url = f"/my/incentives/deployments/{deployment.id}"

    @api.constrains("story", "story_date", "outcome")
    def _check_story(self):
        for deployment in self:
            if deployment.story_date and not deployment.story:
                raise ValidationError(
                    self.env._(
                        "Write the success story of %s before it is published.",
                        deployment.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("partner_id"):
                contact = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = contact.commercial_partner_id.id
        deployments = super().create(vals_list)
        for deployment, vals in zip(deployments, vals_list, strict=True):
            if "check_ids" not in vals:
                deployment._load_checklist()
        return deployments

    def write(self, vals):
        if "playbook_id" in vals:
            changed = self.filtered(lambda d: d.playbook_id.id != vals["playbook_id"])
            result = super().write(vals)
            changed._load_checklist()
            return result
        return super().write(vals)

    def _load_checklist(self):
        """Take over the items of the playbook, as they are today."""
        for deployment in self:
            deployment.check_ids.sudo().unlink()
            start = deployment.date_start
            self.env["partner.deployment.check"].sudo().create(
                [
                    {
                        "deployment_id": deployment.id,
                        "item_id": item.id,
                        "name": item.name,
                        "kind": item.kind,
                        "weight": item.weight,
                        "sequence": item.sequence,
                        "evidence_required": item.evidence_required,
                        "date_due": start + timedelta(days=item.due_days)
                        if start and item.due_days
                        else False,
                    }
                    for item in deployment.playbook_id.item_ids
                ]
            )

    def _check_requirements(self, old, new):
        today = fields.Date.context_today(self)
        if new == "started" and self.date_start and self.date_start > today:
            raise UserError(
                self.env._("%s starts in the future; correct the date.", self.name)
            )
        if new == "live" and self.date_live and self.date_live > today:
            raise UserError(
                self.env._("%s goes live in the future; correct the date.", self.name)
            )
        if new == "validated" and self.create_uid == self.env.user and not self.env.su:
            raise UserError(
                self.env._(
                    "You recorded %s yourself; somebody else validates it.", self.name
                )
            )

    def _on_move(self, old, new):
        today = fields.Date.context_today(self)
        if new == "started" and not self.date_start:
            self.date_start = today
        elif new == "live" and not self.date_live:
            self.date_live = today
        elif new == "validated":
            self.sudo().write({"validated_by": self.env.uid, "validated_on": today})
            self.env["partner.milestone"]._reach(
                "first_go_live", self.partner_id, self.date_live, self
            )
            if self.co_delivered:
                self.env["partner.milestone"]._reach(
                    "co_delivery", self.partner_id, self.date_live, self, once=False
                )

    def action_start(self):
        return self.write({"state": "started"})

    def action_go_live(self):
        return self.write({"state": "live"})

    def action_validate(self):
        return self.write({"state": "validated"})

    def action_cancel(self):
        return self.write({"state": "cancelled"})

    def action_reset(self):
        return self.write({"state": "planned"})

    # ----------------------------------------------------------------------- rating

    def _rating_get_partner(self):
        """The customer rates."""
        return self.contact_id or self.customer_id

    def _rating_get_operator(self):
        """The partner is rated."""
        return self.partner_id

    def _rating_apply_get_default_subtype_id(self):
        return self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")

    def _get_rating_link(self):
        """Address of the page on which the customer rates the deployment."""
        self.ensure_one()
        token = self._rating_get_access_token()
        return f"{self.get_base_url()}/rate/{token}/5"

    def _get_survey_link(self):
        """Address of the playbook's survey for the customer, or None without one.

        A survey that the customer has not finished is gone on with.
        """
        self.ensure_one()
        survey_sudo = self.playbook_id.sudo().survey_id
        if not survey_sudo:
            return None
        answer_sudo = self.env["survey.user_input"].sudo()
        answer_sudo = answer_sudo.search(
            [
                ("deployment_id", "=", self.id),
                ("survey_id", "=", survey_sudo.id),
                ("state", "!=", "done"),
            ],
            limit=1,
        ) or survey_sudo._create_answer(
            partner=self._rating_get_partner(),
            check_attempts=False,
            deployment_id=self.id,
        )
        return self.get_base_url() + answer_sudo.get_start_url()

    def action_ask_rating(self):
        """Ask the customer for a rating by mail."""
        template = self.env.ref("partner_tiering.mail_template_deployment_rating")
        for deployment in self:
            if deployment.state not in ("live", "validated"):
                raise UserError(
                    self.env._(
                        "%s is not live yet; the customer has nothing to rate.",
                        deployment.name,
                    )
                )
            if not deployment._rating_get_partner().email:
                raise UserError(
                    self.env._(
                        "Enter an e-mail address for %s, who is asked to rate.",
                        deployment._rating_get_partner().name,
                    )
                )
            deployment.rating_send_request(template, force_send=False)
        return True
