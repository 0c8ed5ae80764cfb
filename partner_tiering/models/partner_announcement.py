from odoo import api, fields, models
from odoo.exceptions import UserError


class PartnerAnnouncement(models.Model):
    """A change of the program with its reason; who read it, and what they ask."""

    _name = "partner.announcement"
    _description = "Partner Announcement"
    _inherit = ["partner.tiering.workflow", "mail.thread"]
    _order = "date desc, id desc"
    _transitions = {
        ("draft", "published"): "manager",
        ("published", "withdrawn"): "manager",
    }
    _frozen_states = ("published", "withdrawn")
    _frozen_fields = (
        "name",
        "body",
        "reason",
        "grade_ids",
        "partner_ids",
        "company_id",
    )

    name = fields.Char(string="Title", required=True, translate=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    body = fields.Html(string="What changes", required=True, translate=True)
    reason = fields.Text(string="Why", required=True, translate=True)
    policy_id = fields.Many2one(
        "partner.tier.policy", string="About", index="btree_not_null"
    )
    grade_ids = fields.Many2many(
        "res.partner.grade", string="For tiers", help="Empty: for every partner."
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="For partners",
        domain="[('commercial_partner_id', '=', id)]",
        help="Only these. Empty: for every partner of the tiers.",
    )
    asks_proposals = fields.Boolean(
        string="Asks for proposals", help="As for next year's targets."
    )
    date = fields.Date(readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("published", "Published"),
            ("withdrawn", "Withdrawn"),
        ],
        default="draft",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    receipt_ids = fields.One2many("partner.announcement.receipt", "announcement_id")
    read_count = fields.Integer(string="Read by", compute="_compute_counts")
    question_count = fields.Integer(string="Unanswered", compute="_compute_counts")

    @api.depends("receipt_ids.question", "receipt_ids.answer")
    def _compute_counts(self):
        for announcement in self:
            receipts = announcement.receipt_ids
            announcement.read_count = len(receipts)
            announcement.question_count = len(
                receipts.filtered(lambda r: r.question and not r.answer)
            )

    def _on_move(self, old, new):
        result = super()._on_move(old, new)
        if new == "published" and not self.date:
            self.date = fields.Date.context_today(self)
        if new == "published" and not self.env.context.get("announced_by_mail"):
            self._tell()
        return result

    def _tell(self):
        """Write to the partners that it is for and that take part, one mail each."""
        self.ensure_one()
        enrollments = self.env["partner.incentive.enrollment"].search(
            [("company_id", "=", self.company_id.id), ("state", "=", "active")]
        )
        first = {each.partner_id: each for each in reversed(enrollments)}
        told = enrollments.browse(
            [
                enrollment.id
                for partner, enrollment in first.items()
                if (not self.partner_ids or partner in self.partner_ids)
                and (not self.grade_ids or partner.grade_id in self.grade_ids)
            ]
        )
        told.with_context(incentive_announcement_id=self.id)._notify_partner(
            "partner_tiering.mail_template_announcement",
            "announcement",
            incentive_announcement_id=self.id,
        )

    def action_publish(self):
        return self.write({"state": "published"})

    def action_withdraw(self):
        return self.write({"state": "withdrawn"})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        for announcement in self:
            if announcement.state != "draft":
                raise UserError(
                    self.env._("%s was published and is kept.", announcement.name)
                )
