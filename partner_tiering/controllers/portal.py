"""``/my/incentives/performance`` and below: where a partner stands, and its part."""

import base64
from datetime import timedelta

from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.http import content_disposition, request, route

from odoo.addons.partner_incentive_base.controllers.portal import PartnerIncentivePortal
from odoo.addons.partner_incentive_base.controllers.portal_records import MAX_ID
from odoo.addons.portal.controllers.portal import pager as portal_pager

URL = "/my/incentives/performance"
#: How many of each kind the dashboard shows.
LIMIT = 8
MAX_TEXT = 4000
#: Days before the end of a contract or certification in which the overview reminds.
SOON = 60
MAX_NAME = 200


class PartnerTieringPortal(PartnerIncentivePortal):
    # --------------------------------------------------------------------- reading

    def _search_own(self, model, domain=(), order=None, limit=LIMIT):
        return (
            request.env[model]
            .sudo()
            .search_fetch(
                self._get_own_domain() & Domain(list(domain)), order=order, limit=limit
            )
        )

    def _get_tier_domain(self):
        """What is for the partner's tier, or for every partner."""
        grade = self._get_incentive_partner().grade_id
        return Domain("company_id", "in", [False, *request.env.companies.ids]) & (
            Domain("grade_ids", "=", False) | Domain("grade_ids", "in", grade.ids)
        )

    def _get_announcement_domain(self):
        """Published announcements for the partner, by its tier or by name."""
        partner = self._get_incentive_partner()
        return (
            self._get_tier_domain()
            & Domain("state", "=", "published")
            & (
                Domain("partner_ids", "=", False)
                | Domain("partner_ids", "in", partner.ids)
            )
        )

    @staticmethod
    def _clean(text, limit=MAX_TEXT):
        return (text or "").replace("\x00", "").strip()[:limit]

    def _get_tab_groups(self):
        return {
            **super()._get_tab_groups(),
            "performance": request.env._("Performance"),
        }

    def _get_tabs(self):
        env = request.env
        return [
            *super()._get_tabs(),
            {
                "title": env._("Score and tier"),
                "url": URL,
                "areas": ["performance"],
                "group": "performance",
                "sequence": 50,
                "pages": [
                    "incentive_performance",
                    "incentive_deployments",
                    "incentive_deployment",
                    "incentive_deployment_new",
                    "incentive_review",
                    "incentive_account_plan",
                ],
            },
            {
                "title": env._("Enablement"),
                "url": "/my/incentives/enablement",
                "areas": [],
                "group": "performance",
                "sequence": 52,
                "pages": ["incentive_enablement", "incentive_announcement"],
            },
        ]

    # -------------------------------------------------------------------- overview

    def _get_home_task_kinds(self):
        """What a partner's own side has to do for its performance."""
        env, own = request.env, self._get_own_domain()
        today = self._get_today()
        soon = self._get_soon(SOON)
        partner_id = self._get_incentive_partner().id

        def prepare(title, text, url, due=None):
            return lambda record: {
                "title": title,
                "text": text(record),
                "url": url.format(record.id),
                "due": record[due] or None if due else None,
            }

        kinds = [
            {
                "model": "partner.business.review",
                "domain": own
                & Domain("state", "=", "held")
                & Domain("partner_signed_on", "=", False),
                "order": "id",
                "prepare": prepare(
                    env._("Sign the minutes of a review"),
                    lambda review_sudo: review_sudo.name,
                    "/my/incentives/reviews/{}",
                ),
            },
            {
                "model": "partner.account.plan",
                "domain": own & Domain("state", "=", "proposed"),
                "order": "id",
                "prepare": prepare(
                    env._("Agree to an account plan"),
                    lambda plan_sudo: plan_sudo.name,
                    "/my/incentives/account-plans/{}",
                ),
            },
            {
                "model": "partner.remediation.task",
                "domain": Domain("side", "=", "partner")
                & Domain("done", "=", False)
                & Domain("plan_id.state", "=", "open")
                & Domain("plan_id.partner_id", "=", partner_id)
                & Domain("plan_id.company_id", "in", env.companies.ids),
                "order": "date_due, id",
                "prepare": prepare(
                    env._("Do your part of the plan"),
                    lambda task_sudo: task_sudo.name,
                    URL,
                    "date_due",
                ),
            },
            {
                "model": "partner.customer.contract",
                "domain": own
                & Domain("state", "=", "active")
                & Domain("date_end", ">=", today)
                & Domain("date_end", "<=", soon),
                "order": "date_end, id",
                "prepare": prepare(
                    env._("Renew a contract"),
                    lambda contract_sudo: (
                        contract_sudo.customer_id.name or contract_sudo.name
                    ),
                    URL,
                    "date_end",
                ),
            },
            {
                "model": "partner.certification",
                "domain": Domain("partner_id", "=", partner_id)
                & Domain("state", "=", "passed")
                & Domain("date_expiry", ">=", today)
                & Domain("date_expiry", "<=", soon),
                "order": "date_expiry, id",
                "prepare": prepare(
                    env._("Renew a certification"),
                    lambda certification_sudo: certification_sudo.program_id.name,
                    "/my/incentives/enablement",
                    "date_expiry",
                ),
            },
        ]
        return [
            *super()._get_home_task_kinds(),
            *({**kind, "areas": ["performance"]} for kind in kinds),
        ]

    def _get_home_cards(self):
        env = request.env
        card = self._search_own("partner.scorecard", order="date_to desc", limit=1)
        level = self._prepare_next_level(card, self._get_today())
        if level and level["missing"]:
            text = env._(
                "to %(tier)s: %(missing)s",
                tier=level["grade"].name,
                missing=level["missing"][0],
            )
            others = len(level["missing"]) - 1
            if others:
                text = env._(
                    "%(missing)s, and %(others)s more", missing=text, others=others
                )
        elif level:
            text = env._("You meet the requirements of %s.", level["grade"].name)
        elif card:
            text = env._("You hold the highest tier.")
        else:
            text = env._("There is no scorecard for you yet.")
        score = f"{card.score:.0f}" if card and card.has_score else ""
        tier = self._get_incentive_partner().grade_id.name or env._("No tier")
        return [
            *super()._get_home_cards(),
            {
                "title": env._("Tier"),
                "figure": env._("%(tier)s, score %(score)s", tier=tier, score=score)
                if score
                else tier,
                "text": text,
                "url": URL,
                "areas": ["performance"],
                "sequence": 10,
            },
        ]

    @route(
        URL,
        type="http",
        auth="user",
        website=True,
        incentive_area="performance",
    )
    def portal_my_performance(self, message=None, **kw):
        return request.render(
            "partner_tiering.portal_my_performance",
            self._prepare_performance_values(message),
        )

    def _prepare_performance_values(self, message=None, error=None):
        env, today = request.env, self._get_today()
        cards = self._search_own("partner.scorecard", order="date_to desc")
        card = cards[:1]
        partner_sudo = self._get_incentive_partner()
        return self._prepare_incentive_values(
            "incentive_performance",
            (env._("Performance"), None),
            message=self._get_performance_message(message),
            error=error,
            card=card,
            trend=self._prepare_trend(cards),
            next_level=self._prepare_next_level(card, today),
            benefits=self._prepare_benefits(partner_sudo.grade_id, today),
            change=self._search_own(
                "partner.tier.change",
                [("state", "in", ("grace", "approved"))],
                limit=1,
            ),
            renewals=self._search_own(
                "partner.customer.contract",
                [
                    ("state", "=", "active"),
                    ("date_end", ">=", today - timedelta(days=60)),
                    ("date_end", "<=", today + timedelta(days=120)),
                ],
                order="date_end",
            ),
            deployments=self._search_own(
                "partner.deployment", order="date_start desc, id desc"
            ),
            certifications=env["partner.certification"]
            .sudo()
            .search_fetch(
                [("partner_id", "=", partner_sudo.id), ("state", "=", "passed")],
                order="date_expiry",
                limit=LIMIT,
            ),
            plans=self._search_own(
                "partner.remediation.plan", [("state", "=", "open")]
            ),
            reviews=self._search_own(
                "partner.business.review",
                Domain("state", "in", ("planned", "held", "signed")),
            ),
            account_plans=self._search_own(
                "partner.account.plan", [("state", "in", ("proposed", "agreed"))]
            ),
            notes=self._search_own("partner.coaching.note", [("is_shared", "=", True)]),
            milestones=self._search_own(
                "partner.milestone", [("state", "=", "reached")], order="date"
            ),
            today=today,
        )

    def _get_performance_message(self, key):
        env = request.env
        return {
            "done": env._("Thank you. It is recorded."),
            "signed": env._("Thank you. You signed the minutes."),
            "agreed": env._("Thank you. You agreed to the plan."),
            "registered": env._("You are registered."),
            "withdrawn": env._("You are not registered any more."),
            "joined": env._("Welcome to the community."),
            "asked": env._("Thank you. We will answer here."),
            "saved": env._("The deployment is saved."),
        }.get(key)

    def _prepare_trend(self, cards):
        """Scores of the last periods, oldest first, for the chart."""
        return [
            {
                "label": card.date_to.strftime("%m/%y"),
                "score": card.score,
                "closed": card.state == "closed",
            }
            for card in reversed(cards)
            if card.has_score
        ]

    def _prepare_next_level(self, card, today):
        """What is missing for the next tier, and what that would bring."""
        row = card._get_next_level() if card else None
        if not row:
            return None
        env, currency = request.env, card.currency_id
        lines = {line.metric_id: line for line in card.line_ids}
        missing = []
        for gap in row["gaps"]:
            if gap.kind == "score":
                score = "-" if gap.value is None else f"{gap.value:.1f}"
                text = env._(
                    "Score %(score)s of %(bound)s, against the targets of that tier",
                    score=score,
                    bound=f"{gap.bound:g}",
                )
            elif gap.kind == "part":
                weak = [
                    line.metric_id.name
                    for line in lines.values()
                    if line.verdict == "scored" and line.weight and line.points <= 0
                ]
                text = env._("Points for every part: %s", ", ".join(weak) or "-")
            else:
                metric = env["partner.metric"].sudo().browse(gap.key)
                text = env._(
                    "%(metric)s: %(value)s, asked for %(bound)s",
                    metric=metric.name,
                    value=metric._format(gap.value, currency),
                    bound=metric._format(float(gap.bound), currency),
                )
            missing.append(text)
        return {
            "grade": row["grade"],
            "score": row["result"].score,
            "missing": missing,
            "benefits": self._prepare_benefits(row["grade"], today),
        }

    def _prepare_benefits(self, grade, today):
        """``[(name, value)]`` of the public benefits of a tier."""
        if not grade:
            return []
        Benefit = request.env["partner.tier.benefit"].sudo()
        benefits_sudo = self._get_once(
            "benefits", lambda: Benefit.search_fetch([("is_public", "=", True)])
        )
        values = self._get_once(
            ("values of benefits", today),
            lambda: request.env["partner.tier.benefit.value"]._get_by_grade(
                benefits_sudo, today, request.env.company
            ),
        )
        return [
            (benefit.name, values[benefit, grade].display_value)
            for benefit in benefits_sudo
            if (benefit, grade) in values
        ]

    # ----------------------------------------------------------------- deployments

    @route(
        ["/my/incentives/deployments", "/my/incentives/deployments/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        incentive_area="performance",
    )
    def portal_my_deployments(self, page=1, **kw):
        Deployment = request.env["partner.deployment"].sudo()
        domain = self._get_own_domain()
        pager = portal_pager(
            url="/my/incentives/deployments",
            total=Deployment.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        return request.render(
            "partner_tiering.portal_my_deployments",
            self._prepare_incentive_values(
                "incentive_deployments",
                (request.env._("Performance"), URL),
                (request.env._("Deployments"), None),
                deployments=Deployment.search(
                    domain,
                    order="date_start desc, id desc",
                    limit=self._items_per_page,
                    offset=pager["offset"],
                ),
                pager=pager,
            ),
        )

    @route(
        "/my/incentives/deployments/new",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="performance",
    )
    def portal_my_deployment_new(self, **post):
        """Record a deployment; what was typed stays when something is wrong."""
        env = request.env
        if not self._has_incentives():
            raise NotFound()
        playbooks_sudo = (
            env["partner.deployment.playbook"]
            .sudo()
            .search([("company_id", "in", [False, env.company.id])])
        )
        values = {
            name: self._clean(post.get(name), MAX_NAME)
            for name in ("name", "customer", "email", "playbook", "date_start")
        }
        error = None
        if request.httprequest.method == "GET":
            values["date_start"] = fields.Date.to_string(self._get_today())
        if request.httprequest.method == "POST":
            error, vals = self._read_deployment(values, playbooks_sudo)
            if not error:
                try:
                    with env.cr.savepoint():
                        deployment_sudo = self._create_deployment(values, vals)
                except (UserError, ValidationError) as exception:
                    error = str(exception)
                else:
                    return request.redirect(
                        f"/my/incentives/deployments/{deployment_sudo.id}?message=saved"
                    )
        return request.render(
            "partner_tiering.portal_my_deployment_new",
            self._prepare_incentive_values(
                "incentive_deployment_new",
                (env._("Performance"), URL),
                (env._("Deployments"), "/my/incentives/deployments"),
                (env._("New deployment"), None),
                playbooks=playbooks_sudo,
                values=values,
                error=error,
            ),
        )

    def _read_deployment(self, values, playbooks_sudo):
        """``(error or None, values)`` of the form."""
        env = request.env
        if not values["name"]:
            return env._("Enter what was deployed."), None
        if not values["customer"]:
            return env._("Enter the customer."), None
        if values["email"] and "@" not in values["email"]:
            return env._("%s is no e-mail address.", values["email"]), None
        number = values["playbook"]
        playbook_sudo = playbooks_sudo.filtered(lambda each: str(each.id) == number)
        if not playbook_sudo:
            return env._("Choose the playbook."), None
        try:
            start = fields.Date.to_date(values["date_start"])
        except ValueError:
            start = None
        if not start:
            return env._("Enter the day on which it started."), None
        if start > self._get_today():
            return env._("The start cannot be in the future."), None
        return None, {"playbook_id": playbook_sudo.id, "date_start": start}

    def _create_deployment(self, values, vals):
        """The customer is the partner's own entry, never somebody else's record."""
        env = request.env
        partner_sudo = self._get_incentive_partner()
        known_sudo = (
            env["partner.deployment"]
            .sudo()
            .search(
                self._get_own_domain()
                & Domain("customer_id.name", "=ilike", values["customer"]),
                limit=1,
            )
            .customer_id
        )
        customer_sudo = known_sudo or env["res.partner"].sudo().create(
            {
                "name": values["customer"],
                "is_company": True,
                "email": values["email"] or False,
            }
        )
        contact_sudo = customer_sudo
        if values["email"] and customer_sudo.email != values["email"]:
            contact_sudo = (
                env["res.partner"]
                .sudo()
                .create(
                    {
                        "name": values["email"],
                        "email": values["email"],
                        "parent_id": customer_sudo.id,
                    }
                )
            )
        deployment_sudo = (
            env["partner.deployment"]
            .sudo()
            .create(
                {
                    "name": values["name"],
                    "partner_id": partner_sudo.id,
                    "customer_id": customer_sudo.id,
                    "contact_id": contact_sudo.id,
                    "company_id": env.company.id,
                    "user_id": partner_sudo.user_id.id,
                    **vals,
                }
            )
        )
        deployment_sudo.action_start()
        return deployment_sudo

    @route(
        "/my/incentives/deployments/<int:deployment_id>",
        type="http",
        auth="user",
        website=True,
        incentive_area="performance",
    )
    def portal_my_deployment(self, deployment_id, message=None, **kw):
        deployment_sudo = self._get_own_or_404("partner.deployment", deployment_id)
        return self._render_deployment(deployment_sudo, message)

    def _render_deployment(self, deployment_sudo, message=None, error=None):
        return request.render(
            "partner_tiering.portal_my_deployment",
            self._prepare_incentive_values(
                "incentive_deployment",
                (request.env._("Performance"), URL),
                (request.env._("Deployments"), "/my/incentives/deployments"),
                (deployment_sudo.name, None),
                deployment=deployment_sudo,
                rating_link=deployment_sudo._get_rating_link()
                if deployment_sudo.state in ("live", "validated")
                else None,
                ratings=deployment_sudo.rating_ids.filtered("consumed"),
                message=self._get_performance_message(message),
                error=error,
            ),
        )

    @route(
        "/my/incentives/deployments/<int:deployment_id>/update",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="performance",
    )
    def portal_my_deployment_update(self, deployment_id, **post):
        """Tick the checklist, document the outcome, go live, ask for a rating."""
        deployment_sudo = self._get_own_or_404("partner.deployment", deployment_id)
        if deployment_sudo.state not in ("started", "live"):
            return self._render_deployment(
                deployment_sudo,
                error=request.env._(
                    "%s does not change any more.", deployment_sudo.name
                ),
            )
        try:
            with request.env.cr.savepoint():
                self._update_deployment(deployment_sudo, post)
        except (UserError, ValidationError) as exception:
            return self._render_deployment(deployment_sudo, error=str(exception))
        return request.redirect(
            f"/my/incentives/deployments/{deployment_sudo.id}?message=saved"
        )

    def _update_deployment(self, deployment_sudo, post):
        for check_sudo in deployment_sudo.check_ids:
            evidence = self._clean(post.get(f"evidence_{check_sudo.id}"), MAX_NAME)
            done = bool(post.get(f"done_{check_sudo.id}"))
            if (done, evidence) != (check_sudo.done, check_sudo.evidence or ""):
                check_sudo.write({"evidence": evidence, "done": done})
        deployment_sudo.outcome = self._clean(post.get("outcome"))
        if post.get("action") == "live" and deployment_sudo.state == "started":
            deployment_sudo.action_go_live()
        if post.get("action") == "rating":
            deployment_sudo.action_ask_rating()

    # ----------------------------------------------------- plans, reviews, sessions

    @route(
        "/my/incentives/tasks/<int:task_id>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="performance",
    )
    def portal_my_task(self, task_id, done=None, note="", **kw):
        """Tick a task of the partner's own side."""
        if not 0 < task_id <= MAX_ID:
            raise NotFound()
        task_sudo = (
            request.env["partner.remediation.task"]
            .sudo()
            .search(
                [
                    ("id", "=", task_id),
                    ("side", "=", "partner"),
                    ("plan_id.state", "=", "open"),
                    ("plan_id.partner_id", "=", self._get_incentive_partner().id),
                    ("plan_id.company_id", "in", request.env.companies.ids),
                ]
            )
        )
        if not task_sudo:
            raise NotFound()
        task_sudo.write({"done": bool(done), "note": self._clean(note, MAX_NAME)})
        return request.redirect(f"{URL}?message=done#plans")

    @route(
        "/my/incentives/reviews/<int:review_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="performance",
    )
    def portal_my_review(self, review_id, confirmed=None, message=None, **kw):
        review_sudo = self._get_own_or_404(
            "partner.business.review",
            review_id,
            Domain("state", "in", ("planned", "held", "signed")),
        )
        error = None
        if request.httprequest.method == "POST":
            if not confirmed:
                error = request.env._("Tick the box to say that the minutes are right.")
            else:
                try:
                    review_sudo._sign("partner")
                    return request.redirect(
                        f"/my/incentives/reviews/{review_id}?message=signed"
                    )
                except UserError as exception:
                    error = str(exception)
        return request.render(
            "partner_tiering.portal_my_review",
            self._prepare_incentive_values(
                "incentive_review",
                (request.env._("Performance"), URL),
                (review_sudo.name, None),
                review=review_sudo,
                message=self._get_performance_message(message),
                error=error,
            ),
        )

    @route(
        "/my/incentives/account-plans/<int:plan_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="performance",
    )
    def portal_my_account_plan(self, plan_id, confirmed=None, message=None, **post):
        """Read a joint plan, enter the own forecast, agree to it."""
        plan_sudo = self._get_own_or_404(
            "partner.account.plan",
            plan_id,
            Domain("state", "in", ("proposed", "agreed", "closed")),
        )
        error = None
        if request.httprequest.method == "POST":
            try:
                with request.env.cr.savepoint():
                    self._update_account_plan(plan_sudo, confirmed, post)
                return request.redirect(
                    f"/my/incentives/account-plans/{plan_id}?message="
                    + ("agreed" if confirmed else "done")
                )
            except (UserError, ValueError) as exception:
                error = str(exception)
        return request.render(
            "partner_tiering.portal_my_account_plan",
            self._prepare_incentive_values(
                "incentive_account_plan",
                (request.env._("Performance"), URL),
                (plan_sudo.name, None),
                plan=plan_sudo,
                message=self._get_performance_message(message),
                error=error,
            ),
        )

    def _update_account_plan(self, plan_sudo, confirmed, post):
        for row_sudo in plan_sudo.forecast_ids:
            text = self._clean(post.get(f"forecast_{row_sudo.id}"), 30)
            if text and plan_sudo.state != "closed":
                try:
                    amount = float(text.replace(",", "."))
                except ValueError as error:
                    raise UserError(request.env._("%s is no number.", text)) from error
                if not 0 <= amount < 1e12:
                    raise UserError(request.env._("%s is no amount.", text))
                row_sudo.partner_amount = amount
        if confirmed:
            plan_sudo._agree("partner")

    # -------------------------------------------------------------------- enablement

    @route(
        "/my/incentives/enablement",
        type="http",
        auth="user",
        website=True,
        incentive_area="home",
    )
    def portal_my_enablement(self, message=None, error=None, **kw):
        return self._render_enablement(message)

    def _render_enablement(self, message=None, error=None):
        env, user = request.env, request.env.user
        if not self._has_incentives():
            raise NotFound()
        sessions_sudo = (
            env["partner.enablement.session"]
            .sudo()
            .search(
                self._get_tier_domain()
                & Domain("state", "=", "open")
                & Domain("date", ">=", fields.Datetime.now()),
                order="date",
                limit=50,
            )
        )
        announcements_sudo = (
            env["partner.announcement"]
            .sudo()
            .search(self._get_announcement_domain(), limit=50)
        )
        receipts_sudo = (
            env["partner.announcement.receipt"]
            .sudo()
            .search(
                [
                    ("user_id", "=", user.id),
                    ("announcement_id", "in", announcements_sudo.ids),
                ]
            )
        )
        channel_sudo = self._get_channel()
        return request.render(
            "partner_tiering.portal_my_enablement",
            self._prepare_incentive_values(
                "incentive_enablement",
                (env._("Enablement"), None),
                sessions=sessions_sudo,
                registered=sessions_sudo.attendance_ids.filtered(
                    lambda each: (
                        each.person_id == user.partner_id and each.state == "registered"
                    )
                ).session_id,
                resources=env["partner.resource"]
                .sudo()
                .search(self._get_tier_domain(), limit=200),
                announcements=announcements_sudo,
                read=receipts_sudo.announcement_id,
                channel=channel_sudo,
                is_member=user.partner_id in channel_sudo.channel_member_ids.partner_id,
                badges=env["gamification.badge.user"]
                .sudo()
                .search([("user_id", "=", user.id)], limit=LIMIT),
                message=self._get_performance_message(message),
                error=error,
            ),
        )

    def _get_channel(self):
        channel = request.env.ref(
            "partner_tiering.channel_partners", raise_if_not_found=False
        )
        return (channel or request.env["discuss.channel"]).sudo()

    @route(
        "/my/incentives/community/join",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="home",
    )
    def portal_my_community_join(self, **kw):
        channel_sudo = self._get_channel()
        if not channel_sudo or not self._has_incentives():
            raise NotFound()
        person = request.env.user.partner_id
        if person not in channel_sudo.channel_member_ids.partner_id:
            request.env["discuss.channel.member"].sudo().create(
                {"channel_id": channel_sudo.id, "partner_id": person.id}
            )
        return request.redirect("/my/incentives/enablement?message=joined")

    @route(
        "/my/incentives/sessions/<int:session_id>/register",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="home",
    )
    def portal_my_session_register(self, session_id, withdraw=None, **kw):
        if not 0 < session_id <= MAX_ID or not self._has_incentives():
            raise NotFound()
        session_sudo = (
            request.env["partner.enablement.session"]
            .sudo()
            .search(self._get_tier_domain() & Domain("id", "=", session_id))
        )
        if not session_sudo:
            raise NotFound()
        person = request.env.user.partner_id
        if withdraw:
            session_sudo.attendance_ids.filtered(
                lambda each: each.person_id == person and each.state == "registered"
            ).write({"state": "withdrawn"})
            return request.redirect("/my/incentives/enablement?message=withdrawn")
        try:
            session_sudo._register_person(person)
        except UserError as exception:
            return self._render_enablement(error=str(exception))
        return request.redirect("/my/incentives/enablement?message=registered")

    @route(
        "/my/incentives/resources/<int:resource_id>",
        type="http",
        auth="user",
        website=True,
        incentive_area="home",
    )
    def portal_my_resource(self, resource_id, **kw):
        """Download the version in force; who did is counted."""
        if not 0 < resource_id <= MAX_ID or not self._has_incentives():
            raise NotFound()
        resource_sudo = (
            request.env["partner.resource"]
            .sudo()
            .search(self._get_tier_domain() & Domain("id", "=", resource_id))
        )
        version_sudo = resource_sudo.current_id
        if not version_sudo:
            raise NotFound()
        request.env["partner.resource.download"].sudo().create(
            {
                "version_id": version_sudo.id,
                "user_id": request.env.uid,
                "partner_id": self._get_incentive_partner().id,
            }
        )
        content = version_sudo.with_context(bin_size=False).file
        return request.make_response(
            base64.b64decode(content),
            [
                ("Content-Type", "application/octet-stream"),
                ("X-Content-Type-Options", "nosniff"),
                ("Content-Disposition", content_disposition(version_sudo.file_name)),
            ],
        )

    @route(
        "/my/incentives/announcements/<int:announcement_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="home",
    )
    def portal_my_announcement(
        self, announcement_id, question=None, message=None, **kw
    ):
        """Read it; that is noted. A question or proposal is kept with its answer."""
        if not 0 < announcement_id <= MAX_ID or not self._has_incentives():
            raise NotFound()
        env = request.env
        announcement_sudo = (
            env["partner.announcement"]
            .sudo()
            .search(
                self._get_announcement_domain() & Domain("id", "=", announcement_id)
            )
        )
        if not announcement_sudo:
            raise NotFound()
        receipts_sudo = env["partner.announcement.receipt"].sudo()
        own = [
            ("announcement_id", "=", announcement_id),
            ("user_id", "=", env.uid),
        ]
        receipt_sudo = receipts_sudo.search(own)
        if not receipt_sudo:
            self._create_once(
                lambda: receipts_sudo.create(
                    {
                        "announcement_id": announcement_id,
                        "user_id": env.uid,
                        "partner_id": self._get_incentive_partner().id,
                    }
                )
            )
            receipt_sudo = receipts_sudo.search(own)
        text = self._clean(question)
        if request.httprequest.method == "POST" and text:
            if not receipt_sudo.question:
                receipt_sudo.question = text
            return request.redirect(
                f"/my/incentives/announcements/{announcement_id}?message=asked"
            )
        return request.render(
            "partner_tiering.portal_my_announcement",
            self._prepare_incentive_values(
                "incentive_announcement",
                (env._("Enablement"), "/my/incentives/enablement"),
                (announcement_sudo.name, None),
                announcement=announcement_sudo,
                receipt=receipt_sudo,
                message=self._get_performance_message(message),
            ),
        )
