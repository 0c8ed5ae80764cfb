from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .partner_deal_registration import MANAGER


class PartnerDealAppeal(models.Model):
    """A partner contests a rejection; somebody else than before decides.

    ======== =========================== ====== ====================================
    Action   Who                         From   Restriction
    ======== =========================== ====== ====================================
    raise    the partner, User           -      once for each rejection
    uphold   Manager, Compliance         open   did not reject the deal; it goes back
                                                to review in the place it had
    refuse   Manager, Compliance         open   did not reject the deal; with a reason
    withdraw the partner, User           open
    ======== =========================== ====== ====================================
    """

    _name = "partner.deal.appeal"
    _description = "Appeal of a Rejected Deal"
    _order = "id desc"
    _rec_name = "registration_id"

    registration_id = fields.Many2one(
        "partner.deal.registration", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="registration_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="registration_id.partner_id", store=True, index=True, precompute=True
    )
    reason = fields.Text(required=True, readonly=True)
    raised_by = fields.Many2one("res.users", readonly=True)
    owner_id = fields.Many2one("res.users", domain="[('share', '=', False)]")
    date = fields.Date(required=True, readonly=True)
    deadline = fields.Date()
    outcome = fields.Selection(
        [
            ("open", "Open"),
            ("upheld", "Upheld"),
            ("refused", "Refused"),
            ("withdrawn", "Withdrawn"),
        ],
        default="open",
        required=True,
        readonly=True,
        index=True,
    )
    answer = fields.Text(help="The partner can read it.")
    decided_by = fields.Many2one("res.users", readonly=True)

    def write(self, vals):
        if {"outcome", "decided_by", "reason", "raised_by"} & set(vals) and (
            not self.env.su
        ):
            raise AccessError(self.env._("Use the buttons of the appeal."))
        return super().write(vals)

    def _check_can_decide(self):
        for appeal in self:
            if not self.env.su:
                appeal.check_access("write")
                if not self.env.user.has_group(MANAGER) and not self.env.user.has_group(
                    "partner_incentive_base.group_incentive_compliance"
                ):
                    raise AccessError(
                        self.env._("Only managers and compliance decide on appeals.")
                    )
                if appeal.registration_id.decided_by == self.env.user:
                    raise AccessError(
                        self.env._(
                            "You rejected the deal. Somebody else decides the appeal."
                        )
                    )
            if appeal.outcome != "open":
                raise UserError(self.env._("The appeal is decided already."))

    def action_uphold(self):
        self._check_can_decide()
        for appeal in self.sudo():
            appeal.write({"outcome": "upheld", "decided_by": self.env.uid})
            if appeal.registration_id.state == "rejected":
                appeal.registration_id._reopen()
            appeal._tell(self.env._("The appeal was upheld; the deal is in review."))

    def action_refuse(self):
        self._check_can_decide()
        for appeal in self.sudo():
            if not appeal.answer:
                raise UserError(self.env._("Answer the partner before you refuse."))
            appeal.write({"outcome": "refused", "decided_by": self.env.uid})
            appeal._tell(self.env._("The appeal was refused. %s", appeal.answer))

    def action_withdraw(self):
        for appeal in self:
            appeal.registration_id._check_actor(portal=True)
            if appeal.sudo().outcome != "open":
                raise UserError(self.env._("The appeal is decided already."))
            appeal.sudo().write({"outcome": "withdrawn"})

    def _tell(self, body):
        self.registration_id._message_partner(body)
        self.registration_id.activity_unlink(["mail.mail_activity_data_todo"])

    def _notify_owner(self):
        for appeal in self.filtered("owner_id"):
            appeal.registration_id.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=appeal.deadline,
                summary=self.env._("Decide the appeal"),
                user_id=appeal.owner_id.id,
            )
