from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .partner_deal_registration import INTERNAL

REJECT_CODES = [
    ("protected", "The deal is protected"),
    ("existing", "Existing business"),
    ("late", "Registered too late"),
    ("unqualified", "Not qualified enough"),
    ("ineligible", "Outside the program"),
    ("other", "Other"),
]


class PartnerDealRegistration(models.Model):
    _inherit = "partner.deal.registration"

    approved_on = fields.Datetime(readonly=True, copy=False, tracking=True)
    approved_by = fields.Many2one(
        "res.users", readonly=True, copy=False, groups=INTERNAL
    )
    auto_approved = fields.Boolean(readonly=True, copy=False, groups=INTERNAL)
    decided_on = fields.Datetime(readonly=True, copy=False)
    decided_by = fields.Many2one(
        "res.users", readonly=True, copy=False, groups=INTERNAL
    )
    reject_code = fields.Selection(
        REJECT_CODES, string="Reason of rejection", readonly=True, copy=False
    )
    reason = fields.Text(
        string="Explanation", readonly=True, copy=False, help="The partner can read it."
    )
    internal_reason = fields.Text(
        string="Internal note",
        readonly=True,
        copy=False,
        groups=INTERNAL,
        help="Never shown to a partner: it may name the other side of a conflict.",
    )
    info_request = fields.Text(
        string="Question", readonly=True, copy=False, help="What the reviewer asks."
    )
    protected_from = fields.Date(readonly=True, copy=False)
    protected_until = fields.Date(
        readonly=True, copy=False, tracking=True, index="btree_not_null"
    )
    discount = fields.Float(string="Discount (%)", readonly=True, copy=False)
    pricelist_id = fields.Many2one(
        "product.pricelist", readonly=True, copy=False, groups=INTERNAL
    )
    can_decide = fields.Boolean(compute="_compute_can_decide", groups=INTERNAL)

    @api.depends("state", "registered_by", "submitted_by")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        manager = self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        )
        for registration in self:
            registration.can_decide = (
                manager
                and registration.state in ("submitted", "conflict")
                and not registration._is_own_request()
            )

    def _is_own_request(self):
        """Whether the user registered or submitted the deal himself."""
        self.ensure_one()
        registration = self.sudo()
        return self.env.user in registration.registered_by | registration.submitted_by

    # ----------------------------------------------------------------- information

    def action_request_info(self, reason=None):
        """Return it to the partner with a question; the clock stops."""
        for registration in self:
            registration._change_state("info", reason)
        return True

    def _check_can_request_info(self, reason=None):
        self._check_manager()
        self._check_reason(reason)

    def _do_request_info(self, reason=None):
        self.ensure_one()
        self._pause_clock()
        self._write_process({"state": "info", "info_request": reason})
        self._tell_partner("info", "returned")

    def action_flag_conflict(self):
        for registration in self:
            registration._change_state("conflict")
        return True

    def _check_can_flag_conflict(self):
        self._check_manager()

    def _do_flag_conflict(self):
        self.ensure_one()
        self._write_process({"state": "conflict"})
        self._find_duplicates()

    # --------------------------------------------------------------------- approve

    def action_approve(self):
        for registration in self:
            registration._change_state("approved")
        return True

    def _check_can_approve(self):
        self._check_manager()
        for registration in self:
            if not self.env.su and registration._is_own_request():
                raise AccessError(
                    self.env._(
                        "You registered %s yourself. Somebody else has to approve it.",
                        registration.name,
                    )
                )
            registration.sudo()._check_no_rival()

    def _check_no_rival(self):
        """Nobody has the deal, and nobody who came first still waits for it.

        The lock row is updated before the search: see ``partner.deal.lock``.
        """
        self.ensure_one()
        self.env["partner.deal.lock"]._touch(self.company_id)
        if self.missing:
            raise UserError(
                self.env._(
                    "%(name)s is not complete any more. Missing: %(missing)s.",
                    name=self.name,
                    missing=self.missing,
                )
            )
        protected, earlier = self._get_blocking_rivals()
        self._check_no_protected_renewal()
        # A reviewer who splits the credit has decided the conflict: partners that
        # share in both registrations do not stand in each other's way.
        partners = self.credit_ids.partner_id
        protected = protected.filtered(lambda rival: rival.partner_id not in partners)
        earlier = earlier.filtered(lambda rival: rival.partner_id not in partners)
        if protected:
            raise UserError(
                self.env._(
                    "The deal is protected by %(rivals)s already. Reject %(name)s, or "
                    "split the credit with the other partner first.",
                    rivals=", ".join(protected.mapped("name")),
                    name=self.name,
                )
            )
        if earlier:
            raise UserError(
                self.env._(
                    "%(rivals)s was complete before %(name)s. Decide on it first.",
                    rivals=", ".join(earlier.mapped("name")),
                    name=self.name,
                )
            )

    def _do_approve(self, automatic=False):
        self.ensure_one()
        self._find_duplicates()
        self._stop_clock()
        now = fields.Datetime.now()
        self._write_process(
            {
                "state": "approved",
                "approved_on": now,
                "approved_by": self.env.uid,
                "decided_on": now,
                "decided_by": self.env.uid,
                "auto_approved": automatic,
                "customer_id": (self.customer_id or self._find_customer()).id,
                **self._prepare_protection(),
            }
        )
        self._ensure_credits()
        self._link_opportunity()
        self._credit_documents()
        self._tell_partner("approved", "approved")
        self._tell_rivals()

    def _prepare_protection(self, today=None):
        """Dates and price that the partner's tier grants from today on."""
        self.ensure_one()
        today = today or fields.Date.context_today(self)
        policy = self._get_policy()
        term = policy._get_term(self.partner_id.grade_id)
        days = policy._get_days("protection_days", self.partner_id, today)
        if self.is_renewal and self._is_incumbent():
            renewal = policy._get_days("renewal_protection", self.partner_id, today)
            days = renewal or days
        return {
            "protected_from": today,
            "protected_until": fields.Date.add(today, days=days),
            "discount": term.discount,
            "pricelist_id": term.pricelist_id.id,
            "expiry_reminder": 0,
        }

    def _find_customer(self):
        """The customer of ours that the deal is with, if there is one for sure."""
        self.ensure_one()
        matches = self.env["partner.deal.identity"]._find_matches(
            self._get_party(), sources=["res.partner"], limit=5
        )
        for match in matches:
            if match.verdict.kind == "same" and self._concerns_company(match):
                customer = self.env["res.partner"].browse(match.res_id)
                if customer != self.partner_id:
                    return customer.commercial_partner_id
        return self.env["res.partner"].create(self._prepare_customer())

    def _prepare_customer(self):
        self.ensure_one()
        return {
            "name": self.customer_name,
            "is_company": True,
            "vat": False,
            "website": self.customer_website,
            "phone": self.customer_phone,
            "street": self.customer_street,
            "zip": self.customer_zip,
            "city": self.customer_city,
            "country_id": self.customer_country_id.id,
            "comment": self.customer_vat
            and self.env._("Tax ID as registered: %s", self.customer_vat),
        }

    # ---------------------------------------------------------------------- reject

    def action_reject(self, code="other", reason=None, internal_reason=None):
        """Reject with a reason for the partner.

        With the code ``protected`` the partner reads just that: who has the deal, and
        what it is worth, stays in the internal note.
        """
        for registration in self:
            registration._change_state("rejected", code, reason, internal_reason)
        return True

    def _check_can_reject(self, code=None, reason=None, internal_reason=None):
        self._check_manager()
        if code not in dict(REJECT_CODES):
            raise UserError(self.env._("Choose a reason from the list."))
        if code != "protected":
            self._check_reason(reason)

    def _do_reject(self, code=None, reason=None, internal_reason=None):
        self.ensure_one()
        if code == "protected":
            internal_reason = "\n".join(filter(None, (internal_reason, reason)))
            reason = self.env._("The deal is protected.")
        self._stop_clock()
        self._write_process(
            {
                "state": "rejected",
                "reject_code": code,
                "reason": reason,
                "internal_reason": internal_reason,
                "decided_on": fields.Datetime.now(),
                "decided_by": self.env.uid,
                "closed_on": fields.Datetime.now(),
            }
        )
        self.activity_unlink(["mail.mail_activity_data_todo"])
        self._tell_partner("rejected", "returned")

    # ----------------------------------------------------------------------- reset

    def action_reset(self):
        for registration in self:
            registration._change_state("draft")
        return True

    def _check_can_reset(self):
        self._check_actor()

    def _do_reset(self):
        """A new try takes a new place: it is complete from its new submission on."""
        self.ensure_one()
        self._write_process(
            {
                "state": "draft",
                "completed_on": False,
                "completion_number": 0,
                "approved_on": False,
                "approved_by": False,
                "auto_approved": False,
                "decided_on": False,
                "decided_by": False,
                "reject_code": False,
                "reason": False,
                "closed_on": False,
                "protected_from": False,
                "protected_until": False,
                "clock_state": "idle",
                "clock_used": 0,
                "clock_deadline": False,
                "lost_reason_id": False,
            }
        )

    # ---------------------------------------------------------------------- appeal

    def action_appeal(self, reason=None):
        """Contest a rejection: a dispute, decided by somebody else.

        :return: id of the dispute
        """
        self.ensure_one()
        self._check_actor(portal=True)
        dispute = (
            self.env["partner.incentive.dispute"]
            .sudo()
            .create(
                [
                    {
                        "res_model": self._name,
                        "res_id": self.id,
                        "category": "decision",
                        "reason": reason,
                    }
                ]
            )
        )
        return dispute.id

    def _get_dispute_day(self):
        self.ensure_one()
        return self.decided_on.date() if self.state == "rejected" else None

    def _get_dispute_offer(self):
        return self.env["partner.incentive.offer"]

    def _get_dispute_deciders(self):
        self.ensure_one()
        return self.sudo().decided_by

    def _can_reopen_disputed(self):
        self.ensure_one()
        return self.state == "rejected"

    def _reopen_disputed(self, dispute):
        self.ensure_one()
        self._reopen()
        self._message_partner(
            self.env._("The rejection was contested with success; it is in review.")
        )

    def _reopen(self):
        """An appeal was upheld: back in review, in the place it had."""
        self.ensure_one()
        self._write_process(
            {
                "state": "submitted",
                "reject_code": False,
                "reason": False,
                "decided_on": False,
                "decided_by": False,
                "closed_on": False,
            }
        )
        self._find_duplicates()
        self._start_clock()
