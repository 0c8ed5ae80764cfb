from odoo import api, fields, models
from odoo.tools import format_amount, format_date, format_datetime

from ..matching import evidence
from .partner_deal_registration import FINAL_STATES, OPEN_STATES


class PartnerDealFinding(models.Model):
    """A record that may stand for the same customer or deal, and why.

    For the reviewer only: no partner ever sees one.
    """

    _name = "partner.deal.finding"
    _description = "Possible Duplicate of a Deal"
    _order = "registration_id, level_order, score desc, id"
    _rec_name = "record_name"

    registration_id = fields.Many2one(
        "partner.deal.registration", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="registration_id.company_id", store=True, index=True, precompute=True
    )
    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    kind = fields.Selection(
        [
            ("registration", "Registration"),
            ("customer", "Customer"),
            ("opportunity", "Opportunity"),
            ("order", "Order"),
            ("contract", "Contract"),
        ],
        required=True,
    )
    record_name = fields.Char(string="Found")
    customer_name = fields.Char(string="Customer there")
    partner_id = fields.Many2one("res.partner", string="Partner there")
    owner_id = fields.Many2one("res.users")
    record_state = fields.Char(string="Status there")
    score = fields.Float(
        string="Likeness (%)", digits=(5, 1), help="How likely it is the same customer."
    )
    verdict = fields.Selection(
        [
            ("same", "Same customer"),
            ("likely", "Likely the same"),
            ("site", "Same name, other site"),
        ],
        required=True,
    )
    level = fields.Selection(
        [("conflict", "Conflict"), ("notice", "Notice"), ("info", "For information")],
        required=True,
        default="info",
    )
    level_order = fields.Integer(compute="_compute_level_order", store=True)
    overlap = fields.Boolean(string="Same products")
    earlier = fields.Boolean(help="It was complete before this registration.")
    comparison = fields.Html(compute="_compute_comparison", sanitize=False)
    explanation = fields.Text(help="Which words and fields agree, and how strongly.")

    @api.depends("level")
    def _compute_level_order(self):
        for finding in self:
            finding.level_order = {"conflict": 0, "notice": 1}.get(finding.level, 2)

    def _compute_comparison(self):
        """Both sides next to one another, field by field."""
        for finding in self:
            finding.comparison = self.env["ir.qweb"]._render(
                "partner_deal_registration.finding_comparison",
                {"finding": finding, "rows": finding._get_comparison_rows()},
            )

    def _get_comparison_rows(self):
        """``(label, here, there, strength)``: 1 agrees, -1 differs, None is silent."""
        self.ensure_one()
        deal = self.registration_id
        record = self.env[self.res_model].sudo().browse(self.res_id).exists()
        if self.res_model == "sale.order":
            record = record.partner_id.commercial_partner_id
        elif self.res_model == "partner.customer.contract":
            record = record.customer_id
        if not record:
            return []
        here = deal._get_party()
        there = record._get_identity()[1]
        if not there:
            return []
        fields_found = evidence.compare(here, there).fields
        rows = [
            (self.env._("Name"), here.name, there.name, self.score / 100),
            (self.env._("Tax ID"), here.vat, there.vat, fields_found.get("vat")),
            (
                self.env._("Web"),
                here.website,
                there.website,
                fields_found.get("domain"),
            ),
            (self.env._("Email"), here.email, there.email, fields_found.get("domain")),
            (self.env._("Phone"), here.phone, there.phone, fields_found.get("phone")),
            (
                self.env._("Street"),
                here.street,
                there.street,
                fields_found.get("address"),
            ),
            (
                self.env._("Town"),
                f"{here.postcode} {here.city}".strip(),
                f"{there.postcode} {there.city}".strip(),
                None,
            ),
        ]
        if self.kind == "registration":
            rows += self._get_deal_rows(deal, record)
        return rows

    def _get_deal_rows(self, deal, rival):
        def names(lines):
            return ", ".join(line.name or "" for line in lines)

        return [
            (self.env._("Partner"), deal.partner_id.name, rival.partner_id.name, None),
            (
                self.env._("Products"),
                names(deal.line_ids),
                names(rival.line_ids),
                1 if self.overlap else -1,
            ),
            (
                self.env._("Value"),
                format_amount(self.env, deal.expected_value, deal.currency_id),
                format_amount(self.env, rival.expected_value, rival.currency_id),
                None,
            ),
            (
                self.env._("Complete since"),
                format_datetime(self.env, deal.completed_on)
                if deal.completed_on
                else "",
                format_datetime(self.env, rival.completed_on)
                if rival.completed_on
                else "",
                None,
            ),
            (self.env._("Engagement"), deal.engagement, rival.engagement, None),
            (
                self.env._("Protected until"),
                format_date(self.env, deal.protected_until),
                format_date(self.env, rival.protected_until),
                None,
            ),
        ]

    @api.model
    def _prepare(self, registration, record, match):
        """Values of a finding, or None where it does not matter any more."""
        verdict = match.verdict
        vals = {
            "registration_id": registration.id,
            "res_model": match.res_model,
            "res_id": match.res_id,
            "record_name": record.display_name,
            "customer_name": match.name,
            "score": 100 * verdict.score,
            "verdict": verdict.kind,
            "level": "info",
            "explanation": self._explain(verdict),
        }
        sure = verdict.kind in ("same", "likely")
        if match.res_model == "res.partner":
            vals.update(
                kind="customer",
                owner_id=record.user_id.id,
                level="notice" if sure and record.user_id else "info",
            )
        elif match.res_model == "crm.lead":
            if not record.active or record.probability >= 100:
                return None
            vals.update(
                kind="opportunity",
                owner_id=record.user_id.id,
                record_state=record.stage_id.name,
                level="notice" if sure else "info",
            )
        else:
            if record.state in FINAL_STATES:
                return None
            vals.update(self._prepare_rival(registration, record, sure))
        return vals

    @api.model
    def _prepare_rival(self, registration, rival, sure):
        overlap = registration.line_ids._overlaps(rival.line_ids)
        own = rival.partner_id == registration.partner_id
        live = rival._is_protected() or rival.state in OPEN_STATES
        level = "info"
        if sure:
            level = "conflict" if overlap and live and not own else "notice"
        return {
            "kind": "registration",
            "partner_id": rival.partner_id.id,
            "owner_id": rival.user_id.id,
            "record_state": rival._get_state_label(),
            "overlap": overlap,
            "earlier": bool(
                rival.completion_number
                and rival.completion_number
                < (registration.completion_number or float("inf"))
            ),
            "level": level,
        }

    @api.model
    def _prepare_order(self, registration, order):
        labels = dict(order._fields["state"]._description_selection(self.env))
        lines = order.order_line.product_id
        products = registration.line_ids.product_id
        return {
            "registration_id": registration.id,
            "res_model": "sale.order",
            "res_id": order.id,
            "kind": "order",
            "record_name": order.name,
            "customer_name": order.partner_id.display_name,
            "owner_id": order.user_id.id,
            "record_state": labels.get(order.state),
            "score": 100.0,
            "verdict": "same",
            "overlap": not products or bool(lines & products),
            "level": "notice" if not products or lines & products else "info",
            "explanation": self.env._(
                "Order of %(date)s over %(amount)s",
                date=format_date(self.env, order.date_order),
                amount=format_amount(self.env, order.amount_untaxed, order.currency_id),
            ),
        }

    @api.model
    def _prepare_contract(self, registration, contract):
        protected = registration._is_renewal_protected(contract)
        return {
            "registration_id": registration.id,
            "res_model": contract._name,
            "res_id": contract.id,
            "kind": "contract",
            "record_name": contract.display_name,
            "customer_name": contract.customer_id.display_name,
            "partner_id": contract.partner_id.id,
            "score": 100.0,
            "verdict": "same",
            "overlap": True,
            "level": "conflict" if protected else "notice",
            "explanation": self.env._(
                "Contract over %(product)s until %(date)s",
                product=contract.product_id.display_name,
                date=format_date(self.env, contract.date_end),
            )
            + (
                "\n" + self.env._("The renewal is protected for its partner.")
                if protected
                else ""
            ),
        }

    @api.model
    def _explain(self, verdict):
        """Words and fields in plain language, the strongest first."""
        lines = [
            self.env._(
                "Name: %(score)s %% alike", score=round(100 * verdict.name.score)
            )
        ]
        if verdict.name.matched:
            lines.append(
                self.env._(
                    "Words that match: %s",
                    ", ".join(
                        one if one == other else f"{one} ~ {other}"
                        for one, other in verdict.name.matched
                    ),
                )
            )
        rest = [*verdict.name.only_first, *verdict.name.only_second]
        if rest:
            lines.append(self.env._("Words on one side only: %s", ", ".join(rest)))
        labels = {
            "vat": self.env._("Tax ID"),
            "domain": self.env._("Web or email domain"),
            "email": self.env._("Email"),
            "phone": self.env._("Phone"),
            "address": self.env._("Address"),
        }
        for name, strength in sorted(verdict.fields.items(), key=lambda item: -item[1]):
            lines.append(f"{labels[name]}: {self._describe_strength(strength)}")
        return "\n".join(lines)

    @api.model
    def _describe_strength(self, strength):
        if strength >= 1:
            return self.env._("agrees")
        if strength > 0:
            return self.env._("agrees in part")
        return (
            self.env._("differs") if strength <= -1 else self.env._("differs in part")
        )

    def action_open_record(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "target": "current",
        }
