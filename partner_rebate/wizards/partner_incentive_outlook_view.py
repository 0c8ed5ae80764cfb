from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command


class PartnerIncentiveOutlookView(models.TransientModel):
    """What partners have earned, are likely to earn, and miss the next bracket by."""

    _name = "partner.incentive.outlook.view"
    _description = "Incentive Outlook by Partner"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date = fields.Date(
        string="As of",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )
    offer_ids = fields.Many2many(
        "partner.incentive.offer",
        string="Offers",
        domain="[('state', '=', 'published'), ('company_id', '=', company_id)]",
        help="Empty: all published offers.",
    )
    partner_ids = fields.Many2many(
        "res.partner", string="Partners", help="Empty: all partners."
    )
    extra_volume = fields.Float(
        string="What if each bought more by",
        digits=(16, 2),
        help="In the unit of each offer: money, or units.",
    )
    line_ids = fields.One2many(
        "partner.incentive.outlook.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=True,
    )

    @api.depends("date", "offer_ids", "partner_ids", "extra_volume", "company_id")
    def _compute_line_ids(self):
        for wizard in self:
            lines = [Command.clear()]
            if wizard.date:
                lines += [Command.create(vals) for vals in wizard._get_lines()]
            wizard.line_ids = lines

    def _get_lines(self):
        offers = self.offer_ids._origin or self.env["partner.incentive.offer"].search(
            [("state", "=", "published"), ("company_id", "=", self.company_id.id)]
        )
        outlooks = self.env["partner.incentive.outlook"]._get_outlooks(
            offers,
            self.date,
            self.partner_ids._origin.commercial_partner_id or None,
            Decimal(str(self.extra_volume)),
        )
        return [
            {
                "offer_id": outlook.offer.id,
                "partner_id": outlook.partner_id,
                "window_from": outlook.outcome.window.start,
                "window_to": outlook.outcome.window.end,
                "volume": float(outlook.volume),
                "expected_volume": float(outlook.expected_volume),
                "earned": float(outlook.earned),
                "likely": float(outlook.likely),
                "missing": float(outlook.missing or 0),
                "missing_percent": float(
                    100 * outlook.missing / (outlook.volume + outlook.missing)
                )
                if outlook.missing and outlook.volume + outlook.missing > 0
                else 0,
                "next_brings": float(outlook.next_bracket_brings or 0),
                "with_extra": float(outlook.with_extra),
            }
            for outlook in sorted(
                outlooks, key=lambda each: (each.offer.name, -each.likely)
            )
        ]

    def action_view_lines(self):
        """The lines on a page of their own, to group and to chart."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "partner_rebate.partner_incentive_outlook_line_action"
        )
        action["domain"] = [("wizard_id", "=", self.id)]
        return action
