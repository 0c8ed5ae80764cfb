from odoo import fields, models
from odoo.exceptions import UserError


class PartnerBusinessReview(models.Model):
    """A review with a partner (QBR): agenda, minutes, decisions, signed by both.

    ======= ============= ======= ===============================================
    Action  Who           From    Restriction
    ======= ============= ======= ===============================================
    hold    User          planned
    sign    owner, then   held    the owner for the vendor, a person of the
            partner               partner on the portal; minutes stay from then
    ======= ============= ======= ===============================================
    """

    _name = "partner.business.review"
    _description = "Business Review"
    _inherit = [
        "partner.tiering.workflow",
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.notified.mixin",
    ]
    _order = "date desc, id desc"
    _transitions = {
        ("planned", "held"): "user",
        ("planned", "cancelled"): "user",
        ("held", "signed"): None,
        ("cancelled", "planned"): "user",
    }
    _process_fields = (
        "vendor_signed_by",
        "vendor_signed_on",
        "partner_signed_by",
        "partner_signed_on",
    )
    _frozen_states = ("signed",)
    _frozen_fields = ("partner_id", "date", "agenda", "minutes", "decision_ids")

    name = fields.Char(required=True, tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', id)]",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    date = fields.Datetime(required=True, tracking=True)
    scorecard_id = fields.Many2one(
        "partner.scorecard",
        index="btree_not_null",
        domain="[('partner_id', '=', partner_id)]",
    )
    agenda = fields.Html()
    minutes = fields.Html()
    decision_ids = fields.One2many("partner.business.review.decision", "review_id")
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("held", "Held"),
            ("signed", "Signed by both"),
            ("cancelled", "Cancelled"),
        ],
        default="planned",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    vendor_signed_by = fields.Many2one("res.users", readonly=True, copy=False)
    vendor_signed_on = fields.Datetime(readonly=True, copy=False)
    partner_signed_by = fields.Many2one("res.users", readonly=True, copy=False)
    partner_signed_on = fields.Datetime(readonly=True, copy=False)

    def _check_can_write(self, vals):
        super()._check_can_write(vals)
        if self.env.su or not {"minutes", "decision_ids"} & set(vals):
            return
        for review in self:
            if review.vendor_signed_on or review.partner_signed_on:
                raise UserError(
                    self.env._(
                        "One side has signed the minutes of %s; they stay.",
                        review.name,
                    )
                )

    def _check_requirements(self, old, new):
        if new == "signed" and not (self.vendor_signed_on and self.partner_signed_on):
            raise UserError(self.env._("Both sides sign the minutes."))

    def _on_move(self, old, new):
        result = super()._on_move(old, new)
        if new == "held":
            self._notify_partner(
                "partner_tiering.mail_template_business_review", "waiting"
            )
        return result

    def _get_notified_areas(self):
        return ("performance",)

    def _get_partner_path(self):
        self.ensure_one()
        return f"/my/incentives/reviews/{self.id}"

    def action_fill_agenda(self):
        """Take the agenda from the latest scorecard: parts, gaps, alerts, renewals."""
        for review in self:
            card = review.scorecard_id or self.env["partner.scorecard"].search(
                [("partner_id", "=", review.partner_id.id)], limit=1
            )
            if not card:
                raise UserError(
                    self.env._("%s has no scorecard yet.", review.partner_id.name)
                )
            review.scorecard_id = card
            review.agenda = self.env["ir.qweb"]._render(
                "partner_tiering.business_review_agenda",
                review._prepare_agenda(card),
            )

    def _prepare_agenda(self, card):
        self.ensure_one()
        today = fields.Date.context_today(self)
        return {
            "review": self,
            "card": card,
            "next_level": card._get_next_level(),
            "alerts": self.env["partner.performance.alert"].search(
                [("partner_id", "=", card.partner_id.id), ("state", "=", "open")]
            ),
            "renewals": self.env["partner.customer.contract"].search(
                [
                    ("partner_id", "=", card.partner_id.id),
                    ("company_id", "=", card.company_id.id),
                    ("state", "=", "active"),
                    ("date_end", ">=", today),
                ],
                order="date_end",
                limit=10,
            ),
            "decisions": self.env["partner.business.review.decision"].search(
                [
                    ("review_id.partner_id", "=", card.partner_id.id),
                    ("done", "=", False),
                    ("review_id", "!=", self.id),
                ]
            ),
        }

    def action_hold(self):
        return self.write({"state": "held"})

    def action_cancel(self):
        return self.write({"state": "cancelled"})

    def action_reset(self):
        return self.write({"state": "planned"})

    def action_sign(self):
        """Sign for the vendor; only the owner does."""
        self.check_access("write")
        for review in self:
            if review.user_id != self.env.user:
                raise UserError(
                    self.env._("%s owns the review and signs it.", review.user_id.name)
                )
            review._sign("vendor")

    def _sign(self, side):
        """Record who signed for a side; with both the review is signed."""
        self.ensure_one()
        if self.state != "held":
            raise UserError(self.env._("%s has not been held yet.", self.name))
        if not self.minutes:
            raise UserError(self.env._("There are no minutes to sign yet."))
        if not self[f"{side}_signed_on"]:
            self.sudo().write(
                {
                    f"{side}_signed_by": self.env.uid,
                    f"{side}_signed_on": fields.Datetime.now(),
                }
            )
        if self.vendor_signed_on and self.partner_signed_on:
            self.sudo().write({"state": "signed"})
