from collections import defaultdict

from odoo import api, models
from odoo.tools import split_every

#: Documents that are rendered, and written, together.
BATCH_SIZE = 500
#: The portal page of what has none of its own.
PORTAL_PATH = "/my/incentives"


class PartnerIncentiveNotifiedMixin(models.AbstractModel):
    """Documents whose partner is told by mail what became of them.

    The one place that writes to partners. Extension point: a module's document
    inherits this, says where the partner sees it (:meth:`_get_partner_path`), and calls
    :meth:`_notify_partner` with a template of the module's own.
    """

    _name = "partner.incentive.notified.mixin"
    _description = "Partner Is Told by Mail"

    def _get_notified_partner(self):
        """The company whose people are told; extend where it is another one."""
        self.ensure_one()
        return self.partner_id.commercial_partner_id

    def _get_notified_areas(self):
        """Areas of the portal (``ROLE_AREAS``) of which who is told may use one.

        Those of the page that shows it: a mail tells nobody what the own role does not
        include. Empty: everybody.
        """
        self.ensure_one()
        return ()

    def _get_partner_path(self):
        """The portal page behind the mail's button, from the slash on."""
        self.ensure_one()
        return PORTAL_PATH

    def _notify_partner(self, template_xmlid, event, **context):
        """Queue a mail about each of these documents, for any number of them at once.

        Each person is written to in the own language. The text is kept in the
        document's chatter, also where nobody wants or can get the mail. Nothing is sent
        here: Odoo's mail queue does it, right after the transaction.

        :param template_xmlid: a ``mail.template``; deleted, nothing is told
        :param event: what ``res.partner._wants_incentive_mail`` asks for
        :param context: for the templates, as ``ctx``
        :return: the queued ``mail.mail`` records, by the superuser
        """
        mails_sudo = self.env["mail.mail"].sudo()
        # Looked up only where there is something to tell: every posting asks.
        template_sudo = self and self.env.ref(template_xmlid, raise_if_not_found=False)
        if not template_sudo:
            return mails_sudo
        template_sudo = template_sudo.sudo()
        for lang, mailing in self.sudo()._prepare_mailings(event).items():
            for chunk in split_every(BATCH_SIZE, mailing, list):
                mails_sudo += self.sudo()._queue_mails(
                    template_sudo.with_context(
                        **context, lang=lang, template_preview_lang=lang
                    ),
                    chunk,
                )
        return self._wake_mail_queue(mails_sudo)

    @api.model
    def _write_to_people(self, document, subject, body, people, email_from):
        """Queue a text that somebody wrote, to each of some people alone.

        For what a person looked at before it goes out; :meth:`_notify_partner` is for
        events. Whoever calls has asked who wants it, and keeps the text.

        :param document: record that it is about, for the frame and its button
        :param body: HTML
        :param people: ``res.partner`` records with an address
        :return: the queued ``mail.mail`` records, by the superuser
        """
        mails_sudo = self.env["mail.mail"].sudo()
        company = document._mail_get_companies(default=self.env.company)[document.id]
        default = self.env.lang or "en_US"
        groups = people.grouped(lambda one: one.lang or default)
        for lang, group in groups.items():
            framed = (
                self.sudo()
                .with_context(lang=lang)
                ._frame_mail(document, company, subject, body, PORTAL_PATH)
            )
            mails_sudo += mails_sudo.create(
                [
                    {
                        "subject": subject,
                        "body_html": framed,
                        "email_from": email_from,
                        "reply_to": email_from,
                        "recipient_ids": one.ids,
                        "auto_delete": True,
                    }
                    for one in group
                ]
            )
        return self._wake_mail_queue(mails_sudo)

    def _wake_mail_queue(self, mails):
        """Let Odoo's queue send the mails right after the transaction; return them."""
        if mails:
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return mails

    @api.model
    def _frame_mail(self, document, company, subject, body, path):
        """HTML of a text in the frame of Odoo's mails, in the environment's language.

        :param document: record that it is about
        :param path: the portal page behind the button, from the slash on
        """
        return self.env["mail.render.mixin"]._render_encapsulate(
            "mail.mail_notification_layout",
            body,
            add_context={
                "company": company,
                "subtitles": [subject],
                "has_button_access": True,
                "button_access": {
                    "title": self.env._("Open on the portal"),
                    "url": document.get_base_url() + path,
                },
            },
            context_record=document,
        )

    def _prepare_mailings(self, event):
        """``{language: [(document, people)]}``; without people, the chatter only."""
        partners = {record: record._get_notified_partner() for record in self}
        told = {}
        for areas, records in self.grouped(
            lambda record: frozenset(record._get_notified_areas())
        ).items():
            people = (
                self.env["res.partner"]
                .sudo()
                .union(*(partners[record] for record in records))
                ._get_incentive_contacts(event, areas)
            )
            told.update({record: people[partners[record]] for record in records})
        mailings = defaultdict(list)
        for record, partner in partners.items():
            default = partner.lang or self.env.lang or "en_US"
            contacts = told[record]
            by_language = contacts.grouped(lambda one, lang=default: one.lang or lang)
            for lang, group in (by_language or {default: contacts}).items():
                mailings[lang].append((record, group))
        return mailings

    @api.model
    def _queue_mails(self, template, mailing):
        """Make the messages of one language, and mails where there is somebody."""
        lang = template.env.lang
        records = self.browse([record.id for record, _people in mailing])
        records = records.with_context(lang=lang)
        rendered = template._generate_template(
            records.ids, ("subject", "body_html", "email_from")
        )
        companies = records._mail_get_companies(default=self.env.company)
        comment = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment")
        messages = (
            self.env["mail.message"]
            .sudo()
            .create(
                [
                    {
                        "model": self._name,
                        "res_id": record.id,
                        "subject": rendered[record.id]["subject"],
                        "body": rendered[record.id]["body_html"],
                        "email_from": rendered[record.id]["email_from"]
                        or companies[record.id].email_formatted,
                        # whoever decided is nobody's business
                        "author_id": companies[record.id].partner_id.id,
                        "message_type": "email_outgoing",
                        "subtype_id": comment,
                    }
                    for record in records
                ]
            )
        )
        return (
            self.env["mail.mail"]
            .sudo()
            .create(
                [
                    {
                        "mail_message_id": message.id,
                        "body_html": record._frame_mail(
                            record,
                            companies[record.id],
                            message.subject,
                            message.body,
                            record._get_partner_path(),
                        ),
                        "recipient_ids": people.ids,
                        "mail_server_id": template.mail_server_id.id,
                        "auto_delete": template.auto_delete,
                    }
                    for record, message, (_record, people) in zip(
                        records, messages, mailing, strict=True
                    )
                    if people
                ]
            )
        )
