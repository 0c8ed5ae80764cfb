from odoo import api, fields, models
from odoo.fields import Command


class PartnerIncentiveAccrue(models.TransientModel):
    """Preview what a run would book, and book it.

    The preview is computed by the run's own methods. A draft offer can be previewed,
    too: it shows what its terms come to on the company's own documents.
    """

    _name = "partner.incentive.accrue"
    _description = "Accrue Incentives"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date = fields.Date(
        string="Documents up to",
        required=True,
        default=lambda self: fields.Date.context_today(self),
    )
    offer_ids = fields.Many2many(
        "partner.incentive.offer",
        string="Offers",
        help="Empty: all published offers of the company.",
    )
    everything = fields.Boolean(
        string="Recalculate everything",
        help="Look at every partner, not only at those for whom something changed "
        "since the last run. Needed only where data was changed outside of Odoo.",
    )
    line_ids = fields.One2many(
        "partner.incentive.accrue.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=True,
    )
    posting_date = fields.Date(compute="_compute_posting_date")
    is_reported = fields.Boolean(compute="_compute_posting_date")
    can_book = fields.Boolean(compute="_compute_can_book")

    def _get_offers(self):
        return self.offer_ids or self.env["partner.incentive.offer"].search(
            [
                *self.env["partner.incentive.run"]._get_live_domain(),
                ("company_id", "=", self.company_id.id),
            ]
        )

    @api.depends("date", "offer_ids", "company_id")
    def _compute_line_ids(self):
        for wizard in self:
            offers = wizard._get_offers()._origin
            lines = [Command.clear()]
            if wizard.date and offers:
                lines += [Command.create(vals) for vals in wizard._get_lines(offers)]
            wizard.line_ids = lines

    def _get_lines(self, offers):
        """One line per offer, partner and window with volume or a change."""
        run = self.env["partner.incentive.run"]
        outcomes = self.env["partner.incentive.calculation"]._calculate(
            offers, self.date
        )
        booking = offers.filtered(lambda offer: offer._books())
        changes = {}
        for movement in run._get_accruals(booking, outcomes, self.date):
            key = (movement.offer.id, movement.partner_id, movement.window)
            changes[key] = changes.get(key, 0) + movement.amount
        lines = []
        for outcome in outcomes:
            window = (outcome.window.start, outcome.window.end)
            for partner_id, parts in outcome.shares.items():
                lines.append(
                    {
                        "offer_id": outcome.offer.id,
                        "partner_id": partner_id,
                        "window_from": window[0],
                        "window_to": window[1],
                        "qualifying": float(outcome.position.qualifying),
                        "earning": float(outcome.position.volume),
                        "entitlement": float(sum(parts.values())),
                        "change": float(
                            changes.pop((outcome.offer.id, partner_id, window), 0)
                        ),
                    }
                )
        for (offer_id, partner_id, window), change in changes.items():
            start, end = window or (False, False)
            lines.append(
                {
                    "offer_id": offer_id,
                    "partner_id": partner_id,
                    "window_from": start,
                    "window_to": end,
                    "change": float(change),
                }
            )
        return lines

    @api.depends("date", "company_id")
    def _compute_posting_date(self):
        for wizard in self:
            journal = wizard.company_id.sudo().incentive_journal_id
            reported = wizard.company_id.sudo().incentive_reported_date
            wizard.is_reported = bool(
                wizard.date and reported and wizard.date <= reported
            )
            wizard.posting_date = wizard.date and self.env[
                "partner.incentive.posting"
            ]._get_accounting_date(wizard.company_id, wizard.date, journal)

    @api.depends_context("uid")
    @api.depends("offer_ids")
    def _compute_can_book(self):
        finance = self.env.user.has_group(
            "partner_incentive_base.group_incentive_finance"
        )
        for wizard in self:
            wizard.can_book = finance and all(
                offer.state in ("published", "retired") for offer in wizard.offer_ids
            )

    def action_book(self):
        """Run the accrual that the preview shows."""
        self.ensure_one()
        runs = self.env["partner.incentive.run"]._accrue_on_request(
            self._get_offers(), self.date, self.everything
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "partner.incentive.run",
            "res_id": runs[:1].id,
            "view_mode": "form",
        }
