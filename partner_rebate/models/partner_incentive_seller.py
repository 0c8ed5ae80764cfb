from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

MANAGER = "partner_incentive_base.group_incentive_manager"


class PartnerIncentiveSeller(models.Model):
    """A person at a partner who earns SPIFs himself, with the employer's consent.

    Money is owed to ``payee_id``, a contact of the seller's own with its own tax id and
    bank account, which never belongs to the employer; it is enrolled in the program
    when the employer consents.

    ======= ==================== ========= =====================================
    Action  Who                  From      Restriction
    ======= ==================== ========= =====================================
    request the seller, User     -
    consent the employer, User   requested not the seller himself
    decline the employer, User   requested, not the seller himself
                                 consented
    ======= ==================== ========= =====================================

    The guards hold for a bare write of the state, too. Who declines a consent that was
    given ends it from that day on; what was earned before stays owed.
    """

    _name = "partner.incentive.seller"
    _description = "Incentive Seller"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "partner.incentive.process.mixin",
    ]
    _process_fields = frozenset({"state", "consented_by", "consented_on", "payee_id"})
    _order = "state, id desc"
    _rec_name = "contact_id"
    _check_company_auto = True

    program_id = fields.Many2one(
        "partner.incentive.program",
        required=True,
        ondelete="restrict",
        index=True,
        check_company=True,
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True, precompute=True
    )
    contact_id = fields.Many2one(
        "res.partner",
        string="Seller",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('is_company', '=', False), ('parent_id', '!=', False)]",
    )
    employer_id = fields.Many2one(
        "res.partner",
        related="contact_id.commercial_partner_id",
        store=True,
        index=True,
        precompute=True,
        string="Employer",
    )
    payee_id = fields.Many2one(
        "res.partner",
        string="Paid to",
        ondelete="restrict",
        readonly=True,
        index="btree_not_null",
        copy=False,
        help="The seller's own contact: his tax id and bank account, not the "
        "employer's.",
    )
    vat = fields.Char(related="payee_id.vat", string="Tax id", readonly=False)
    bank_ids = fields.One2many(
        related="payee_id.bank_ids", string="Bank accounts", readonly=False
    )
    state = fields.Selection(
        [
            ("requested", "Waits for consent"),
            ("consented", "Consented"),
            ("declined", "Declined"),
        ],
        default="requested",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    consented_by = fields.Many2one("res.users", readonly=True, copy=False)
    consented_on = fields.Date(readonly=True, copy=False)
    declined_on = fields.Date(readonly=True, copy=False)

    _seller_once = models.UniqueIndex(
        "(program_id, contact_id) WHERE state != 'declined'",
        "The seller takes part in this program already.",
    )

    @api.constrains("contact_id")
    def _check_contact(self):
        for seller in self:
            if seller.contact_id.is_company or not seller.contact_id.parent_id:
                raise ValidationError(
                    self.env._(
                        "%s is no person at a partner. Choose a contact of a company.",
                        seller.contact_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        sellers = super().create(vals_list)
        for seller in sellers:
            if not seller.payee_id:
                seller.sudo().payee_id = seller._find_payee()
        return sellers

    def _find_payee(self):
        """The seller's own contact, the same one in every program."""
        known = self.sudo().search(
            [("contact_id", "=", self.contact_id.id), ("payee_id", "!=", False)],
            limit=1,
        )
        return known.payee_id or self.env["res.partner"].sudo().create(
            {
                "name": self.contact_id.name,
                "email": self.contact_id.email,
                "is_company": False,
                "parent_id": False,
                "comment": self.env._(
                    "Paid for incentives of his own; works for %s.",
                    self.employer_id.name,
                ),
            }
        )

    def write(self, vals):
        state = vals.get("state")
        if {"contact_id", "program_id"} & set(vals):
            self._check_unanswered()
        if state:
            self.check_access("write")
            for seller in self:
                seller._change_state(state)
            vals = {
                name: each
                for name, each in vals.items()
                if name not in self._process_fields
            }
            return super().write(vals) if vals else True
        if self._process_fields & set(vals) and not self.env.su:
            raise AccessError(self.env._("Use Consent or Decline to decide."))
        return super().write(vals)

    def _check_unanswered(self):
        """A consent is for one person and program."""
        for seller in self:
            if seller.state != "requested":
                raise UserError(
                    self.env._(
                        "The employer of %s has answered already. Ask for another "
                        "person, or program, with a record of its own.",
                        seller.contact_id.name,
                    )
                )

    def _change_state(self, state):
        self.ensure_one()
        if state == self.state:
            return
        allowed = {
            ("requested", "consented"),
            ("requested", "declined"),
            ("consented", "declined"),
        }
        if (self.state, state) not in allowed:
            raise UserError(
                self.env._("%s has been decided already.", self.contact_id.name)
            )
        if self.env.user.partner_id == self.contact_id:
            raise UserError(
                self.env._("Somebody else at your company has to consent, not you.")
            )
        today = fields.Date.context_today(self)
        stamps = {"state": state, "consented_by": self.env.uid}
        if state == "consented":
            stamps["consented_on"] = today
        else:
            stamps["declined_on"] = today
        super().write(stamps)  # pylint: disable=super-method-mismatch
        self.sudo()._sync_enrollment(state, today)

    def _sync_enrollment(self, state, today):
        """The payee takes part from the consent on, and until it is withdrawn."""
        Enrollment = self.env["partner.incentive.enrollment"]
        enrollment = Enrollment.search(
            [
                ("program_id", "=", self.program_id.id),
                ("partner_id", "=", self.payee_id.id),
                ("state", "!=", "ended"),
            ]
        )
        if state == "consented" and not enrollment:
            Enrollment.create(
                {
                    "program_id": self.program_id.id,
                    "partner_id": self.payee_id.id,
                    "date_from": today,
                    "state": "active",
                }
            )
        elif state == "declined" and enrollment:
            enrollment.action_end()

    def action_consent(self):
        self.write({"state": "consented"})

    def action_decline(self):
        self.write({"state": "declined"})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_requested(self):
        if any(seller.state != "requested" for seller in self):
            raise UserError(
                self.env._("Who consented, and when, is kept. Decline it instead.")
            )

    @api.model
    def _get_for_payee(self, program, partner, day):
        """The seller behind a payee, if the employer had consented by ``day``."""
        return self.sudo().search(
            [
                ("program_id", "=", program.id),
                ("payee_id", "=", partner.id),
                ("consented_on", "<=", day),
                "|",
                ("state", "=", "consented"),
                ("declined_on", ">=", day),
            ],
            limit=1,
        )
