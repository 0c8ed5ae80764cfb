from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date


class PartnerIncentiveTarget(models.Model):
    """Volume that a partner is asked to reach, which brackets are percentages of.

    A target is a term: once its window has begun under a published offer, it stays.
    """

    _name = "partner.incentive.target"
    _description = "Incentive Target"
    _order = "offer_id, window_from desc, partner_id"
    _rec_name = "partner_id"
    _check_company_auto = True

    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="offer_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        ondelete="cascade",
        index=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    window_from = fields.Date(
        string="Window from", help="First day of the window. Empty: every window."
    )
    volume = fields.Float(string="Target", digits=(16, 2), required=True)
    note = fields.Char(help="How the target was set or agreed.")

    _volume_positive = models.Constraint(
        "CHECK (volume > 0)", "A target is more than zero."
    )
    _target_once = models.UniqueIndex(
        "(offer_id, partner_id, COALESCE(window_from, '0001-01-01'::date))",
        "The partner has a target for that window already.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("partner_id"):
                contact = self.env["res.partner"].browse(vals["partner_id"])
                vals["partner_id"] = contact.commercial_partner_id.id
        targets = super().create(vals_list)
        targets._check_can_set()
        targets._get_overruling()._check_open()
        return targets

    def _get_overruling(self):
        """Targets of one window that take the place of one for every window."""
        known = {
            (offer, partner)
            for offer, partner in self.sudo()._read_group(
                [
                    ("offer_id", "in", self.offer_id.ids),
                    ("partner_id", "in", self.partner_id.ids),
                    ("window_from", "=", False),
                ],
                ["offer_id", "partner_id"],
            )
        }
        return self.filtered(
            lambda each: each.window_from and (each.offer_id, each.partner_id) in known
        )

    def _check_can_set(self):
        """Targets are terms: those of a published offer are a manager's to add."""
        if self.env.su or self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            return
        if self.offer_id.filtered(lambda offer: offer._get_published_versions()):
            raise AccessError(
                self.env._(
                    "Only an incentive manager sets targets of published offers."
                )
            )

    def write(self, vals):
        if set(vals) - {"note"}:
            self._check_can_set()
            self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        self._check_can_set()
        self._check_open()

    def _check_open(self):
        today = fields.Date.context_today(self)
        for target in self:
            begun = (target.window_from or target.offer_id.date_from) <= today
            if begun and target.offer_id._get_published_versions():
                raise UserError(
                    self.env._(
                        "The target of %(partner)s for %(offer)s counts since "
                        "%(date)s and does not change any more. Add one for a later "
                        "window.",
                        partner=target.partner_id.name,
                        offer=target.offer_id.name,
                        date=format_date(
                            self.env, target.window_from or target.offer_id.date_from
                        ),
                    )
                )

    @api.model
    def _get_volumes(self, offers):
        """A window's own target counts before one for all windows.

        :return: ``{offer id: {(partner id, window start): Decimal}}``
        """
        targets_sudo = self.sudo().search_fetch(
            [("offer_id", "in", offers.ids)], order="window_from NULLS FIRST, id"
        )
        volumes = defaultdict(dict)
        for offer, own_sudo in targets_sudo.grouped("offer_id").items():
            starts = offer._get_all_window_starts()
            for target in own_sudo:
                window_from = target.window_from
                for start in [window_from] if window_from else starts:
                    volumes[offer.id][target.partner_id.id, start] = Decimal(
                        str(target.volume)
                    )
        return volumes
