from odoo import api, fields, models


class PartnerIncentiveLaunchBracket(models.TransientModel):
    """From which volume on an offer pays which rate."""

    _name = "partner.incentive.launch.bracket"
    _description = "Incentive Launch Bracket"
    _order = "line_id, lower, id"
    _transient_max_hours = 24 * 7

    launch_id = fields.Many2one(
        "partner.incentive.launch", required=True, ondelete="cascade", index=True
    )
    line_id = fields.Many2one(
        "partner.incentive.launch.line",
        string="Offer",
        required=True,
        ondelete="cascade",
        index=True,
        domain="[('launch_id', '=', launch_id), ('chosen', '=', True)]",
    )
    lower = fields.Float(string="From", digits=(16, 2))
    rate = fields.Float(digits=(16, 4))
    meaning = fields.Char(compute="_compute_meaning", string="That is")

    @api.depends("line_id", "lower", "rate")
    def _compute_meaning(self):
        """The bracket in words, by what its template counts."""
        measures = self.env["partner.incentive.measure"]._get_measures()
        for bracket in self:
            terms = bracket.line_id.template_id.terms or {}
            measure = measures.get(terms.get("measure"))
            reference = terms.get("bracket_reference", "volume")
            lower = f"{bracket.lower:,.2f}".removesuffix(".00")
            rate = f"{bracket.rate:,.4f}".rstrip("0").removesuffix(".")
            currency = bracket.launch_id.currency_id.name or ""
            if reference == "target":
                lower = self.env._("%s %% of the partner's target", lower)
            elif reference == "previous":
                lower = self.env._("%s %% of the year before", lower)
            elif reference == "products":
                lower = self.env._("%s %% of the main products", lower)
            elif measure and measure.reference:
                lower = self.env._("%s %% reached", lower)
            elif measure and measure.unit == "quantity":
                lower = self.env._("%s units", lower)
            else:
                lower = f"{lower} {currency}"
            kind = terms.get("rate_kind", "percent")
            if kind == "percent":
                rate = self.env._("%s %%", rate)
            elif kind == "per_unit":
                rate = self.env._(
                    "%(rate)s %(currency)s a unit", rate=rate, currency=currency
                )
            else:
                rate = f"{rate} {currency}"
            bracket.meaning = self.env._(
                "from %(lower)s on: %(rate)s", lower=lower, rate=rate
            )
