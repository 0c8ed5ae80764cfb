"""``/my/incentives/deals``: what a partner registers, and leads passed to it."""

from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.http import request, route

from odoo.addons.partner_incentive_base.controllers.portal_dispute import (
    PartnerIncentiveDisputePortal,
)
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.partner_deal_registration_import import COLUMNS

#: Fields of each step, in their order; only these are taken from a form.
STEPS = {
    "customer": (
        "customer_name",
        "customer_vat",
        "customer_website",
        "customer_street",
        "customer_zip",
        "customer_city",
        "customer_country_id",
        "customer_contact",
        "customer_email",
        "customer_phone",
    ),
    "deal": (
        "role",
        "is_renewal",
        "expected_value",
        "expected_close_date",
        "competition",
        "co_partners",
    ),
    "evidence": ("engagement", "note"),
    "review": (),
}
FILE_TYPES = (".pdf", ".png", ".jpg", ".jpeg", ".docx", ".xlsx", ".txt", ".eml", ".msg")
PAGE_SIZE = 20
#: Days before the end of a protection in which the overview reminds of it.
SOON = 14
ERRORS = (UserError, ValidationError, AccessError, ValueError)


class PartnerDealPortal(PartnerIncentiveDisputePortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "deal_count" in counters:
            values["deal_count"] = request.env[
                "partner.deal.registration"
            ].search_count([])
        return values

    def _get_deal(self, deal_id):
        """The user's own registration; any other one does not exist for him."""
        deal = self._get_own_record("partner.deal.registration", deal_id)
        if not deal:
            raise NotFound()
        # Guards look at the user; rights were checked by the search.
        return deal.with_user(request.env.user)

    def _prepare_deal_values(self, deal=None, **values):
        crumbs = [(request.env._("Deals"), "/my/incentives/deals" if deal else None)]
        if deal:
            crumbs.append((deal.sudo().name, None))
        return self._prepare_incentive_values(
            "incentive_deals",
            *crumbs,
            deal=deal.sudo() if deal else None,
            message=self._get_deal_message(request.params.get("done")),
            **values,
        )

    def _get_deal_message(self, key):
        env = request.env
        return {
            "saved": env._("Saved."),
            "submitted": env._("Thank you. The registration is in review."),
            "withdrawn": env._("The registration is withdrawn."),
            "reported": env._("Thank you for the report."),
            "extension": env._("Your request is with us."),
            "declined": env._("You declined the lead."),
        }.get(key)

    def _get_dispute_subjects(self):
        return {
            **super()._get_dispute_subjects(),
            "deal": ("partner.deal.registration", Domain("state", "=", "rejected")),
        }

    def _get_tabs(self):
        return [
            *super()._get_tabs(),
            {
                "title": request.env._("Deals"),
                "url": "/my/incentives/deals",
                "areas": ["deals"],
                "group": "sales",
                "sequence": 20,
                "pages": ["incentive_deals"],
            },
        ]

    # --------------------------------------------------------------------- overview

    def _get_home_task_kinds(self):
        today = self._get_today()
        deals = {
            "model": "partner.deal.registration",
            "areas": ["deals"],
            "prepare": self._prepare_deal_task,
        }
        return [
            *super()._get_home_task_kinds(),
            {
                "model": "crm.lead",
                "domain": self._get_passed_lead_domain(),
                "order": "passed_deadline, id",
                "areas": ["deals"],
                "prepare": self._prepare_lead_task,
            },
            {
                **deals,
                "domain": self._get_own_domain() & Domain("state", "=", "info"),
                "order": "id",
            },
            {
                **deals,
                "domain": self._get_own_domain()
                & Domain("state", "=", "approved")
                & Domain("protected_until", ">=", today)
                & Domain("protected_until", "<=", self._get_soon(SOON)),
                "order": "protected_until, id",
            },
        ]

    def _prepare_lead_task(self, lead_sudo):
        deadline = fields.Datetime.context_timestamp(
            request.env.user, lead_sudo.passed_deadline
        )
        return {
            "title": request.env._("Answer a lead that we passed to you"),
            "text": lead_sudo.name,
            "url": "/my/incentives/deals",
            "due": deadline.date(),
        }

    def _prepare_deal_task(self, deal_sudo):
        env = request.env
        ends = deal_sudo.state == "approved"
        return {
            "title": env._("Close a deal, or ask for an extension")
            if ends
            else env._("Complete a returned deal"),
            "text": f"{deal_sudo.name}, {deal_sudo.customer_name}",
            "url": f"/my/incentives/deals/{deal_sudo.id}",
            "due": deal_sudo.protected_until if ends else None,
        }

    def _get_home_counts(self):
        return {
            **super()._get_home_counts(),
            "deals": ("partner.deal.registration", self._get_own_domain(), "state"),
        }

    def _get_home_cards(self):
        env = request.env
        counts = self._get_home_count("deals")
        waiting = sum(counts.get(state, 0) for state in ("submitted", "conflict"))
        return [
            *super()._get_home_cards(),
            {
                "title": env._("Deals"),
                "figure": env._("%s protected", counts.get("approved", 0)),
                "text": env._(
                    "%(waiting)s in review, %(won)s won",
                    waiting=waiting,
                    won=counts.get("converted", 0),
                ),
                "url": "/my/incentives/deals",
                "areas": ["deals"],
                "sequence": 20,
            },
        ]

    # ------------------------------------------------------------------------- list

    @route(
        ["/my/incentives/deals", "/my/incentives/deals/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        incentive_area="deals",
    )
    def portal_my_deals(self, page=1, search=None, status=None, **kw):
        Deal = request.env["partner.deal.registration"].sudo()
        domain = self._get_own_domain()
        filters = self._get_deal_filters()
        if status in filters:
            domain &= filters[status][1]
        if search:
            domain &= Domain("customer_name", "ilike", search) | Domain(
                "name", "ilike", search
            )
        pager = portal_pager(
            url="/my/incentives/deals",
            url_args={"search": search, "status": status},
            total=Deal.search_count(domain),
            page=page,
            step=PAGE_SIZE,
        )
        return request.render(
            "partner_deal_registration.portal_my_deals",
            self._prepare_deal_values(
                deals=Deal.search(domain, limit=PAGE_SIZE, offset=pager["offset"]),
                pager=pager,
                search=search,
                status=status,
                filters=filters,
                leads=self._get_passed_leads(),
            ),
        )

    def _get_deal_filters(self):
        env = request.env
        return {
            "open": (
                env._("Open"),
                Domain("state", "in", ("draft", "submitted", "info", "conflict")),
            ),
            "approved": (env._("Protected"), Domain("state", "=", "approved")),
            "closed": (
                env._("Closed"),
                Domain(
                    "state",
                    "in",
                    ("converted", "rejected", "expired", "withdrawn", "lost"),
                ),
            ),
        }

    def _get_passed_lead_domain(self):
        return (
            Domain("passed_partner_id", "=", self._get_incentive_partner().id)
            & Domain("passed_state", "=", "passed")
            & Domain("passed_deadline", ">=", fields.Datetime.now())
        )

    def _get_passed_leads(self):
        Lead = request.env["crm.lead"].sudo()
        return Lead.search(self._get_passed_lead_domain(), order="passed_deadline")

    # ------------------------------------------------------------------------- steps

    @route(
        "/my/incentives/deals/new",
        type="http",
        auth="user",
        website=True,
        incentive_area="deals",
    )
    def portal_new_deal(self, **kw):
        return self._render_step(None, "customer", {})

    @route(
        "/my/incentives/deals/<int:deal_id>/edit/<string:step>",
        type="http",
        auth="user",
        website=True,
        incentive_area="deals",
    )
    def portal_edit_deal(self, deal_id, step, **kw):
        deal = self._get_deal(deal_id)
        if step not in STEPS or not deal.sudo().can_edit:
            return request.redirect(deal.sudo().access_url)
        return self._render_step(deal, step, {})

    def _render_step(self, deal, step, typed, error=None):
        """A step of the form, with what was typed where something is wrong."""
        deal_sudo = deal.sudo() if deal else None
        env = request.env
        values = {
            name: typed.get(name, self._read_value(deal_sudo, name))
            for name in STEPS[step]
        }
        return request.render(
            "partner_deal_registration.portal_deal_step",
            self._prepare_deal_values(
                deal,
                step=step,
                steps={
                    "customer": env._("Customer"),
                    "deal": env._("Deal"),
                    "evidence": env._("Evidence"),
                    "review": env._("Review"),
                },
                values=values,
                error=error,
                required=self._get_required(deal_sudo),
                countries=env["res.country"].sudo().search([]),
                roles=env["partner.deal.registration"]
                ._fields["role"]
                ._description_selection(env),
                products=self._get_products() if step == "deal" else None,
                lines=deal_sudo.line_ids if deal_sudo else [],
                currency=(
                    deal_sudo.currency_id if deal_sudo else env.company.currency_id
                ),
            ),
        )

    def _read_value(self, deal_sudo, name):
        if not deal_sudo:
            return ""
        value = deal_sudo[name]
        if name.endswith("_id"):
            return value.id or ""
        if name == "expected_value":
            return f"{value:.2f}" if value else ""
        return value or ""

    def _get_required(self, deal_sudo):
        Deal = request.env["partner.deal.registration"].sudo()
        deal_sudo = deal_sudo or Deal.new(
            {
                "partner_id": self._get_incentive_partner().id,
                "company_id": request.env.company.id,
            }
        )
        return deal_sudo._get_required_fields()

    def _get_products(self):
        return (
            request.env["product.product"]
            .sudo()
            .search(
                [
                    ("sale_ok", "=", True),
                    ("company_id", "in", (False, request.env.company.id)),
                    ("type", "!=", "combo"),
                ],
                limit=500,
                order="default_code, name",
            )
        )

    @route(
        [
            "/my/incentives/deals/save/<string:step>",
            "/my/incentives/deals/<int:deal_id>/save/<string:step>",
        ],
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        incentive_area="deals",
    )
    def portal_save_deal(self, step, deal_id=None, **typed):
        """Save a step, complete or not, and go on."""
        if step not in STEPS:
            raise NotFound()
        deal = self._get_deal(deal_id) if deal_id else None
        try:
            with request.env.cr.savepoint():
                deal = self._save_step(deal, step, typed)
        except ERRORS as error:
            return self._render_step(deal, step, typed, str(error))
        names = list(STEPS)
        following = typed.get("next")
        if following not in STEPS:
            following = names[min(names.index(step) + 1, len(names) - 1)]
        return request.redirect(
            f"/my/incentives/deals/{deal.id}/edit/{following}?done=saved"
        )

    def _save_step(self, deal, step, typed):
        Deal = request.env["partner.deal.registration"]
        vals = self._read_step(step, typed)
        if not deal:
            if not vals.get("customer_name"):
                raise UserError(request.env._("Enter the name of the customer."))
            partner = self._get_incentive_partner()
            Deal._check_may_register(partner)
            deal = Deal.sudo().create(
                [
                    {
                        **vals,
                        "partner_id": partner.id,
                        "company_id": request.env.company.id,
                    }
                ]
            )
            return deal.with_user(request.env.user)
        deal_sudo = deal.sudo()
        if not deal_sudo.can_edit:
            raise UserError(request.env._("The registration is in review."))
        if step == "deal":
            vals["line_ids"] = self._read_lines(deal_sudo)
        if step == "evidence":
            vals["attachment_ids"] = self._read_uploads(deal_sudo, FILE_TYPES)
        if vals.get("customer_name") == "":
            raise UserError(request.env._("Enter the name of the customer."))
        deal_sudo.write(vals)
        return deal

    def _read_step(self, step, typed):
        Deal = request.env["partner.deal.registration"]
        vals = {}
        for name in STEPS[step]:
            value = (typed.get(name) or "").strip()[:5000]
            kind = Deal._fields[name].type
            if kind == "boolean":
                vals[name] = bool(value)
            elif kind == "monetary":
                vals[name] = Deal._read_number(value) if value else 0.0
            elif kind == "date":
                vals[name] = Deal._read_date(value) if value else False
            elif kind == "many2one":
                vals[name] = int(value) if value.isdigit() else False
            elif kind == "selection":
                if value:
                    vals[name] = Deal._read_role(value)
            else:
                vals[name] = value
        return vals

    def _read_lines(self, deal_sudo):
        """Commands of the product lines that were typed; empty rows are left out."""
        form = request.httprequest.form
        Line = request.env["partner.deal.registration.line"]
        commands = [Command.clear()]
        for product_id, quantity in zip(
            form.getlist("product_id"), form.getlist("quantity"), strict=False
        ):
            if product_id.isdigit():
                number = deal_sudo._read_number(quantity) if quantity else 1.0
                commands.append(
                    Command.create(
                        Line._clean_vals({"product_id": product_id, "quantity": number})
                    )
                )
        return commands

    # ------------------------------------------------------------------------- page

    @route(
        "/my/incentives/deals/<int:deal_id>",
        type="http",
        auth="user",
        website=True,
        incentive_area="deals",
    )
    def portal_my_deal(self, deal_id, error=None, **kw):
        return self._render_deal(self._get_deal(deal_id))

    def _render_deal(self, deal, error=None, typed=None):
        deal_sudo = deal.sudo()
        term = deal_sudo._get_policy()._get_term(deal_sudo.partner_id.grade_id)
        taken = deal_sudo.extension_ids.filtered(lambda e: e.state != "refused")
        return request.render(
            "partner_deal_registration.portal_my_deal",
            self._prepare_deal_values(
                deal,
                error=error,
                typed=typed or {},
                timeline=self._prepare_timeline(deal_sudo),
                status=self._get_public_status(deal_sudo),
                progress=deal_sudo._fields["progress"]._description_selection(
                    request.env
                ),
                may_extend=deal_sudo.state == "approved"
                and len(taken) < term.extension_limit,
                extension_days=term.extension_days,
                dispute_url=self._get_dispute_url("deal", deal_sudo)
                if deal_sudo.state == "rejected" or deal_sudo.dispute_ids
                else None,
                object=deal_sudo,
            ),
        )

    def _get_public_status(self, deal_sudo):
        """What a partner reads: a conflict is a review like any other."""
        state = "submitted" if deal_sudo.state == "conflict" else deal_sudo.state
        return deal_sudo._get_state_label(state)

    def _prepare_timeline(self, deal_sudo):
        """``(label, moment or False, reached)``."""
        env = request.env
        end = {
            "rejected": env._("Rejected"),
            "expired": env._("Expired"),
            "withdrawn": env._("Withdrawn"),
            "lost": env._("Lost"),
        }.get(deal_sudo.state)
        steps = [
            (
                env._("Registered"),
                min(filter(None, (deal_sudo.create_date, deal_sudo.completed_on))),
            ),
            (env._("Complete"), deal_sudo.completed_on),
        ]
        if not end or deal_sudo.approved_on:
            steps.append((env._("Approved"), deal_sudo.approved_on))
        if end:
            steps.append((end, deal_sudo.closed_on))
        else:
            steps.append((env._("Ordered"), deal_sudo.converted_on))
        return [(label, moment, bool(moment)) for label, moment in steps]

    @route(
        "/my/incentives/deals/<int:deal_id>/do/<string:verb>",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        incentive_area="deals",
    )
    def portal_deal_action(self, deal_id, verb, **typed):
        """What a partner does with its registration; the model guards each."""
        deal = self._get_deal(deal_id)
        actions = {
            "submit": (lambda: deal.action_submit(), "submitted"),
            "withdraw": (
                lambda: deal.action_withdraw(typed.get("reason")),
                "withdrawn",
            ),
            "progress": (
                lambda: deal.action_report_progress(
                    typed.get("progress") or None,
                    typed.get("note"),
                    typed.get("expected_close_date") or None,
                ),
                "reported",
            ),
            "lose": (lambda: deal.action_lose(typed.get("reason")), "reported"),
            "extend": (
                lambda: deal.action_request_extension(
                    int(typed.get("days") or 0), typed.get("reason")
                ),
                "extension",
            ),
        }
        if verb not in actions:
            raise NotFound()
        action, done = actions[verb]
        try:
            with request.env.cr.savepoint():
                action()
        except ERRORS as error:
            if verb == "submit" and deal.sudo().can_edit:
                return self._render_step(deal, "review", {}, str(error))
            return self._render_deal(deal, str(error), typed)
        return request.redirect(f"/my/incentives/deals/{deal.id}?done={done}")

    # ------------------------------------------------------------------------- upload

    @route(
        "/my/incentives/deals/upload",
        type="http",
        auth="user",
        website=True,
        incentive_area="deals",
    )
    def portal_upload_deals(self, **kw):
        return self._render_upload()

    def _render_upload(self, results=None, error=None):
        return request.render(
            "partner_deal_registration.portal_deal_upload",
            self._prepare_deal_values(results=results, error=error, columns=COLUMNS),
        )

    @route(
        "/my/incentives/deals/template.csv",
        type="http",
        auth="user",
        incentive_area="deals",
    )
    def portal_deal_template(self, **kw):
        return request.make_response(
            ";".join(COLUMNS) + "\n",
            headers=[
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", 'attachment; filename="deals.csv"'),
            ],
        )

    @route(
        "/my/incentives/deals/upload/send",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        incentive_area="deals",
    )
    def portal_send_deals(self, file=None, **kw):
        """Register the deals of a file, each through the same checks as one by one."""
        Deal = request.env["partner.deal.registration"].sudo()
        try:
            if not file:
                raise UserError(request.env._("Choose a file first."))
            partner = self._get_incentive_partner()
            Deal._check_may_register(partner)
            rows = Deal._read_csv(file.read(2 * 1024 * 1024))
            results = Deal._import_rows(rows, partner)
        except ERRORS as error:
            return self._render_upload(error=str(error))
        return self._render_upload(results=results)

    # -------------------------------------------------------------------------- leads

    @route(
        "/my/incentives/deals/leads/<int:lead_id>/<string:answer>",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        incentive_area="deals",
    )
    def portal_answer_lead(self, lead_id, answer, reason=None, **kw):
        lead = self._get_passed_leads().filtered(lambda lead: lead.id == lead_id)
        if not lead or answer not in ("accept", "decline"):
            raise NotFound()
        lead = lead.with_user(request.env.user)
        try:
            if answer == "accept":
                deal_id = lead.action_accept_lead()
                return request.redirect(f"/my/incentives/deals/{deal_id}/edit/customer")
            lead.action_decline_lead(reason)
        except ERRORS as error:
            return request.render(
                "partner_deal_registration.portal_deal_upload",
                self._prepare_deal_values(
                    results=None, error=str(error), columns=COLUMNS
                ),
            )
        return request.redirect("/my/incentives/deals?done=declined")
