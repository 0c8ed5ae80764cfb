from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class PartnerMdfExtend(models.TransientModel):
    """Gives more time: to use allocations, or to claim for activities."""

    _name = "partner.mdf.extend"
    _description = "Extend a Period"

    allocation_ids = fields.Many2many("partner.mdf.allocation", readonly=True)
    mdf_activity_ids = fields.Many2many("partner.mdf.activity", readonly=True)
    date = fields.Date(string="Until", required=True)
    reason = fields.Text(required=True)

    def action_extend(self):
        self.ensure_one()
        for allocation in self.allocation_ids:
            fund = allocation.fund_id
            fund._check_group("partner_incentive_base.group_incentive_manager")
            if self.date <= allocation.date_to:
                raise UserError(
                    self.env._(
                        "%(name)s can be used until %(date)s already.",
                        name=allocation.display_name,
                        date=format_date(self.env, allocation.date_to),
                    )
                )
            fund._lock_checkbook()
            allocation._write_checkbook({"date_to": self.date})
            allocation.message_post(body=self.reason)
            # what had expired meanwhile can be used again
            allocation.sudo()._end(fields.Date.context_today(self))
        for activity in self.mdf_activity_ids:
            activity.fund_id._check_group(
                "partner_incentive_base.group_incentive_manager"
            )
            activity._check_is("approved")
            if self.date <= activity.claim_until:
                raise UserError(
                    self.env._(
                        "%(name)s can be claimed until %(date)s already.",
                        name=activity.name,
                        date=format_date(self.env, activity.claim_until),
                    )
                )
            activity._write_process({"claim_until": self.date, "proof_reminded": False})
            activity.request_id._tell_partner(
                self.env._(
                    "%(activity)s can be claimed until %(date)s now. %(reason)s",
                    activity=activity.name,
                    date=format_date(self.env, self.date),
                    reason=self.reason,
                )
            )
        return {"type": "ir.actions.act_window_close"}
