from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..matching import evidence
from .partner_deal_registration import INTERNAL, OPEN_STATES

#: Where a deal is protected: nobody else gets the same one.
PROTECTING_STATES = ("approved", "converted")


class PartnerDealRegistration(models.Model):
    _inherit = "partner.deal.registration"

    finding_ids = fields.One2many(
        "partner.deal.finding",
        "registration_id",
        string="Possible duplicates",
        readonly=True,
        copy=False,
        groups=INTERNAL,
    )
    conflict_level = fields.Selection(
        [("none", "None"), ("notice", "Notice"), ("conflict", "Conflict")],
        string="Conflict",
        compute="_compute_conflict_level",
        compute_sudo=True,
        store=True,
        groups=INTERNAL,
    )
    late = fields.Boolean(
        string="After quotation",
        readonly=True,
        copy=False,
        groups=INTERNAL,
        help="The customer had a quotation before the deal was registered.",
    )

    @api.depends("finding_ids.level")
    def _compute_conflict_level(self):
        for registration in self:
            levels = set(registration.finding_ids.mapped("level"))
            registration.conflict_level = (
                "conflict"
                if "conflict" in levels
                else "notice"
                if "notice" in levels
                else "none"
            )

    def action_check_duplicates(self):
        """Search again, say after data of the customer were corrected."""
        self._check_actor()
        for registration in self:
            registration.sudo()._find_duplicates()
        return True

    def _find_duplicates(self):
        """Search for the customer everywhere and note what was found, and why."""
        self.ensure_one()
        matches = (
            self.env["partner.deal.identity"]
            .sudo()
            ._find_matches(self._get_party(), limit=30, exclude=[(self._name, self.id)])
        )
        vals_list = []
        for match in matches:
            record = self.env[match.res_model].sudo().browse(match.res_id).exists()
            if record and self._concerns_company(match):
                vals = self.env["partner.deal.finding"]._prepare(self, record, match)
                vals_list += [vals] if vals else []
        vals_list += self._prepare_order_findings(matches)
        vals_list += self._prepare_contract_findings(matches)
        self.sudo().finding_ids.unlink()
        self.env["partner.deal.finding"].sudo().create(vals_list)

    def _concerns_company(self, match):
        return not match.company_id or match.company_id == self.company_id.id

    def _get_matched_customers(self, matches):
        """Customers of ours that are the registered one, rather surely."""
        ids = [
            match.res_id
            for match in matches
            if match.res_model == "res.partner"
            and match.verdict.kind in ("same", "likely")
        ]
        return self.env["res.partner"].sudo().browse(ids).commercial_partner_id

    def _prepare_order_findings(self, matches):
        """Recent orders and open quotations of customers that were found."""
        customers = self._get_matched_customers(matches)
        if not customers:
            return []
        since = fields.Datetime.subtract(
            fields.Datetime.now(), days=self._get_policy().recent_order_days
        )
        orders = (
            self.env["sale.order"]
            .sudo()
            .search(
                [
                    ("partner_id", "child_of", customers.ids),
                    ("company_id", "=", self.company_id.id),
                    ("date_order", ">=", since),
                    ("state", "!=", "cancel"),
                    ("deal_registration_id", "!=", self.id),
                ],
                order="date_order desc",
                limit=10,
            )
        )
        return [
            self.env["partner.deal.finding"]._prepare_order(self, order)
            for order in orders
        ]

    # ------------------------------------------------------------------------ rivals

    def _find_rivals(self):
        """Live registrations of other partners for the same deal.

        :return: ``[(registration, Match)]``: same customer, overlapping products
        """
        self.ensure_one()
        matches = (
            self.env["partner.deal.identity"]
            .sudo()
            ._find_matches(
                self._get_party(),
                limit=200,
                sources=[self._name],
                exclude=[(self._name, self.id)],
            )
        )
        rivals = []
        for match in matches:
            if match.verdict.kind not in ("same", "likely"):
                continue
            rival = self.sudo().browse(match.res_id)
            if (
                rival.company_id == self.company_id
                and rival.partner_id != self.sudo().partner_id
                and rival.state in (*OPEN_STATES, *PROTECTING_STATES)
                and self.sudo().line_ids._overlaps(rival.line_ids)
            ):
                rivals.append((rival, match))
        return rivals

    def _tell_rivals(self):
        """Note this deal with those that wait for a decision on the same one.

        It was compared with each of them already; another search by each would take
        the longer the more there are.
        """
        self.ensure_one()
        Finding = self.env["partner.deal.finding"].sudo()
        rivals = [
            (rival, match)
            for rival, match in self._find_rivals()
            if rival.state in OPEN_STATES
        ]
        Finding.search(
            [
                ("registration_id", "in", [rival.id for rival, _match in rivals]),
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
            ]
        ).unlink()
        Finding.create(
            [
                Finding._prepare(
                    rival,
                    self,
                    replace(match, res_id=self.id, name=self.customer_name),
                )
                for rival, match in rivals
            ]
        )

    def _get_blocking_rivals(self):
        """``(protected, earlier)`` registrations that stand before this one."""
        protected = earlier = self.browse()
        for rival, _match in self._find_rivals():
            if rival._is_protected():
                protected |= rival
            elif (
                rival.state in OPEN_STATES
                and rival.completion_number
                and rival.completion_number < (self.completion_number or float("inf"))
            ):
                earlier |= rival
        return protected, earlier

    def _is_protected(self):
        """Whether the deal is protected today."""
        self.ensure_one()
        return (
            self.state in PROTECTING_STATES
            and bool(self.protected_until)
            and self.protected_until >= fields.Date.context_today(self)
        )

    # --------------------------------------------------------------------- too late

    def _has_sent_quotation(self):
        """Whether the customer had a sent quotation before this was complete."""
        self.ensure_one()
        matches = (
            self.env["partner.deal.identity"]
            .sudo()
            ._find_matches(self._get_party(), sources=["res.partner"])
        )
        customers = self._get_matched_customers(matches)
        if not customers:
            return False
        domain = [
            ("partner_id", "child_of", customers.ids),
            ("company_id", "=", self.company_id.id),
            ("state", "in", ("sent", "sale")),
            ("create_date", "<", self.completed_on or fields.Datetime.now()),
        ]
        days = self._get_policy().recent_order_days
        domain.append(
            (
                "date_order",
                ">=",
                fields.Datetime.subtract(fields.Datetime.now(), days=days),
            )
        )
        orders = self.env["sale.order"].sudo().search(domain)
        mine = self.line_ids.product_id
        return any(not mine or order.order_line.product_id & mine for order in orders)

    def _check_not_too_late(self):
        """Refuse a deal that came after the quotation, where the policy says so.

        The message must not tell a partner what is quoted to whom.
        """
        self.ensure_one()
        if self._get_policy().late_rule == "refuse" and self._has_sent_quotation():
            raise UserError(
                self.env._(
                    "%s cannot be registered: a deal has to be registered before "
                    "the customer has a quotation.",
                    self.name,
                )
            )

    # -------------------------------------------------------------------- amendments

    def _after_amendment(self, before):
        """Check again what was changed after it had been submitted.

        Another customer is another deal: it takes a new place in the queue, so that
        nobody holds a place with a made-up name. An approved deal does not move onto
        somebody else's.
        """
        for registration in self.sudo():
            party, scope = before[registration.id]
            now = registration._get_party()
            moved = now != party
            widened = registration.line_ids._get_scope() != scope
            if not registration.completion_number or not (moved or widened):
                continue
            if moved and evidence.compare(party, now).kind not in ("same", "likely"):
                registration._change_customer()
            if registration.state == "draft":
                continue
            registration._find_duplicates()
            if registration.state == "approved":
                registration._check_rivals_at_amendment()
            registration.message_post(
                body=self.env._("The registration was amended and checked again.")
            )

    def _change_customer(self):
        self.ensure_one()
        if self.state == "approved":
            raise UserError(
                self.env._(
                    "%s is approved for another customer. Register the new one.",
                    self.name,
                )
            )
        self._write_process(self._prepare_completion())

    def _check_rivals_at_amendment(self):
        self.ensure_one()
        self.env["partner.deal.lock"]._touch(self.company_id)
        protected, earlier = self._get_blocking_rivals()
        if protected or earlier:
            raise UserError(
                self.env._("The amended deal is protected or under review already.")
            )

    # -------------------------------------------------------------------- protection

    @api.model
    def _get_protecting(self, customers):
        """``{customer id: registration}`` that protects a customer's deal today."""
        registrations = self.sudo().search(
            [
                ("customer_id", "in", customers.ids),
                ("state", "in", PROTECTING_STATES),
                ("protected_until", ">=", fields.Date.context_today(self)),
                ("company_id", "in", self.env.companies.ids),
            ],
            order="completion_number desc",
        )
        return {
            registration.customer_id.id: registration for registration in registrations
        }

    @api.model
    def _describe_protection(self, registration):
        if not registration:
            return False
        return self.env._(
            "%(name)s: protected for %(partner)s until %(date)s",
            name=registration.name,
            partner=registration.partner_id.name,
            date=fields.Date.to_string(registration.protected_until),
        )

    @api.model
    def _get_live_condition(self):
        return SQL("state IN %s", (*OPEN_STATES, *PROTECTING_STATES))
