from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty


class PartnerIncentiveAnnounce(models.TransientModel):
    """What partners are told of a changed offer, looked at before it is sent.

    Each contact gets what the template proposes in the own language; a text that was
    changed goes to everybody as it is. Only contacts of partners that take part can be
    written to, one message each, so that no partner learns of another. Nothing is sent
    but by *Send*.
    """

    _name = "partner.incentive.announce"
    _description = "Announce a Change"

    offer_id = fields.Many2one(
        "partner.incentive.offer", required=True, readonly=True, ondelete="cascade"
    )
    line_id = fields.Many2one(
        "partner.incentive.review.line", readonly=True, ondelete="cascade"
    )
    template_id = fields.Many2one(
        "mail.template",
        domain="[('model', '=', 'partner.incentive.offer')]",
        default=lambda self: self.env.ref(
            "partner_incentive_base.mail_template_offer_change",
            raise_if_not_found=False,
        ),
    )
    reason = fields.Text(required=True, help="Why the offer changes, for partners.")
    subject = fields.Char(compute="_compute_message", store=True, readonly=False)
    body = fields.Html(compute="_compute_message", store=True, readonly=False)
    # what it was before anybody changed it
    proposed_subject = fields.Char(compute="_compute_proposed", store=True)
    proposed_body = fields.Html(compute="_compute_proposed", store=True)
    contact_ids = fields.Many2many(
        "res.partner",
        string="Recipients",
        domain="[('id', 'in', allowed_contact_ids)]",
    )
    allowed_contact_ids = fields.Many2many(
        "res.partner",
        "partner_incentive_announce_allowed_rel",
        compute="_compute_allowed_contact_ids",
    )
    contact_count = fields.Integer(string="Contacts", compute="_compute_contact_count")
    without_mail = fields.Char(compute="_compute_contact_count")

    @api.depends("offer_id")
    def _compute_allowed_contact_ids(self):
        for wizard in self:
            wizard.allowed_contact_ids = wizard.offer_id._get_announcement_contacts()

    @api.depends("contact_ids.email")
    def _compute_contact_count(self):
        for wizard in self:
            reached = wizard.contact_ids._filter_incentive_mail("announcement")
            wizard.contact_count = len(reached)
            wizard.without_mail = ", ".join(
                (wizard.contact_ids - reached).mapped("display_name")
            )

    @api.depends("template_id", "reason", "offer_id")
    def _compute_proposed(self):
        for wizard in self:
            if wizard.template_id:
                message = wizard._render_message(self.env.lang)
                wizard.proposed_subject, wizard.proposed_body = message

    @api.depends("proposed_subject", "proposed_body")
    def _compute_message(self):
        for wizard in self:
            if wizard.template_id:
                wizard.subject = wizard.proposed_subject
                wizard.body = wizard.proposed_body

    def _render_message(self, lang):
        """``(subject, body)`` as the template proposes them in a language."""
        self.ensure_one()
        # Everybody who may announce may use the template, whoever keeps it.
        template_sudo = self.template_id.sudo()
        offer = self.offer_id.with_context(lang=lang)
        context = {"change": offer._describe_change(), "reason": self.reason or ""}
        return tuple(
            template_sudo._render_field(
                field, offer.ids, set_lang=lang, add_context=context
            )[offer.id]
            for field in ("subject", "body_html")
        )

    def _get_messages(self, contacts):
        """``[(subject, body, contacts)]``, by language if nobody changed the text."""
        self.ensure_one()
        shown = (self.subject, self.body)
        if not self.template_id or shown != (self.proposed_subject, self.proposed_body):
            return [(*shown, contacts)]
        own = self.env.lang
        return [
            (*(shown if lang == own else self._render_message(lang)), group)
            for lang, group in contacts.grouped(lambda one: one.lang or own).items()
        ]

    @api.model
    def _open(self, offer, line=None):
        """Action that shows what would be sent about an offer, and to whom."""
        offer.ensure_one()
        offer._check_manager()
        offer._check_can_announce()
        wizard = self.create(
            {
                "offer_id": offer.id,
                "line_id": line.id if line else False,
                "reason": (line and line.decision_note)
                or offer._get_terms_in_force().change_reason
                or self.env._("Terms change."),
                "contact_ids": [(6, 0, offer._get_announcement_contacts().ids)],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Announce to partners"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_send(self):
        """Send what was looked at; the offer keeps the text and who got it."""
        self.ensure_one()
        offer = self.offer_id
        offer.check_access("write")
        offer._check_manager()
        offer._check_can_announce()
        if not self.subject or is_html_empty(self.body):
            raise UserError(self.env._("Write a subject and a text first."))
        contacts = self.contact_ids & offer._get_announcement_contacts()
        reached = contacts._filter_incentive_mail("announcement")
        if not reached:
            raise UserError(
                self.env._(
                    "Nobody would get it: none of the recipients has an e-mail "
                    "address and wants such mails. Add an address to the contacts."
                )
            )
        sender = (
            offer.user_id.email_formatted
            or self.env.user.email_formatted
            or offer.company_id.email_formatted
        )
        # Managers of incentives need no right to write mails of any kind.
        for subject, body, people in self._get_messages(reached):
            self.env["partner.incentive.notified.mixin"]._write_to_people(
                offer, subject, body, people, sender
            )
        offer._announce(self.subject, self.body, self.reason, contacts)
        offer.message_post(
            body=self.env._(
                "Announced by e-mail to: %(names)s. Reason: %(reason)s",
                names=", ".join(reached.mapped("display_name")),
                reason=self.reason,
            )
        )
        if self.line_id:
            self.line_id._in_process().announced_on = fields.Datetime.now()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Contacts told by e-mail: %s", len(reached)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
