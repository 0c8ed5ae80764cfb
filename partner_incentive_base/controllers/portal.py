"""``/my/incentives``: what a partner can earn, has earned, and why."""

from datetime import date
from decimal import Decimal

from psycopg2.errors import UniqueViolation
from werkzeug.exceptions import NotFound

from odoo.fields import Domain
from odoo.http import request, route
from odoo.tools import format_date

from odoo.addons.portal.controllers.portal import CustomerPortal

from .portal_calculator import PortalCalculator
from .portal_home import PortalHome
from .portal_records import MAX_ID, PortalRecords
from .portal_tabs import PortalTabs
from .portal_terms import PortalTerms
from .portal_uploads import PortalUploads

ZERO = Decimal(0)
#: Windows of an offer that are shown; older ones are in the statement.
HISTORY_LENGTH = 24
MAX_NOTE_LENGTH = 2000


class PartnerIncentivePortal(
    PortalHome,
    PortalTabs,
    PortalCalculator,
    PortalTerms,
    PortalRecords,
    PortalUploads,
    CustomerPortal,
):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "incentive_count" in counters:
            values["incentive_count"] = int(self._has_incentives())
        return values

    def _prepare_incentive_values(self, page_name, *breadcrumbs, **values):
        """Values that every page of the partner's incentives has.

        :param breadcrumbs: ``(label, url or None)`` below the overview
        """
        return {
            **self._prepare_portal_layout_values(),
            "page_name": page_name,
            "title": breadcrumbs[-1][0] if breadcrumbs else request.env._("Incentives"),
            "incentive_breadcrumbs": breadcrumbs,
            "partner_sudo": self._get_incentive_partner(),
            "incentive_preview": request.env["ir.http"]._get_incentive_preview(),
            "incentive_areas": self._get_areas(),
            "incentive_tabs": self._prepare_tabs(page_name),
            **values,
        }

    # --------------------------------------------------------------------- overview

    @route(
        "/my/incentives",
        type="http",
        auth="user",
        website=True,
        incentive_area="home",
    )
    def portal_my_incentives(self, message=None, **kw):
        return request.render(
            "partner_incentive_base.portal_my_incentives",
            self._prepare_overview_values(message),
        )

    def _prepare_overview_values(self, message=None):
        enrollments_sudo = self._get_enrollments()
        agreements = self._get_agreements()
        visible = self._get_visible_offers(enrollments_sudo)
        offers = self._prepare_offers(visible, enrollments_sudo)
        own = self._get_own_domain()
        sees_money = "money" in self._get_areas()
        totals, history = self._get_history(own) if sees_money else ([], {})
        return self._prepare_incentive_values(
            "incentives",
            message=self._get_message(message),
            tasks=self._prepare_tasks(),
            cards=self._prepare_cards(),
            totals=totals,
            next_payout=self._get_next_payout(totals, visible) if sees_money else None,
            charts=self._prepare_charts(history),
            enrollments=[
                {
                    "enrollment": enrollment_sudo,
                    "since": self._format_window(
                        enrollment_sudo.date_from, enrollment_sudo.date_to
                    ),
                    "to_accept": self._get_agreement_to_accept(
                        enrollment_sudo, agreements.get(enrollment_sudo.program_id)
                    ),
                }
                for enrollment_sudo in enrollments_sudo
            ],
            offers=[offer for offer in offers if offer["status"] != "to_accept"],
            opt_in_offers=[o for o in offers if o["status"] == "to_accept"],
            past_offers=self._get_past_offers(visible),
            open_programs=self._get_open_programs(enrollments_sudo),
        )

    def _get_message(self, key):
        """What is said after a form was sent; the page is loaded anew by then."""
        env = request.env
        return {
            "accepted": env._("Thank you. Your acceptance is recorded."),
            "requested": env._(
                "Thank you. Your request is with us; we will let you know."
            ),
            "joined": env._("You take part in the offer from today on."),
            "present": env._("You have done that already."),
        }.get(key)

    def _prepare_offers(self, visible, enrollments_sudo):
        """What the overview shows of each visible offer."""
        today = self._get_today()
        offers_sudo = request.env["partner.incentive.offer"].sudo()
        offers_sudo = offers_sudo.union(*(offer for offer, _version, _own in visible))
        standings = self._get_present_standings(offers_sudo, today)
        return [
            {
                "offer": offer_sudo,
                "version": version,
                "status": self._get_offer_status(
                    offer_sudo, self._get_enrollment(offer_sudo, enrollments_sudo)
                ),
                "standing": self._prepare_standing(
                    version, standings.get(offer_sudo), own
                ),
            }
            for offer_sudo, version, own in visible
        ]

    def _get_offer_status(self, offer_sudo, enrollment_sudo):
        """``retired``, ``ended``, ``suspended``, ``to_accept``, ``not_enrolled``,
        ``upcoming`` or ``live``."""
        if offer_sudo.state == "retired":
            return "retired"
        if (offer_sudo._get_end_date() or date.max) < self._get_today():
            return "ended"
        if offer_sudo.state == "suspended":
            return "suspended"
        if not enrollment_sudo:
            return "not_enrolled"
        if self._needs_acceptance(offer_sudo, enrollment_sudo):
            return "to_accept"
        if offer_sudo.date_from > self._get_today():
            return "upcoming"
        return "live"

    def _prepare_standing(self, version, standing_sudo, own_segments, is_over=False):
        """Where the partner stands in a window, and what is missing to the next step.

        Without volume there is no standing yet; then the first bracket is next. When
        the offer is over, nothing is missing any more.
        """
        currency = version.offer_id.currency_id
        if standing_sudo:
            version = standing_sudo.version_id or version
            volume, missing = standing_sudo.qualifying, standing_sudo.missing
            values = {
                "as_of": standing_sudo.as_of,
                "window": self._format_window(
                    standing_sudo.window_from, standing_sudo.window_to
                ),
                "earned": currency.format(standing_sudo.entitlement),
                "rate": self._format_rate(version, standing_sudo.rate)
                if standing_sudo.rate
                else "",
                "would_earn": self._format_gain(currency, standing_sudo.would_earn),
            }
        else:
            volume, missing, would_earn = (
                0.0,
                *self._get_first_step(version, own_segments),
            )
            values = {
                "as_of": False,
                "window": "",
                "earned": currency.format(0.0),
                "rate": "",
                "would_earn": self._format_gain(currency, would_earn),
            }
        reach = volume + missing
        return {
            **values,
            "volume": self._format_volume(version, volume),
            "missing": self._format_volume(version, missing)
            if missing > 0 and not is_over
            else "",
            "progress": round(100 * max(volume, 0.0) / reach) if missing > 0 else 100,
            "is_highest": bool(values["rate"])
            and missing <= 0
            and version._get_portal_terms().bracket_count > 1,
            "pooled": version.pooled,
        }

    def _format_gain(self, currency, amount):
        """Empty where reaching the bracket brings nothing yet, as its first slice."""
        return currency.format(amount) if amount else ""

    def _get_first_step(self, version, own_segments):
        """``(volume, earned there)`` of the first bracket of the partner's ladder."""
        scales = version._get_portal_terms().scales
        if not scales or version._get_reference():
            return 0.0, 0.0
        scale = scales.get(self._get_own_scale_key(version, own_segments))
        bound = scale.next_bound(ZERO) if scale else None
        if bound is None:
            return 0.0, 0.0
        return float(bound), float(scale.earn(bound))

    # ------------------------------------------------------------------------ offer

    @route(
        "/my/incentives/offers/<int:offer_id>",
        type="http",
        auth="user",
        website=True,
        incentive_area="terms",
    )
    def portal_my_incentive_offer(self, offer_id, message=None, volume="", **kw):
        offer_sudo = self._get_offer(offer_id)
        if not offer_sudo:
            raise NotFound()
        return request.render(
            "partner_incentive_base.portal_my_incentive_offer",
            self._prepare_offer_values(
                offer_sudo, self._get_message(message), volume=volume
            ),
        )

    def _prepare_offer_values(self, offer_sudo, message=None, error=None, volume=""):
        today = self._get_today()
        enrollment_sudo = self._get_enrollment(offer_sudo, self._get_enrollments())
        version = self._get_current_version(offer_sudo)
        upcoming = offer_sudo._get_published_versions().filtered(
            lambda v: v.effective_date > max(today, version.effective_date)
        )[:1]
        own = self._get_own_segments((version | upcoming)._get_ladder_segments())
        standings = self._get_standings(offer_sudo, limit=HISTORY_LENGTH)
        day = min(today, offer_sudo._get_end_date() or today)
        current = standings.filtered(lambda s: s.window_from <= day <= s.window_to)
        is_over = day < today
        terms = self._get_offer_terms(version)
        return self._prepare_incentive_values(
            "incentive_offer",
            (offer_sudo.name, None),
            offer=offer_sudo,
            version=version,
            status=self._get_offer_status(offer_sudo, enrollment_sudo),
            message=message,
            error=error,
            terms=terms,
            ladders=self._get_ladders(version, own),
            calculator=self._prepare_calculator(version, own, volume),
            upcoming=upcoming,
            upcoming_date=format_date(request.env, upcoming.effective_date)
            if upcoming
            else "",
            upcoming_terms=[
                term
                for term in (self._get_offer_terms(upcoming) if upcoming else [])
                if term not in terms
            ],
            upcoming_ladders=self._get_ladders(upcoming, own) if upcoming else [],
            standing=not (is_over and not current)
            and self._prepare_standing(version, current[:1], own, is_over),
            history=[
                self._prepare_standing(version, standing_sudo, own)
                for standing_sudo in standings
            ],
            accept_version=offer_sudo._get_published_versions()[-1:],
            accepted_on=self._get_acceptance_date(offer_sudo, enrollment_sudo),
        )

    def _get_acceptance_date(self, offer_sudo, enrollment_sudo):
        accepted = enrollment_sudo.acceptance_ids.filtered(
            lambda acceptance: acceptance.offer_id == offer_sudo
        )
        return min(accepted.mapped("date"), default=False)

    @route(
        "/my/incentives/offers/<int:offer_id>/accept",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="offers",
    )
    def portal_my_incentive_offer_accept(
        self, offer_id, version_id=None, confirmed=None, **kw
    ):
        """Take part in an opt-in offer, in the version that was on the page."""
        offer_sudo = self._get_offer(offer_id)
        enrollment_sudo = self._get_enrollment(offer_sudo, self._get_enrollments())
        if not offer_sudo or not enrollment_sudo:
            raise NotFound()
        url = f"/my/incentives/offers/{offer_sudo.id}"
        if self._get_offer_status(offer_sudo, enrollment_sudo) != "to_accept":
            return request.redirect(f"{url}?message=present")
        error = None
        if version_id != str(offer_sudo._get_published_versions()[-1].id):
            error = request.env._(
                "The terms have changed since you opened this page. Read them again, "
                "please, before you take part."
            )
        elif not confirmed:
            error = request.env._("Tick the box to say that you accept the terms.")
        if error:
            return request.render(
                "partner_incentive_base.portal_my_incentive_offer",
                self._prepare_offer_values(offer_sudo, error=error),
            )
        self._create_once(
            lambda: enrollment_sudo._accept_offer(offer_sudo, request.env.user)
        )
        return request.redirect(f"{url}?message=joined")

    def _create_once(self, create):
        """Create something that exists once at most; a second click finds it there."""
        try:
            with request.env.cr.savepoint():
                return create()
        except UniqueViolation:
            return None

    # -------------------------------------------------------- programs, enrollments

    @route(
        "/my/incentives/enrollments/<int:enrollment_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="agreements",
    )
    def portal_my_incentive_enrollment(
        self, enrollment_id, agreement_id=None, confirmed=None, policies="", **kw
    ):
        """Read the agreement of a program, and accept it."""
        enrollment_sudo = self._get_own_record(
            "partner.incentive.enrollment", enrollment_id
        )
        if not enrollment_sudo:
            raise NotFound()
        agreement = enrollment_sudo.program_id._get_agreement()
        asked_sudo = self._get_asked_policies(enrollment_sudo.program_id)
        error = None
        if request.httprequest.method == "POST":
            if not self._get_agreement_to_accept(enrollment_sudo, agreement):
                return request.redirect("/my/incentives?message=present")
            error = self._get_agreement_error(
                agreement, agreement_id, confirmed, asked_sudo, policies
            )
            if not error:
                enrollment_sudo._accept(request.env.user)
                self._accept_policies(asked_sudo)
                return request.redirect("/my/incentives?message=accepted")
        return request.render(
            "partner_incentive_base.portal_my_incentive_enrollment",
            self._prepare_incentive_values(
                "incentive_enrollment",
                (enrollment_sudo.program_id.name, None),
                program=enrollment_sudo.program_id,
                enrollment=enrollment_sudo,
                agreement=agreement,
                to_accept=self._get_agreement_to_accept(enrollment_sudo, agreement),
                policies=asked_sudo,
                error=error,
                note="",
            ),
        )

    def _get_asked_policies(self, program_sudo):
        """Policies that the partner accepts together with a program's agreement."""
        return self._get_policies_to_accept().filtered(
            lambda policy: policy.company_id == program_sudo.company_id
        )

    def _accept_policies(self, policies_sudo):
        self._create_once(
            lambda: policies_sudo._accept(
                self._get_incentive_partner(), request.env.user
            )
        )

    def _get_agreement_error(
        self, agreement, agreement_id, confirmed, asked_sudo, policies
    ):
        """Why the agreement cannot be recorded as accepted, or None.

        :param asked_sudo: policies that are accepted with it
        :param policies: ids of those that were on the page
        """
        if policies != ",".join(map(str, asked_sudo.ids)):
            return request.env._(
                "The policies have changed since you opened this page. Read them "
                "again, please, before you accept them."
            )
        if agreement and agreement_id != str(agreement.id):
            return request.env._(
                "The agreement has changed since you opened this page. Read it again, "
                "please, before you accept it."
            )
        if agreement and not confirmed:
            return request.env._("Tick the box to say that you accept the agreement.")
        return None

    @route(
        "/my/incentives/programs/<int:program_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="agreements",
    )
    def portal_my_incentive_program(
        self, program_id, agreement_id=None, confirmed=None, policies="", note="", **kw
    ):
        """Read what a program is about, and ask to join it."""
        program_sudo = self._get_program_to_join(program_id)
        enrolled = self._get_enrollments().filtered(
            lambda e: e.program_id == program_sudo and e.state != "ended"
        )
        if enrolled:
            return request.redirect(f"/my/incentives/enrollments/{enrolled[0].id}")
        agreement = program_sudo._get_agreement()
        asked_sudo = self._get_asked_policies(program_sudo)
        note = note.replace("\x00", "").strip()
        error = None
        if request.httprequest.method == "POST":
            error = self._get_agreement_error(
                agreement, agreement_id, confirmed, asked_sudo, policies
            )
            if not error and len(note) > MAX_NOTE_LENGTH:
                error = request.env._(
                    "Your message has %(length)s characters; shorten it to %(most)s.",
                    length=len(note),
                    most=MAX_NOTE_LENGTH,
                )
            if not error:
                self._create_once(lambda: self._request_enrollment(program_sudo, note))
                self._accept_policies(asked_sudo)
                return request.redirect("/my/incentives?message=requested")
        return request.render(
            "partner_incentive_base.portal_my_incentive_enrollment",
            self._prepare_incentive_values(
                "incentive_program",
                (program_sudo.name, None),
                program=program_sudo,
                enrollment=None,
                agreement=agreement,
                to_accept=agreement,
                policies=asked_sudo,
                error=error,
                note=note,
            ),
        )

    def _get_program_to_join(self, program_id):
        program_sudo = request.env["partner.incentive.program"].sudo()
        if 0 < program_id <= MAX_ID:
            program_sudo = program_sudo.search(
                self._get_open_program_domain() & Domain("id", "=", program_id)
            )
        if not program_sudo:
            raise NotFound()
        return program_sudo

    def _request_enrollment(self, program_sudo, note):
        """Ask for an enrollment; the program's owner decides about it."""
        user = request.env.user
        enrollment_sudo = (
            request.env["partner.incentive.enrollment"]
            .sudo()
            .create(
                {
                    "program_id": program_sudo.id,
                    "partner_id": self._get_incentive_partner().id,
                    "state": "requested",
                }
            )
        )
        enrollment_sudo._accept(user)
        if note:
            enrollment_sudo.message_post(body=note, author_id=user.partner_id.id)
        owner = program_sudo.user_id
        if owner.active and owner.has_group(
            "partner_incentive_base.group_incentive_user"
        ):
            enrollment_sudo.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=request.env._("Enrollment requested"),
                note=request.env._(
                    "%(partner)s asks to join %(program)s.",
                    partner=enrollment_sudo.partner_id.name,
                    program=program_sudo.name,
                ),
                user_id=owner.id,
            )
        return enrollment_sudo
