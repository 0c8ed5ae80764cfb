"""``/my/incentives/funds`` and below: balances, requests, claims with their proof.

Portal users have no rights on the module's models. Everything is read and written by
the superuser, through records of the user's own commercial partner only, with keys
that are named here, and with the guards of the models.
"""

from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.http import request, route
from odoo.tools import format_date

from odoo.addons.partner_incentive_base.controllers.portal import PartnerIncentivePortal
from odoo.addons.partner_incentive_base.controllers.portal_records import MAX_ID

PAGE = 20
#: Days before the last day to claim in which the overview reminds of it.
SOON = 30
MAX_TEXT = 2000
MAX_AMOUNT = 1e12
REQUEST_TEXTS = ("title", "note")
ACTIVITY_TEXTS = (
    "name",
    "place",
    "audience",
    "description",
    "deliverable",
    "acceptance_criteria",
)
ACTIVITY_AMOUNTS = ("planned_cost", "expected_pipeline", "expected_revenue")
ACTIVITY_DATES = ("date_from", "date_to")


class PartnerMdfPortal(PartnerIncentivePortal):
    # ------------------------------------------------------------------------- records

    def _get_funds(self):
        """Open funds that the partner can use, and others it has a history with."""
        of_partner = Domain("partner_id", "=", self._get_incentive_partner().id)
        with_history = Domain("allocation_ids", "any", of_partner) | Domain(
            "request_ids", "any", of_partner
        )
        return (
            request.env["partner.mdf.fund"]
            .sudo()
            .search_fetch(
                self._get_fund_domain(("open", "closed"))
                & (with_history | Domain("id", "in", self._get_eligible_funds().ids))
            )
        )

    def _get_fund_domain(self, states):
        return Domain("company_id", "in", request.env.companies.ids) & Domain(
            "state", "in", states
        )

    def _get_eligible_funds(self):
        """Open funds that are for the partner, asked once."""
        Fund = request.env["partner.mdf.fund"].sudo()
        return self._get_once(
            "eligible funds",
            lambda: Fund.search_fetch(
                self._get_fund_domain(("open",))
            )._filter_eligible(self._get_incentive_partner()),
        )

    def _get_mdf_request(self, request_id):
        return self._get_own_or_404("partner.mdf.request", request_id)

    def _get_mdf_claim(self, claim_id):
        claim_sudo = self._get_own_or_404("partner.incentive.claim", claim_id)
        if not claim_sudo.mdf_activity_id:
            raise NotFound()
        return claim_sudo

    def _get_mdf_message(self, key):
        env = request.env
        return {
            "saved": env._("Saved."),
            "submitted": env._("Thank you. We will look at it and let you know."),
            "cancelled": env._("Cancelled."),
            "change": env._("Thank you. Your wish is with us; we will let you know."),
            "removed": env._("Removed."),
            "uploaded": env._("The file has been added."),
        }.get(key)

    # -------------------------------------------------------------------------- typing

    def _read_text(self, values, name):
        return (values.get(name) or "").replace("\x00", "").strip()[:MAX_TEXT]

    def _read_amount(self, values, name, label):
        """A number as people type it; empty is zero.

        :raise UserError: it is none
        """
        text = self._read_text(values, name).replace(" ", "").replace("'", "")
        if text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
        text = text.replace(",", "")
        try:
            amount = float(text or 0)
        except ValueError:
            amount = -1
        if not 0 <= amount < MAX_AMOUNT:
            raise UserError(
                request.env._(
                    "%(label)s: write an amount such as 1500.00.", label=label
                )
            )
        return amount

    def _read_date(self, values, name, label):
        text = self._read_text(values, name)
        if not text:
            return False
        try:
            return fields.Date.to_date(text)
        except ValueError as error:
            raise UserError(
                request.env._(
                    "%(label)s: write a date such as 2026-05-31.", label=label
                )
            ) from error

    def _get_labels(self, model, names):
        described = request.env[model].sudo().fields_get(names, ["string"])
        return {name: described[name]["string"] for name in names}

    def _try(self, write):
        """Run ``write`` and return what it says is wrong, or None."""
        try:
            with request.env.cr.savepoint():
                write()
        except (UserError, ValidationError, AccessError) as error:
            request.env.invalidate_all()
            return error.args[0]
        return None

    # -------------------------------------------------------------------------- funds

    def _get_tabs(self):
        return [
            *super()._get_tabs(),
            {
                "title": request.env._("Funds"),
                "url": "/my/incentives/funds",
                "areas": ["funds"],
                "group": None,
                "sequence": 40,
                "pages": [
                    "incentive_funds",
                    "incentive_fund_request",
                    "incentive_claim",
                ],
            },
        ]

    # --------------------------------------------------------------------- overview

    def _get_home_task_kinds(self):
        own, today = self._get_own_domain(), self._get_today()
        unclaimed = Domain("claim_ids", "not any", [("state", "!=", "cancelled")])
        kinds = [
            {
                "model": "partner.mdf.request",
                "domain": own & Domain("state", "=", "info"),
                "order": "id",
                "prepare": self._prepare_request_task,
            },
            {
                # over, or soon too late to claim
                "model": "partner.mdf.activity",
                "domain": own
                & unclaimed
                & Domain("state", "=", "approved")
                & Domain("claim_until", ">=", today)
                & (
                    Domain("date_to", "<", today)
                    | Domain("claim_until", "<=", self._get_soon(SOON))
                ),
                "order": "claim_until, id",
                "prepare": self._prepare_proof_task,
            },
            {
                "model": "partner.incentive.claim",
                "domain": own
                & Domain("mdf_activity_id", "!=", False)
                & Domain("state", "in", ("draft", "info")),
                "order": "state desc, id",
                "prepare": self._prepare_claim_task,
            },
        ]
        return [
            *super()._get_home_task_kinds(),
            *({**kind, "areas": ["funds"]} for kind in kinds),
        ]

    def _prepare_request_task(self, request_sudo):
        return {
            "title": request.env._("Complete a returned fund request"),
            "text": request_sudo.name,
            "url": f"/my/incentives/requests/{request_sudo.id}",
            "due": None,
        }

    def _prepare_proof_task(self, activity_sudo):
        return {
            "title": request.env._("Claim, with the proof"),
            "text": activity_sudo.name,
            "url": f"/my/incentives/activities/{activity_sudo.id}/claim",
            "due": activity_sudo.claim_until,
        }

    def _prepare_claim_task(self, claim_sudo):
        return {
            "title": request.env._("Complete a returned claim")
            if claim_sudo.state == "info"
            else request.env._("Finish a claim and submit it"),
            "text": f"{claim_sudo.name}, {claim_sudo.mdf_activity_id.name}",
            "url": f"/my/incentives/claims/{claim_sudo.id}",
            "due": claim_sudo.mdf_activity_id.claim_until or None,
        }

    def _get_home_counts(self):
        own = self._get_own_domain() & Domain("mdf_activity_id", "!=", False)
        return {
            **super()._get_home_counts(),
            "fund_claims": ("partner.incentive.claim", own, "state"),
        }

    def _get_home_cards(self):
        env, today = request.env, self._get_today()
        available, until = (
            env["partner.mdf.allocation"]
            .sudo()
            ._get_totals(
                self._get_own_domain()
                & Domain("date_from", "<=", today)
                & Domain("date_to", ">=", today)
            )
        )
        counts = self._get_home_count("fund_claims")
        in_review = sum(counts.get(state, 0) for state in ("submitted", "validated"))
        return [
            *super()._get_home_cards(),
            {
                "title": env._("Funds"),
                "figure": ", ".join(
                    currency.format(max(amount, 0.0))
                    for currency, amount in available.items()
                )
                or env._("None"),
                "text": env._(
                    "yours to use; the first ends %s", format_date(env, until)
                )
                if until
                else env._("no money of your own in a fund"),
                "url": "/my/incentives/funds",
                "areas": ["funds"],
                "sequence": 30,
            },
            {
                "title": env._("Claims"),
                "figure": env._("%s in review", in_review),
                "text": env._(
                    "%(approved)s approved, %(paid)s paid",
                    approved=sum(
                        counts.get(state, 0) for state in ("approved", "scheduled")
                    ),
                    paid=counts.get("paid", 0),
                ),
                "url": "/my/incentives/funds",
                "areas": ["funds"],
                "sequence": 31,
            },
        ]

    @route(
        "/my/incentives/funds",
        type="http",
        auth="user",
        website=True,
        incentive_area="funds",
    )
    def portal_my_funds(self, message=None, page=1, claims_page=1, **kw):
        partner_sudo = self._get_incentive_partner()
        own = self._get_own_domain()
        requests, page, pages = self._get_list_page("partner.mdf.request", own, page)
        claims, claims_page, claims_pages = self._get_list_page(
            "partner.incentive.claim",
            own & Domain("mdf_activity_id", "!=", False),
            claims_page,
        )
        return request.render(
            "partner_mdf.portal_my_funds",
            self._prepare_incentive_values(
                "incentive_funds",
                (request.env._("Funds"), None),
                message=self._get_mdf_message(message),
                funds=self._prepare_funds(partner_sudo),
                requests=requests,
                page=page,
                pages=pages,
                claims=claims,
                claims_page=claims_page,
                claims_pages=claims_pages,
            ),
        )

    def _get_list_page(self, model, domain, page):
        """``(records, page, pages)``, latest first; a page that is not there is the
        nearest one that is."""
        Model_sudo = request.env[model].sudo()
        pages = max(1, -(-Model_sudo.search_count(domain) // PAGE))
        try:
            page = min(max(int(page), 1), pages)
        except ValueError:
            page = 1
        records_sudo = Model_sudo.search_fetch(
            domain, limit=PAGE, offset=(page - 1) * PAGE, order="id desc"
        )
        return records_sudo, page, pages

    def _prepare_funds(self, partner_sudo):
        """Balances by fund, and the money that each has until when."""
        today = self._get_today()
        funds_sudo = self._get_funds()
        figures_by_fund = funds_sudo._get_figures(partner_sudo)
        eligible_sudo = self._get_eligible_funds()
        result = []
        for fund_sudo, own, shared in funds_sudo._get_balances_by_pool(
            partner_sudo, today
        ):
            figures = figures_by_fund[fund_sudo.id]
            open_own = own.filtered(lambda a: a.date_to >= today)
            result.append(
                {
                    "fund": fund_sudo,
                    "figures": figures,
                    "allocations": [
                        {
                            "available": allocation.available,
                            "from": format_date(request.env, allocation.date_from),
                            "until": format_date(request.env, allocation.date_to),
                            "soon": (allocation.date_to - today).days <= 30,
                            "shared": False,
                        }
                        for allocation in open_own
                    ]
                    + [
                        {
                            "available": max(allocation.available, 0.0),
                            "from": format_date(request.env, allocation.date_from),
                            "until": format_date(request.env, allocation.date_to),
                            "soon": (allocation.date_to - today).days <= 30,
                            "shared": True,
                        }
                        for allocation in shared
                    ],
                    "can_request": fund_sudo in eligible_sudo
                    and fund_sudo._is_open_for_requests(today),
                }
            )
        return result

    # ----------------------------------------------------------------- request: step 1

    def _get_fund_for_request(self, fund_id):
        fund_sudo = self._get_eligible_funds().filtered(lambda fund: fund.id == fund_id)
        if not fund_sudo or not fund_sudo._is_open_for_requests(self._get_today()):
            raise NotFound()
        return fund_sudo

    @route(
        "/my/incentives/funds/<int:fund_id>/request",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="funds",
    )
    def portal_my_fund_request(self, fund_id, **post):
        """Step 1: what the request is about. It is a draft from then on."""
        fund_sudo = self._get_fund_for_request(fund_id)
        error = None
        if request.httprequest.method == "POST":
            vals = {name: self._read_text(post, name) for name in REQUEST_TEXTS}
            if vals["title"]:
                request_sudo = (
                    request.env["partner.mdf.request"]
                    .sudo()
                    .create(
                        {
                            **vals,
                            "fund_id": fund_sudo.id,
                            "partner_id": self._get_incentive_partner().id,
                        }
                    )
                )
                return request.redirect(
                    f"/my/incentives/requests/{request_sudo.id}/activity"
                )
            error = request.env._("Enter a title for your request.")
        return request.render(
            "partner_mdf.portal_my_request_start",
            self._prepare_incentive_values(
                "incentive_fund_request",
                (request.env._("Funds"), "/my/incentives/funds"),
                (request.env._("New request"), None),
                fund=fund_sudo,
                balance=fund_sudo._get_balance(self._get_incentive_partner()),
                typed=post,
                error=error,
                message=None,
            ),
        )

    # ----------------------------------------------------------------- request: step 2

    @route(
        [
            "/my/incentives/requests/<int:request_id>/activity",
            "/my/incentives/requests/<int:request_id>/activity/<int:activity_id>",
        ],
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="funds",
    )
    def portal_my_request_activity(self, request_id, activity_id=None, **post):
        """Step 2: one activity after the other."""
        request_sudo = self._get_mdf_request(request_id)
        activity_sudo = request_sudo.mdf_activity_ids.filtered(
            lambda each: each.id == activity_id
        )
        if not request_sudo.can_edit or (activity_id and not activity_sudo):
            raise NotFound()
        error = None
        if request.httprequest.method == "POST":
            error = self._try(
                lambda: self._save_activity(request_sudo, activity_sudo, post)
            )
            if not error:
                url = f"/my/incentives/requests/{request_sudo.id}"
                if post.get("another"):
                    return request.redirect(f"{url}/activity?message=saved")
                return request.redirect(f"{url}?message=saved")
            typed = post
        else:
            typed = self._get_typed_activity(activity_sudo)
        fund_sudo = request_sudo.fund_id
        types_sudo = fund_sudo.activity_type_ids or request.env[
            "partner.mdf.activity.type"
        ].sudo().search([])
        return request.render(
            "partner_mdf.portal_my_request_activity",
            self._prepare_incentive_values(
                "incentive_fund_request",
                (request.env._("Funds"), "/my/incentives/funds"),
                (request_sudo.title, f"/my/incentives/requests/{request_sudo.id}"),
                (request.env._("Activity"), None),
                mdf_request=request_sudo,
                activity=activity_sudo,
                types=[
                    (kind, fund_sudo._get_participation(kind, request_sudo.partner_id))
                    for kind in types_sudo
                ],
                typed=typed,
                error=error,
                message=self._get_mdf_message(request.params.get("message")),
            ),
        )

    def _get_typed_activity(self, activity_sudo):
        """What the form shows of a saved activity."""
        if not activity_sudo:
            return {}
        typed = {
            name: activity_sudo[name] or ""
            for name in (*ACTIVITY_TEXTS, *ACTIVITY_AMOUNTS, "expected_leads")
        }
        typed.update(
            {
                name: fields.Date.to_string(activity_sudo[name])
                for name in ACTIVITY_DATES
            }
        )
        typed["type_id"] = str(activity_sudo.type_id.id)
        return typed

    def _save_activity(self, request_sudo, activity_sudo, post):
        labels = self._get_labels(
            "partner.mdf.activity",
            [
                *ACTIVITY_TEXTS,
                *ACTIVITY_AMOUNTS,
                *ACTIVITY_DATES,
                "type_id",
                "expected_leads",
            ],
        )
        vals = {name: self._read_text(post, name) for name in ACTIVITY_TEXTS}
        for name in ACTIVITY_AMOUNTS:
            vals[name] = self._read_amount(post, name, labels[name])
        vals["expected_leads"] = int(
            min(
                self._read_amount(post, "expected_leads", labels["expected_leads"]),
                1_000_000,
            )
        )
        for name in ACTIVITY_DATES:
            vals[name] = self._read_date(post, name, labels[name])
        type_id = self._read_text(post, "type_id")
        kind_sudo = request.env["partner.mdf.activity.type"].sudo()
        if type_id.isdigit() and int(type_id) <= MAX_ID:
            kind_sudo = kind_sudo.search([("id", "=", int(type_id))])
        missing = [
            labels[name]
            for name, value in (
                ("name", vals["name"]),
                ("type_id", kind_sudo),
                ("date_from", vals["date_from"]),
                ("planned_cost", vals["planned_cost"]),
            )
            if not value
        ]
        if missing:
            raise UserError(request.env._("Please enter: %s.", ", ".join(missing)))
        if not vals["date_to"]:
            vals["date_to"] = vals["date_from"]
        if vals["date_to"] < vals["date_from"]:
            raise UserError(
                request.env._(
                    "The activity would end before it starts. Correct one of the dates."
                )
            )
        vals["type_id"] = kind_sudo.id
        if request_sudo.fund_kind == "innovation":
            ownership = self._read_text(post, "ownership")
            if ownership in ("vendor", "partner", "joint"):
                vals["ownership"] = ownership
        if activity_sudo:
            activity_sudo.write(vals)
        else:
            activity_sudo = activity_sudo.create(
                {**vals, "request_id": request_sudo.id}
            )
        for file in request.httprequest.files.getlist("quotes"):
            if file.filename:
                self._add_file(activity_sudo, file, "quote_ids")

    def _add_file(self, record_sudo, file, name):
        """Attach an upload to a record, through the suite's gate."""
        upload = request.env["partner.incentive.upload"]
        content = file.read(upload._get_limit() + 1)
        attachment_sudo = (
            request.env["ir.attachment"]
            .sudo()
            .create(
                upload._prepare_attachment_vals(
                    content,
                    file.filename,
                    res_model=record_sudo._name,
                    res_id=record_sudo.id,
                )
            )
        )
        if name:
            record_sudo[name] |= attachment_sudo
        return attachment_sudo

    @route(
        "/my/incentives/requests/<int:request_id>/activity/<int:activity_id>/remove",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="funds",
    )
    def portal_my_request_activity_remove(self, request_id, activity_id, **post):
        request_sudo = self._get_mdf_request(request_id)
        activity_sudo = request_sudo.mdf_activity_ids.filtered(
            lambda each: each.id == activity_id
        )
        if not activity_sudo or not request_sudo.can_edit:
            raise NotFound()
        activity_sudo.unlink()
        return request.redirect(
            f"/my/incentives/requests/{request_sudo.id}?message=removed"
        )

    # ----------------------------------------------------------------- request: step 3

    @route(
        "/my/incentives/requests/<int:request_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="funds",
    )
    def portal_my_request(self, request_id, message=None, action=None, **post):
        """Step 3, and ever after: the whole request, its state and its money."""
        request_sudo = self._get_mdf_request(request_id)
        error = None
        if request.httprequest.method == "POST":
            step = {
                "submit": lambda: request_sudo.write({"state": "submitted"}),
                "cancel": lambda: request_sudo.write({"state": "cancelled"}),
                "change": lambda: self._ask_change(request_sudo, post),
            }.get(action)
            if not step:
                raise NotFound()
            error = self._try(step)
            if not error:
                done = {"submit": "submitted", "cancel": "cancelled"}.get(
                    action, "change"
                )
                return request.redirect(
                    f"/my/incentives/requests/{request_sudo.id}?message={done}"
                )
        today = self._get_today()
        return request.render(
            "partner_mdf.portal_my_request",
            self._prepare_incentive_values(
                "incentive_fund_request",
                (request.env._("Funds"), "/my/incentives/funds"),
                (request_sudo.title, None),
                mdf_request=request_sudo,
                activities=[
                    {
                        "activity": activity,
                        "timeline": activity._get_timeline(),
                        "claims": activity.claim_ids.sorted("id"),
                        "can_claim": activity.state == "approved"
                        and activity.committed > 0
                        and (
                            activity.fund_id.late_rule == "reduce"
                            or today <= activity.claim_until
                        )
                        and (
                            activity.fund_kind != "innovation" or activity.accepted_on
                        ),
                        "change": activity.change_ids.filtered(
                            lambda change: change.state == "requested"
                        )[:1],
                        "dates": " - ".join(
                            dict.fromkeys(
                                format_date(request.env, day)
                                for day in (activity.date_from, activity.date_to)
                            )
                        ),
                    }
                    for activity in request_sudo.mdf_activity_ids
                ],
                balance=request_sudo.fund_id._get_balance(
                    request_sudo.partner_id, request_sudo.date_from or today
                ),
                typed=post,
                error=error,
                message=self._get_mdf_message(message),
            ),
        )

    def _ask_change(self, request_sudo, post):
        activity_id = self._read_text(post, "activity_id")
        activity_sudo = request_sudo.mdf_activity_ids.filtered(
            lambda each: str(each.id) == activity_id
        )
        if not activity_sudo:
            raise NotFound()
        reason = self._read_text(post, "reason")
        if not reason:
            raise UserError(request.env._("Say why the activity should change."))
        labels = self._get_labels(
            "partner.mdf.change", ["planned_cost", "date_from", "date_to"]
        )
        if activity_sudo.change_ids.filtered(lambda c: c.state == "requested"):
            raise UserError(
                request.env._("You have asked for a change of this activity already.")
            )
        request.env["partner.mdf.change"].sudo().create(
            {
                "activity_id": activity_sudo.id,
                "reason": reason,
                "planned_cost": self._read_amount(
                    post, "planned_cost", labels["planned_cost"]
                ),
                "date_from": self._read_date(post, "date_from", labels["date_from"]),
                "date_to": self._read_date(post, "date_to", labels["date_to"]),
            }
        )

    # -------------------------------------------------------------------------- claims

    @route(
        "/my/incentives/activities/<int:activity_id>/claim",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="funds",
    )
    def portal_my_activity_claim(self, activity_id, **post):
        """Begin a claim: what it cost, by which invoice."""
        activity_sudo = self._get_own_or_404("partner.mdf.activity", activity_id)
        if activity_sudo.state != "approved":
            raise NotFound()
        error = None
        if request.httprequest.method == "POST":
            claims = request.env["partner.incentive.claim"].sudo()

            def create():
                nonlocal claims
                claims = claims.create(
                    {
                        **self._read_claim(activity_sudo, post),
                        "mdf_activity_id": activity_sudo.id,
                    }
                )

            error = self._try(create)
            if not error:
                return request.redirect(f"/my/incentives/claims/{claims.id}")
        return request.render(
            "partner_mdf.portal_my_claim_start",
            self._prepare_incentive_values(
                "incentive_claim",
                (request.env._("Funds"), "/my/incentives/funds"),
                (
                    activity_sudo.request_id.title,
                    f"/my/incentives/requests/{activity_sudo.request_id.id}",
                ),
                (request.env._("Claim"), None),
                activity=activity_sudo,
                currencies=self._get_currencies(activity_sudo),
                typed=post,
                error=error,
                message=None,
            ),
        )

    def _get_currencies(self, activity_sudo):
        return activity_sudo.currency_id | request.env["res.currency"].sudo().search(
            [("active", "=", True)]
        )

    def _read_claim(self, activity_sudo, post):
        labels = self._get_labels(
            "partner.incentive.claim", ["cost_amount", "date", "document_number"]
        )
        cost = self._read_amount(post, "cost_amount", labels["cost_amount"])
        day = self._read_date(post, "date", labels["date"])
        if not cost or not day:
            raise UserError(
                request.env._("Enter the cost, and the date of the invoice.")
            )
        currency = self._get_currencies(activity_sudo).filtered(
            lambda each: str(each.id) == post.get("currency_id")
        )
        return {
            "cost_amount": cost,
            "date": day,
            "cost_currency_id": (currency or activity_sudo.currency_id).id,
            "document_number": self._read_text(post, "document_number"),
            "description": self._read_text(post, "description"),
        }

    @route(
        "/my/incentives/claims/<int:claim_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="funds",
    )
    def portal_my_claim(self, claim_id, message=None, action=None, **post):
        """The claim with its checklist; files are added one by one."""
        claim_sudo = self._get_mdf_claim(claim_id)
        error = None
        if request.httprequest.method == "POST":
            step = {
                "save": lambda: claim_sudo.write(
                    self._read_claim(claim_sudo.mdf_activity_id, post)
                ),
                "upload": lambda: self._upload_evidence(claim_sudo, post),
                "remove": lambda: self._remove_evidence(claim_sudo, post),
                "submit": lambda: claim_sudo.write({"state": "submitted"}),
                "cancel": lambda: claim_sudo.write({"state": "cancelled"}),
            }.get(action)
            if not step or not claim_sudo.can_edit:
                raise NotFound()
            error = self._try(step)
            if not error:
                done = {
                    "save": "saved",
                    "upload": "uploaded",
                    "remove": "removed",
                    "submit": "submitted",
                    "cancel": "cancelled",
                }[action]
                return request.redirect(
                    f"/my/incentives/claims/{claim_sudo.id}?message={done}"
                )
        activity_sudo = claim_sudo.mdf_activity_id
        rules = claim_sudo._get_evidence_rules()
        return request.render(
            "partner_mdf.portal_my_claim",
            self._prepare_incentive_values(
                "incentive_claim",
                (request.env._("Funds"), "/my/incentives/funds"),
                (
                    activity_sudo.request_id.title,
                    f"/my/incentives/requests/{activity_sudo.request_id.id}",
                ),
                (claim_sudo.name, None),
                claim=claim_sudo,
                activity=activity_sudo,
                checklist=claim_sudo._get_checklist(),
                evidences=claim_sudo.evidence_ids,
                kinds=rules.evidence_type_id
                | request.env["partner.incentive.evidence.type"].sudo().search([]),
                currencies=self._get_currencies(activity_sudo),
                typed=post if error else {},
                failed=action if error else None,
                error=error,
                message=self._get_mdf_message(message),
            ),
        )

    def _upload_evidence(self, claim_sudo, post):
        kind_id = self._read_text(post, "evidence_type_id")
        kind_sudo = request.env["partner.incentive.evidence.type"].sudo()
        if kind_id.isdigit() and int(kind_id) <= MAX_ID:
            kind_sudo = kind_sudo.search([("id", "=", int(kind_id))])
        file = request.httprequest.files.get("file")
        if not kind_sudo or not file or not file.filename:
            raise UserError(request.env._("Choose what the file proves, and a file."))
        labels = self._get_labels(
            "partner.incentive.evidence", ["document_date", "amount"]
        )
        vals = {
            "claim_id": claim_sudo.id,
            "evidence_type_id": kind_sudo.id,
            "document_number": self._read_text(post, "document_number"),
            "document_date": self._read_date(
                post, "document_date", labels["document_date"]
            ),
            "amount": self._read_amount(post, "amount", labels["amount"]),
        }
        vals["attachment_id"] = self._add_file(claim_sudo, file, None).id
        request.env["partner.incentive.evidence"].sudo().create(vals)

    def _remove_evidence(self, claim_sudo, post):
        evidence_id = self._read_text(post, "evidence_id")
        claim_sudo.evidence_ids.filtered(
            lambda each: str(each.id) == evidence_id
        ).unlink()

    @route(
        "/my/incentives/files/<int:attachment_id>",
        type="http",
        auth="user",
        website=True,
        incentive_area="funds",
    )
    def portal_my_incentive_file(self, attachment_id, **kw):
        """A file of the partner's own claims and activities, as a download."""
        if not 0 < attachment_id <= MAX_ID:
            raise NotFound()
        own = self._get_own_domain()
        evidence_sudo = (
            request.env["partner.incentive.claim"]
            .sudo()
            .search(own & Domain("attachment_ids", "in", [attachment_id]), limit=1)
        )
        quote_sudo = (
            request.env["partner.mdf.activity"]
            .sudo()
            .search(own & Domain("quote_ids", "in", [attachment_id]), limit=1)
        )
        files_sudo = evidence_sudo.attachment_ids | quote_sudo.quote_ids
        file_sudo = files_sudo.filtered(lambda each: each.id == attachment_id)
        if not file_sudo:
            raise NotFound()
        stream = request.env["ir.binary"].sudo()._get_stream_from(file_sudo)
        return stream.get_response(as_attachment=True)
