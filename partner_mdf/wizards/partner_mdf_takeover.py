from odoo import fields, models
from odoo.exceptions import UserError


class PartnerMdfTakeover(models.TransientModel):
    """Takes over a commitment that was approved before the suite was in use.

    It is approved as it was elsewhere: committed in the checkbook, and entered in the
    books as an opening balance.
    """

    _name = "partner.mdf.takeover"
    _description = "Take Over a Commitment"

    fund_id = fields.Many2one(
        "partner.mdf.fund", required=True, domain="[('state', '=', 'open')]"
    )
    currency_id = fields.Many2one(related="fund_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner", required=True, domain="[('commercial_partner_id', '=', id)]"
    )
    reference = fields.Char(
        required=True, help="Number of the approval in the other system."
    )
    name = fields.Char(string="Activity", required=True)
    activity_type_id = fields.Many2one("partner.mdf.activity.type", required=True)
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", required=True)
    planned_cost = fields.Monetary(string="Cost", required=True)
    amount = fields.Monetary(
        string="Still to be claimed",
        required=True,
        help="What was approved, less what was paid already.",
    )

    def action_take_over(self):
        self.ensure_one()
        fund = self.fund_id
        fund._check_group("partner_incentive_base.group_incentive_manager")
        if fund.state != "open":
            raise UserError(self.env._("%s is not open.", fund.name))
        if not fund._is_eligible(self.partner_id):
            raise UserError(
                self.env._(
                    "%(partner)s is not enrolled in the program of %(fund)s.",
                    partner=self.partner_id.name,
                    fund=fund.name,
                )
            )
        request = self.env["partner.mdf.request"].create(
            {
                "fund_id": fund.id,
                "partner_id": self.partner_id.id,
                "title": self.reference,
                "mdf_activity_ids": [
                    fields.Command.create(
                        {
                            "name": self.name,
                            "type_id": self.activity_type_id.id,
                            "date_from": self.date_from,
                            "date_to": self.date_to,
                            "planned_cost": self.planned_cost,
                        }
                    )
                ],
            }
        )
        activity = request.mdf_activity_ids
        request.sudo()._write_process(
            {"state": "submitted", "submitted_on": fields.Datetime.now()}
        )
        activity._write_process({"state": "submitted", "taken_over": True})
        activity._do_approve(self.amount, kind="opening")
        request.message_post(
            body=self.env._("Taken over; approved elsewhere as %s.", self.reference)
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": request._name,
            "res_id": request.id,
            "view_mode": "form",
        }
