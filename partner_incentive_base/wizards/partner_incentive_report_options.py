from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..report.period import PERIODS


class PartnerIncentiveReportOptions(models.TransientModel):
    """For which time a report is wanted: asked before it opens, or is printed."""

    _name = "partner.incentive.report.options"
    _description = "Report Options"

    report = fields.Selection(
        [
            ("rollforward", "Liability roll-forward"),
            ("register", "Accrual register"),
            ("aging", "Accrued against settled, by age"),
            ("statement", "Partner statement"),
        ],
        required=True,
        default="rollforward",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date_from = fields.Date(string="From", default=lambda self: self._default_start())
    date_to = fields.Date(
        string="To", default=lambda self: fields.Date.context_today(self)
    )
    period = fields.Selection(PERIODS, string="Per", default="month")
    as_of = fields.Date(
        string="As of",
        default=lambda self: fields.Date.context_today(self),
        help="Accounting date: later entries are left out.",
    )
    known_on = fields.Date(
        string="As known on",
        help="What was entered after this day is left out, whatever its date. Empty: "
        "as it is known now.",
    )
    offer_ids = fields.Many2many(
        "partner.incentive.offer", string="Offers", help="Empty: all offers."
    )
    partner_ids = fields.Many2many(
        "res.partner", string="Partners", help="Empty: all partners."
    )

    @api.model
    def _default_start(self):
        today = fields.Date.context_today(self)
        first = self.env.company._get_fiscal_first_month()
        return date(today.year - (today.month < first), first, 1)

    def _get_context(self):
        """Context by which the report's model knows what is asked."""
        self.ensure_one()
        if self.report == "rollforward":
            return {
                "incentive_from": fields.Date.to_string(self.date_from),
                "incentive_to": fields.Date.to_string(self.date_to),
                "incentive_period": self.period,
            }
        return {
            "incentive_as_of": fields.Date.to_string(self.as_of),
            "incentive_known_on": fields.Date.to_string(self.known_on),
        }

    def _get_domain(self):
        domain = [("company_id", "=", self.company_id.id)]
        if self.offer_ids:
            domain.append(("offer_id", "in", self.offer_ids.ids))
        if self.partner_ids:
            partners = self.partner_ids.commercial_partner_id
            domain.append(("partner_id", "in", partners.ids))
        return domain

    def action_open(self):
        """Show the report on screen."""
        self.ensure_one()
        if self.report == "statement":
            return self.action_print()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"partner_incentive_base.partner_incentive_{self.report}_action"
        )
        if self.report == "rollforward":
            name = self.env._(
                "%(report)s, %(start)s to %(end)s",
                report=action["name"],
                start=format_date(self.env, self.date_from),
                end=format_date(self.env, self.date_to),
            )
        else:
            name = self.env._(
                "%(report)s as of %(date)s", report=action["name"], date=self.as_of
            )
        return {
            **action,
            "name": name,
            "display_name": name,
            "domain": self._get_domain(),
            "context": {**self._get_context(), **self._get_default_filters()},
        }

    def _get_default_filters(self):
        """What the list is filtered and grouped by to begin with."""
        return {
            "register": {
                "search_default_group_offer_id": 1,
                "search_default_group_partner_id": 1,
            },
            "aging": {"search_default_open": 1},
        }.get(self.report, {})

    def action_print(self):
        """The roll-forward, or the statements of the partners, as PDF."""
        self.ensure_one()
        if self.report == "rollforward":
            return self.env.ref(
                "partner_incentive_base.action_report_partner_incentive_rollforward"
            ).report_action(self)
        partners = self._get_statement_partners()
        return self.env.ref(
            "partner_incentive_base.action_report_partner_incentive_statement"
        ).report_action(
            partners,
            data={
                "partner_ids": partners.ids,
                "date_from": fields.Date.to_string(self.date_from),
                "date_to": fields.Date.to_string(self.date_to),
            },
        )

    def action_download(self):
        """The statement of one partner as a spreadsheet."""
        self.ensure_one()
        partners = self._get_statement_partners()
        if len(partners) != 1:
            raise UserError(
                self.env._("Choose one partner; a spreadsheet is made for each.")
            )
        query = f"?date_from={self.date_from or ''}&date_to={self.date_to or ''}"
        return {
            "type": "ir.actions.act_url",
            "url": f"/partner_incentive/statement/{partners.id}.xlsx{query}",
            "target": "download",
        }

    def _get_statement_partners(self):
        partners = self.partner_ids.commercial_partner_id
        if not partners:
            raise UserError(self.env._("Choose the partners the statement is for."))
        return partners
