from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PartnerIncentiveAchievement(models.Model):
    """That a partner reached a milestone which only people can tell.

    ======= ======= ============= =============================================
    Action  Who     From          Restriction
    ======= ======= ============= =============================================
    record  User    -
    confirm Manager recorded      not who recorded it
    refuse  Manager recorded      not who recorded it
    ======= ======= ============= =============================================

    The guards hold for a bare write of the state, too.
    """

    _name = "partner.incentive.achievement"
    _description = "Milestone Achievement"
    _inherit = ["mail.thread", "partner.incentive.process.mixin"]
    _process_fields = frozenset({"state", "confirmed_by", "confirmed_on"})
    _order = "date desc, id desc"
    _check_company_auto = True

    milestone_id = fields.Many2one(
        "partner.incentive.milestone",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('trigger', '=', 'confirmed')]",
    )
    offer_id = fields.Many2one(
        related="milestone_id.offer_id", store=True, index="btree_not_null"
    )
    company_id = fields.Many2one(related="offer_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    date = fields.Date(
        string="Reached on",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        tracking=True,
    )
    note = fields.Text(string="Proof", help="What shows that it was reached.")
    state = fields.Selection(
        [
            ("recorded", "To confirm"),
            ("confirmed", "Confirmed"),
            ("refused", "Refused"),
        ],
        default="recorded",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    confirmed_by = fields.Many2one("res.users", readonly=True, copy=False)
    confirmed_on = fields.Datetime(readonly=True, copy=False)

    _reached_once = models.UniqueIndex(
        "(milestone_id, partner_id) WHERE state != 'refused'",
        "The partner has reached this milestone already.",
    )

    @api.depends("milestone_id.name", "partner_id.name")
    def _compute_display_name(self):
        for achievement in self:
            achievement.display_name = (
                f"{achievement.partner_id.name or ''}, "
                f"{achievement.milestone_id.name or ''}"
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("partner_id"):
                contact = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = contact.commercial_partner_id.id
        return super().create(vals_list)

    def write(self, vals):
        if "state" in vals:
            self._check_can_decide(vals["state"])
            vals = {
                "state": vals["state"],
                "confirmed_by": self.env.uid,
                "confirmed_on": fields.Datetime.now(),
            }
        elif self._process_fields & set(vals) and not self.env.su:
            raise AccessError(
                self.env._("Use Confirm or Refuse to decide on a milestone.")
            )
        elif {"milestone_id", "partner_id", "date"} & set(vals):
            for achievement in self:
                if achievement.state != "recorded":
                    raise UserError(
                        self.env._(
                            "%s has been decided and does not change any more.",
                            achievement.display_name,
                        )
                    )
        return super().write(vals)

    def _check_can_decide(self, state):
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise AccessError(
                self.env._("Only an incentive manager decides on milestones.")
            )
        for achievement in self:
            if achievement.state != "recorded" or state == "recorded":
                raise UserError(
                    self.env._(
                        "%s has been decided and does not change any more.",
                        achievement.display_name,
                    )
                )
            if not self.env.su and achievement.create_uid == self.env.user:
                raise UserError(
                    self.env._(
                        "You recorded %s yourself. Somebody else has to decide on it.",
                        achievement.display_name,
                    )
                )

    def action_confirm(self):
        self.write({"state": "confirmed"})

    def action_refuse(self):
        self.write({"state": "refused"})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_confirmed(self):
        if any(achievement.state == "confirmed" for achievement in self):
            raise UserError(
                self.env._("A confirmed milestone earned money and is kept.")
            )
