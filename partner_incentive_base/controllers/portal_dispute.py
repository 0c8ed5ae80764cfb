"""``/my/incentives/disputes``: contest an amount or a decision, and read the answer."""

from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.http import request, route
from odoo.tools import format_date

from odoo.addons.portal.controllers.portal import pager as portal_pager

from .portal_statement import PartnerIncentiveStatement

MAX_TEXT_LENGTH = 5000
FILE_TYPES = (".pdf", ".png", ".jpg", ".jpeg", ".docx", ".xlsx", ".csv", ".txt", ".eml")
ERRORS = (UserError, ValidationError, AccessError)


class PartnerIncentiveDisputePortal(PartnerIncentiveStatement):
    def _get_dispute_subjects(self):
        """``{word in the address: (model, domain of what a partner may dispute)}``.

        Extension point of modules with documents of their own.
        """
        return {
            "movement": ("partner.incentive.entry", self._get_statement_domain()),
            "claim": ("partner.incentive.claim", Domain.TRUE),
            "settlement": (
                "partner.incentive.settlement.line",
                Domain("settlement_id.state", "=", "posted"),
            ),
        }

    def _may_dispute(self, model):
        areas = request.env[model]._get_dispute_areas()
        return request.env.user.partner_id._may_use_incentives(*areas)

    def _get_dispute_domain(self):
        """The partner's disputes about what the user's role includes."""
        models = [
            model
            for model, _domain in self._get_dispute_subjects().values()
            if self._may_dispute(model)
        ]
        return self._get_own_domain() & Domain("res_model", "in", models)

    def _get_home_task_kinds(self):
        return [
            *super()._get_home_task_kinds(),
            {
                "model": "partner.incentive.dispute",
                "domain": self._get_dispute_domain() & Domain("state", "=", "info"),
                "order": "id desc",
                "areas": ["disputes"],
                "prepare": lambda dispute_sudo: {
                    "title": request.env._("Answer a question on your dispute"),
                    "text": dispute_sudo.name,
                    "url": f"/my/incentives/disputes/{dispute_sudo.id}",
                    "due": None,
                },
            },
        ]

    def _get_dispute_subject(self, kind, record_id):
        """A document of the user's partner; what is not its own does not exist."""
        subjects = self._get_dispute_subjects()
        if kind not in subjects or not self._may_dispute(subjects[kind][0]):
            raise NotFound()
        model, domain = subjects[kind]
        subject_sudo = self._get_own_record(model, record_id, domain)
        if not subject_sudo:
            raise NotFound()
        return subject_sudo

    def _get_dispute_url(self, kind, subject_sudo):
        """Where to dispute a document, or to read the dispute; None where too late."""
        Dispute = request.env["partner.incentive.dispute"].sudo()
        disputes_sudo = Dispute._get_about(subject_sudo)
        live = disputes_sudo._get_live()
        if live:
            return f"/my/incentives/disputes/{live.id}"
        if disputes_sudo._is_open_to_disputes(subject_sudo):
            return f"/my/incentives/disputes/new/{kind}/{subject_sudo.id}"
        return None

    def _prepare_entry_values(self, entry_sudo):
        values = super()._prepare_entry_values(entry_sudo)
        values["dispute_url"] = self._get_dispute_url("movement", entry_sudo)
        return values

    def _prepare_dispute_values(self, *breadcrumbs, **values):
        return self._prepare_incentive_values(
            "incentive_disputes",
            (request.env._("Disputes"), "/my/incentives/disputes"),
            *breadcrumbs,
            **values,
        )

    # ------------------------------------------------------------------------- list

    @route(
        ["/my/incentives/disputes", "/my/incentives/disputes/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        incentive_area="disputes",
    )
    def portal_my_disputes(self, page=1, **kw):
        Dispute = request.env["partner.incentive.dispute"].sudo()
        domain = self._get_dispute_domain()
        pager = portal_pager(
            url="/my/incentives/disputes",
            total=Dispute.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        disputes_sudo = Dispute.search(
            domain,
            order="id desc",
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        return request.render(
            "partner_incentive_base.portal_my_disputes",
            self._prepare_dispute_values(disputes=disputes_sudo, pager=pager),
        )

    # -------------------------------------------------------------------------- new

    @route(
        "/my/incentives/disputes/new/<string:kind>/<int:record_id>",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        website=True,
        incentive_area="disputes",
    )
    def portal_new_dispute(self, kind, record_id, **typed):
        subject_sudo = self._get_dispute_subject(kind, record_id)
        Dispute = request.env["partner.incentive.dispute"].sudo()
        error = None
        if request.httprequest.method == "POST":
            try:
                with request.env.cr.savepoint():
                    dispute_sudo = Dispute.create(
                        [self._read_dispute(subject_sudo, typed)]
                    )
                    self._attach_dispute_files(dispute_sudo)
            except ERRORS as problem:
                error = str(problem)
            else:
                return request.redirect(
                    f"/my/incentives/disputes/{dispute_sudo.id}?message=disputed"
                )
        elif not Dispute._get_about(subject_sudo)._is_open_to_disputes(subject_sudo):
            return request.redirect("/my/incentives/disputes")
        draft = Dispute.new({"res_model": subject_sudo._name, "res_id": record_id})
        return request.render(
            "partner_incentive_base.portal_new_dispute",
            self._prepare_dispute_values(
                (request.env._("New"), None),
                subject=subject_sudo,
                currency=draft.currency_id,
                cutoff=format_date(request.env, draft._get_cutoff(subject_sudo))
                if subject_sudo._get_dispute_day()
                else "",
                categories=Dispute._fields["category"]._description_selection(
                    request.env
                ),
                typed=typed,
                error=error,
            ),
        )

    def _read_dispute(self, subject_sudo, typed):
        """Values of what was typed; says what is wrong with it."""
        env = request.env
        categories = env["partner.incentive.dispute"]._fields["category"].selection
        category = typed.get("category")
        if category not in dict(categories):
            raise UserError(env._("Choose what it is about."))
        text = (typed.get("amount") or "").strip().replace(" ", "")
        if "," in text and "." not in text:
            text = text.replace(",", ".")
        try:
            amount = float(text.replace(",", "") or 0)
        except ValueError as error:
            raise UserError(
                env._("“%s” is not an amount, such as 1250.50.", text[:30])
            ) from error
        if not abs(amount) < 1e12:
            raise UserError(env._("This amount is too large."))
        return {
            "res_model": subject_sudo._name,
            "res_id": subject_sudo.id,
            "category": category,
            "expected_amount": amount,
            "reason": self._read_dispute_text(typed.get("reason")),
        }

    def _read_dispute_text(self, text):
        text = (text or "").replace("\x00", "").strip()
        if not text:
            raise UserError(request.env._("Say what is wrong, and why."))
        return text[:MAX_TEXT_LENGTH]

    def _attach_dispute_files(self, dispute_sudo):
        """Keep uploaded evidence, of sensible size and type."""
        commands = self._read_uploads(dispute_sudo, FILE_TYPES)
        if commands:
            dispute_sudo.write({"attachment_ids": commands})

    # ------------------------------------------------------------------------- page

    @route(
        "/my/incentives/disputes/<int:dispute_id>",
        type="http",
        auth="user",
        website=True,
        incentive_area="disputes",
    )
    def portal_my_dispute(self, dispute_id, message=None, **kw):
        return self._render_dispute(self._get_dispute(dispute_id), message)

    def _get_dispute(self, dispute_id):
        dispute_sudo = self._get_own_record(
            "partner.incentive.dispute", dispute_id, self._get_dispute_domain()
        )
        if not dispute_sudo:
            raise NotFound()
        return dispute_sudo

    def _render_dispute(self, dispute_sudo, message=None, error=None, typed=""):
        env = request.env
        comment = env.ref("mail.mt_comment")
        texts = {
            "disputed": env._("Thank you. You get an answer in time."),
            "answered": env._("Thank you for the answer."),
            "withdrawn": env._("The dispute is withdrawn."),
        }
        return request.render(
            "partner_incentive_base.portal_my_dispute",
            self._prepare_dispute_values(
                (dispute_sudo.name, None),
                dispute=dispute_sudo,
                # What is said to the partner; notes of the staff stay inside.
                messages=dispute_sudo.message_ids.filtered(
                    lambda m: m.subtype_id == comment and not m.is_internal and m.body
                ).sorted("id"),
                message=texts.get(message),
                error=error,
                typed=typed,
            ),
        )

    @route(
        "/my/incentives/disputes/<int:dispute_id>/<string:verb>",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        incentive_area="disputes",
    )
    def portal_dispute_action(self, dispute_id, verb, text="", **kw):
        """Answer a question, add to the dispute, or withdraw it."""
        dispute_sudo = self._get_dispute(dispute_id)
        if verb not in ("answer", "withdraw"):
            raise NotFound()
        try:
            with request.env.cr.savepoint():
                if verb == "withdraw":
                    dispute_sudo.action_withdraw()
                elif dispute_sudo.state == "info":
                    dispute_sudo.action_answer(self._read_dispute_text(text))
                elif dispute_sudo.state == "open":
                    dispute_sudo._say(self._read_dispute_text(text))
                else:
                    raise UserError(request.env._("The dispute is decided."))
                if verb == "answer":
                    self._attach_dispute_files(dispute_sudo)
        except ERRORS as problem:
            return self._render_dispute(dispute_sudo, error=str(problem), typed=text)
        done = "withdrawn" if verb == "withdraw" else "answered"
        return request.redirect(
            f"/my/incentives/disputes/{dispute_sudo.id}?message={done}"
        )
