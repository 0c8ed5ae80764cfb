from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: The six capabilities of the maturity matrix.
CAPABILITIES = [
    ("objectives", "Objectives"),
    ("catalog", "Offer catalog"),
    ("evidence", "Eligibility and evidence"),
    ("deals", "Deal registration"),
    ("claims", "Claims and payouts"),
    ("attribution", "Attribution"),
]
#: ``capability: (unit, whether less is better, target to start with)``
SCALES = {
    "objectives": ("%", False, 100.0),
    "catalog": ("%", False, 80.0),
    "evidence": ("%", False, 95.0),
    "deals": ("%", False, 90.0),
    "claims": ("days", True, 10.0),
    "attribution": ("%", False, 60.0),
}
#: Days that a live value looks back.
LOOK_BACK = 365


class PartnerIncentiveReadiness(models.Model):
    """How far a company has come with one capability: owner, figure, target.

    Values are computed when they are read, over the last 365 days, with one statement
    per capability for all companies. A module that brings a capability extends
    :meth:`_read_values`; what no module answers for is not installed.
    """

    _name = "partner.incentive.readiness"
    _description = "Incentive Readiness"
    _order = "company_id, sequence, id"
    _rec_name = "capability"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    capability = fields.Selection(CAPABILITIES, required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        domain="[('share', '=', False)]",
        help="Who sees to it that the target is reached.",
    )
    target = fields.Float(digits=(16, 1), required=True)
    kpi = fields.Char(string="Figure", compute="_compute_texts")
    unit = fields.Char(compute="_compute_texts")
    value = fields.Float(compute="_compute_live", digits=(16, 1))
    value_text = fields.Char(string="Now", compute="_compute_live")
    target_text = fields.Char(string="Target is", compute="_compute_texts")
    basis = fields.Char(string="Measured on", compute="_compute_live")
    state = fields.Selection(
        [
            ("reached", "At target"),
            ("below", "Below target"),
            ("unknown", "Nothing to measure yet"),
            ("missing", "Not installed"),
        ],
        string="Status",
        compute="_compute_live",
    )
    advice = fields.Char(string="What to do next", compute="_compute_live")

    _once = models.UniqueIndex(
        "(company_id, capability)", "A company has each capability once."
    )
    _target_positive = models.Constraint(
        "CHECK (target >= 0)", "A target cannot be negative."
    )

    # ------------------------------------------------------------------------ fields

    @api.depends("capability")
    def _compute_display_name(self):
        names = dict(self._fields["capability"]._description_selection(self.env))
        for capability in self:
            capability.display_name = names.get(capability.capability, "")

    @api.model
    def _get_figures(self):
        """``{capability: name of its figure}``."""
        return {
            "objectives": self.env._("Live offers whose objective has a goal"),
            "catalog": self.env._("Live offers that partners earn on"),
            "evidence": self.env._("Audited claims that passed"),
            "deals": self.env._("Registrations decided in time"),
            "claims": self.env._("Days to decide on a claim"),
            "attribution": self.env._("Invoiced revenue credited to a partner"),
        }

    @api.model
    def _get_advice(self):
        """``{capability: (below target, nothing to measure, at target)}``."""
        kept = self.env._("Keep it there; raise the target when it is easy.")
        return {
            "objectives": (
                self.env._("Give each objective a goal per partner, by tier if need."),
                self.env._("Publish an offer that serves an objective with a goal."),
                kept,
            ),
            "catalog": (
                self.env._(
                    "Retire or revise the offers on which nobody earns, or tell "
                    "partners of them."
                ),
                self.env._("Publish the first offer."),
                kept,
            ),
            "evidence": (
                self.env._(
                    "Look at why claims failed, and ask for that proof on the offer."
                ),
                self.env._("Draw the first audit of decided claims."),
                kept,
            ),
            "deals": (
                self.env._(
                    "Route registrations to more reviewers, or set the time to decide "
                    "to what they can keep."
                ),
                self.env._("Invite partners to register their first deals."),
                kept,
            ),
            "claims": (
                self.env._(
                    "Decide on the oldest claims, and let small undoubted ones be "
                    "validated by themselves."
                ),
                self.env._("No claim has been decided on in this time."),
                kept,
            ),
            "attribution": (
                self.env._(
                    "Enroll the partners who sell, and say on orders who sourced them."
                ),
                self.env._("Post the first customer invoice."),
                kept,
            ),
        }

    @api.depends("capability", "target")
    @api.depends_context("lang")
    def _compute_texts(self):
        figures = self._get_figures()
        for row in self:
            unit, falling, _target = SCALES.get(row.capability, ("", False, 0))
            row.kpi = figures.get(row.capability)
            row.unit = self.env._("days") if unit == "days" else unit
            row.target_text = (
                self.env._(
                    "at most %(target)s %(unit)s",
                    target=f"{row.target:g}",
                    unit=row.unit,
                )
                if falling
                else f"{row.target:g} {row.unit}"
            )

    @api.depends("capability", "company_id", "target")
    @api.depends_context("lang")
    def _compute_live(self):
        values = self._read_values(self.company_id) if self.company_id else {}
        advice = self._get_advice()
        for row in self:
            measured = values.get(row.capability)
            value, basis = (measured or {}).get(row.company_id.id, (None, False))
            row.value = value or 0.0
            row.basis = basis
            if measured is None:
                row.state = "missing"
                row.value_text = "–"
                row.advice = self.env._(
                    "Open Apps, search for Partner Deal Registration, and activate it."
                )
            elif value is None:
                row.state = "unknown"
                row.value_text = "–"
                row.advice = advice[row.capability][1]
            else:
                reached = row._is_reached(value)
                row.state = "reached" if reached else "below"
                row.value_text = f"{value:.1f}".removesuffix(".0") + f" {row.unit}"
                row.advice = advice[row.capability][2 if reached else 0]

    def _is_reached(self, value):
        self.ensure_one()
        compared = fields.Float.compare(value, self.target, precision_digits=1)
        return compared <= 0 if SCALES[self.capability][1] else compared >= 0

    # ------------------------------------------------------------------------ values

    @api.model
    def _read_values(self, companies):
        """Live values of companies; extension point.

        :return: ``{capability: {company id: (value or None, measured on)}}``; a
            capability that is left out is not installed
        """
        return {
            "objectives": self._read_objectives(companies),
            "catalog": self._read_catalog(companies),
            "evidence": self._read_evidence(companies),
            "claims": self._read_claims(companies),
            "attribution": self._read_attribution(companies),
        }

    @api.model
    def _get_first_day(self):
        return fields.Date.context_today(self) - timedelta(days=LOOK_BACK)

    @staticmethod
    def _get_shares(rows, basis):
        """Percentages of ``(company id, total, part)``, each with what it is of."""
        return {
            company_id: (100 * part / total, basis % {"part": part, "total": total})
            for company_id, total, part in rows
        }

    def _read_objectives(self, companies):
        rows = self._execute(
            SQL(
                """
            SELECT offer.company_id, COUNT(*), COUNT(*) FILTER (WHERE EXISTS (
                       SELECT 1
                         FROM partner_incentive_offer_objective_rel AS serves
                         JOIN partner_incentive_objective_goal AS goal
                           ON goal.objective_id = serves.partner_incentive_objective_id
                        WHERE serves.partner_incentive_offer_id = offer.id))
              FROM partner_incentive_offer AS offer
             WHERE offer.state = 'published' AND offer.active
               AND offer.company_id IN %(companies)s
             GROUP BY offer.company_id
            """,
                companies=tuple(companies.ids),
            ),
            "partner.incentive.offer",
            "partner.incentive.objective.goal",
        )
        return self._get_shares(rows, self.env._("%(part)s of %(total)s live offers"))

    def _read_catalog(self, companies):
        rows = self._execute(
            SQL(
                """
            SELECT offer.company_id, COUNT(*), COUNT(*) FILTER (WHERE EXISTS (
                       SELECT 1 FROM partner_incentive_entry AS entry
                        WHERE entry.offer_id = offer.id AND entry.date >= %(first)s
                          AND entry.earned > 0))
              FROM partner_incentive_offer AS offer
             WHERE offer.state = 'published' AND offer.active
               AND offer.company_id IN %(companies)s
             GROUP BY offer.company_id
            """,
                companies=tuple(companies.ids),
                first=self._get_first_day(),
            ),
            "partner.incentive.offer",
            "partner.incentive.entry",
        )
        return self._get_shares(rows, self.env._("%(part)s of %(total)s live offers"))

    def _read_evidence(self, companies):
        rows = self._execute(
            SQL(
                """
            SELECT audit.company_id, COUNT(*),
                   COUNT(*) FILTER (WHERE line.result = 'passed')
              FROM partner_incentive_audit_line AS line
              JOIN partner_incentive_audit AS audit ON audit.id = line.audit_id
             WHERE line.result IS NOT NULL AND audit.date_to >= %(first)s
               AND audit.company_id IN %(companies)s
             GROUP BY audit.company_id
            """,
                companies=tuple(companies.ids),
                first=self._get_first_day(),
            ),
            "partner.incentive.audit",
            "partner.incentive.audit.line",
        )
        return self._get_shares(
            rows, self.env._("%(part)s of %(total)s audited claims")
        )

    def _read_claims(self, companies):
        """Days from submission to decision, as in the analysis of claims."""
        rows = (
            self.env["partner.incentive.claim.report"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "in", companies.ids),
                    ("decided_date", ">=", self._get_first_day()),
                    ("decision_days", "!=", False),
                ],
                ["company_id"],
                ["decision_days:avg", "__count"],
            )
        )
        return {
            company.id: (days, self.env._("%s decided claims", count))
            for company, days, count in rows
        }

    def _read_attribution(self, companies):
        """Invoices that credit a partner, or that an enrolled one buys."""
        rows = self._execute(
            SQL(
                """
            SELECT move.company_id, SUM(move.amount_untaxed_signed),
                   SUM(move.amount_untaxed_signed) FILTER (WHERE EXISTS (
                           SELECT 1 FROM partner_incentive_attribution AS credit
                            WHERE credit.move_id = COALESCE(move.reversed_entry_id,
                                                            move.id))
                       OR EXISTS (
                           SELECT 1 FROM partner_incentive_enrollment AS enrollment
                            WHERE enrollment.partner_id = move.commercial_partner_id
                              AND enrollment.company_id = move.company_id
                              AND enrollment.state != 'requested'))
              FROM account_move AS move
             WHERE move.move_type IN ('out_invoice', 'out_refund')
               AND move.state = 'posted' AND move.date >= %(first)s
               AND move.incentive_document IS NULL
               AND move.company_id IN %(companies)s
             GROUP BY move.company_id
            """,
                companies=tuple(companies.ids),
                first=self._get_first_day(),
            ),
            "account.move",
            "partner.incentive.attribution",
            "partner.incentive.enrollment",
        )
        names = {company.id: company for company in companies}
        return {
            company_id: (
                float(100 * (part or 0) / total),
                self.env._(
                    "%(part)s of %(total)s invoiced",
                    part=names[company_id].currency_id.format(float(part or 0)),
                    total=names[company_id].currency_id.format(float(total)),
                ),
            )
            for company_id, total, part in rows
            if total and total > 0
        }

    def _execute(self, query, *model_names):
        """Rows of ``query``, once what these models have in memory is written."""
        for name in model_names:
            self.env[name].flush_model()
        return self.env.execute_query(query)

    # ----------------------------------------------------------------------- records

    @api.model
    def _create_missing(self, companies=None):
        """Give each company the capabilities that it lacks."""
        Readiness = self.sudo()
        companies = companies or self.env["res.company"].sudo().search(
            [("active", "=", True)]
        )
        there = {
            (row.company_id.id, row.capability)
            for row in Readiness.search([("company_id", "in", companies.ids)])
        }
        Readiness.create(
            [
                {
                    "company_id": company.id,
                    "capability": capability,
                    "sequence": sequence,
                    "target": SCALES[capability][2],
                }
                for company in companies
                for sequence, (capability, _label) in enumerate(CAPABILITIES)
                if (company.id, capability) not in there
            ]
        )

    def write(self, vals):
        if not self.env.su and set(vals) - {"user_id", "target"}:
            raise UserError(
                self.env._("Of a capability only the owner and the target change.")
            )
        return super().write(vals)

    @api.model
    def _get_screens(self):
        """``{capability: external id of its action}``; extension point."""
        return {
            "objectives": "partner_incentive_base.partner_incentive_objective_action",
            "catalog": "partner_incentive_base.partner_incentive_offer_action",
            "evidence": "partner_incentive_base.partner_incentive_audit_action",
            "claims": "partner_incentive_base.partner_incentive_claim_action",
            "attribution": (
                "partner_incentive_base.partner_incentive_attribution_action"
            ),
        }

    def action_open(self):
        """Show where the capability is worked on."""
        self.ensure_one()
        screen = self._get_screens().get(self.capability)
        if screen:
            return self.env["ir.actions.act_window"]._for_xml_id(screen)
        if not self.env.user.has_group("base.group_system"):
            raise UserError(
                self.env._(
                    "Partner Deal Registration is not installed. Ask an administrator "
                    "of the database to activate it under Apps."
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id("base.open_module_tree")
        action["domain"] = [("name", "=", "partner_deal_registration")]
        action["context"] = {}
        return action
