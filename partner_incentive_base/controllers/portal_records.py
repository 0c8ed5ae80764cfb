"""What a partner may see of the suite, read with an explicit domain.

Portal users have no rights on the suite's models. Everything is read by the superuser
and only through the domains of this file, which name the user's own commercial
partner and companies. Whatever shows other partners' documents asks the portal user's
own rights, which come from Odoo's invoicing.
"""

from collections import defaultdict
from decimal import Decimal

from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import SQL

from ..engine import calculation
from ..models.partner_incentive_entry import EARNING_KINDS, SETTLING_KINDS
from ..tools.prefetch import prefetch_lines, prefetch_relations

ZERO = Decimal(0)
#: What pages read of enrollments and standings, by one query each.
ENROLLMENT_FIELDS = (
    "program_id",
    "company_id",
    "partner_id",
    "state",
    "date_from",
    "date_to",
    "agreement_id",
    "accepted_on",
)
STANDING_FIELDS = (
    "offer_id",
    "version_id",
    "partner_id",
    "currency_id",
    "window_from",
    "window_to",
    "as_of",
    "qualifying",
    "earning",
    "earning_amount",
    "entitlement",
    "bracket",
    "rate",
    "missing",
    "would_earn",
)
#: The largest id that a database column takes; a larger one cannot be searched for.
MAX_ID = 2**31 - 1


class PortalRecords:
    """Reads what belongs to the user's partner; part of the portal's controller."""

    def _get_once(self, name, read):
        """What ``read`` gives, asked once per request however many parts need it."""
        cache = getattr(request, "incentive_cache", None)
        if cache is None:
            cache = request.incentive_cache = {}
        if name not in cache:
            cache[name] = read()
        return cache[name]

    def _get_areas(self):
        """The areas of the portal that the user's role opens."""
        return request.env.user.partner_id._get_incentive_areas()

    def _get_today(self):
        return fields.Date.context_today(request.env.user)

    def _get_incentive_partner(self):
        """The company that the user acts for. ``env.user`` is read as superuser.

        For an incentive manager who looks at a partner's portal, that partner.
        """
        preview_sudo = request.env["ir.http"]._get_incentive_preview()
        if preview_sudo:
            return preview_sudo
        return request.env.user.partner_id.commercial_partner_id

    def _get_own_domain(self):
        return Domain("partner_id", "=", self._get_incentive_partner().id) & Domain(
            "company_id", "in", request.env.companies.ids
        )

    def _get_own_record(self, model, record_id, extra=Domain.TRUE):
        """A record of the user's partner by its id, or an empty recordset."""
        model_sudo = request.env[model].sudo()
        if not 0 < record_id <= MAX_ID:
            return model_sudo
        domain = self._get_own_domain() & Domain("id", "=", record_id) & extra
        return model_sudo.search_fetch(domain, limit=1)

    def _get_own_or_404(self, model, record_id, extra=Domain.TRUE):
        record_sudo = self._get_own_record(model, record_id, extra)
        if not record_sudo:
            raise NotFound()
        return record_sudo

    def _has_incentives(self):
        """Whether there is anything to see for the user's partner."""
        if self._get_incentive_partner().grade_id:
            return True
        own = self._get_own_domain()
        return any(
            request.env[model].sudo().search_count(own, limit=1)
            for model in ("partner.incentive.enrollment", "partner.incentive.entry")
        )

    # ------------------------------------------------------- enrollments, programs

    def _get_enrollments(self):
        Enrollment = request.env["partner.incentive.enrollment"].sudo()
        return self._get_once(
            "enrollments",
            lambda: Enrollment.search_fetch(
                self._get_own_domain(),
                ENROLLMENT_FIELDS,
                order="state, date_from desc, id desc",
            ),
        )

    def _get_agreements(self):
        """``{program: agreement in force today}``, of programs in reach."""
        return self._get_once(
            "agreements", lambda: self._read_agreements(self._get_programs_in_reach())
        )

    def _get_programs_in_reach(self):
        """Programs that the partner takes part in, or can ask to join; one query."""
        own = self._get_enrollments().program_id
        Program = request.env["partner.incentive.program"].sudo()
        return self._get_once(
            "programs",
            lambda: Program.with_context(active_test=False).search_fetch(
                Domain("id", "in", own.ids) | self._get_open_program_domain()
            ),
        )

    def _read_agreements(self, programs_sudo):
        agreements_sudo = (
            request.env["partner.incentive.agreement"]
            .sudo()
            .search_fetch(
                [
                    ("program_id", "in", programs_sudo.ids),
                    ("state", "=", "published"),
                    ("effective_date", "<=", self._get_today()),
                ],
                ["program_id"],
                order="effective_date, number",
            )
        )
        return {agreement.program_id: agreement for agreement in agreements_sudo}

    def _get_open_program_domain(self):
        """Programs that anybody can ask to join: those with a published agreement."""
        return self._get_running_program_domain() & Domain(
            "agreement_ids",
            "any",
            [("state", "=", "published"), ("effective_date", "<=", self._get_today())],
        )

    def _get_running_program_domain(self):
        return (
            Domain("active", "=", True)
            & Domain("company_id", "in", request.env.companies.ids)
            & Domain("state", "=", "active")
            & Domain("date_to", ">=", self._get_today())
        )

    def _get_open_programs(self, enrollments_sudo):
        """Programs the partner can ask to join and takes no part in yet."""
        present = enrollments_sudo.filtered(lambda e: e.state != "ended").program_id
        # The programs were read already, and so were their agreements.
        running = self._get_programs_in_reach().filtered_domain(
            self._get_running_program_domain()
        )
        agreements = self._get_agreements()
        return (running - present).filtered(lambda program: program in agreements)

    def _get_agreement_to_accept(self, enrollment_sudo, agreement):
        """The agreement in force that the partner has not accepted, or none."""
        if enrollment_sudo.state == "ended" or not agreement:
            return request.env["partner.incentive.agreement"].sudo()
        accepted = enrollment_sudo.accepted_on and enrollment_sudo.agreement_id
        return agreement if accepted != agreement else agreement.browse()

    # --------------------------------------------------------------------- policies

    def _get_policies(self):
        """All published versions of the policies that apply to the partner."""
        return (
            request.env["partner.incentive.policy"]
            .sudo()
            ._get_published(self._get_incentive_partner(), request.env.companies)
        )

    def _get_policies_to_accept(self):
        """The policies in force that the partner has not accepted."""
        in_force = self._get_policies()._get_in_force(self._get_today())
        return in_force._get_to_accept(self._get_incentive_partner())

    # ----------------------------------------------------------------------- offers

    def _get_own_segments(self, segments_sudo):
        """Those segments that the partner belongs to today."""
        return segments_sudo._filter_by_partner(self._get_incentive_partner())

    def _get_current_version(self, offer_sudo):
        """The published version in force today; before the first one, the first."""
        versions = offer_sudo._get_published_versions()
        today = self._get_today()
        effective = versions.filtered(lambda v: v.effective_date <= today)
        return (effective or versions[:1])[-1:]

    def _get_visible_offers(self, enrollments_sudo):
        """``(offer, version, own segments)`` of the live offers that name the partner.

        An offer is visible from its publication to the end of its term, to whoever is
        enrolled in its program and named by its terms.
        """
        return self._get_once(
            "visible offers", lambda: self._search_visible_offers(enrollments_sudo)
        )

    def _get_program_offers(self):
        """Offers published in the programs that the partner takes part in."""
        active = self._get_own_domain() & Domain("state", "=", "active")
        Offer = request.env["partner.incentive.offer"].sudo()

        def read():
            offers_sudo = Offer.search_fetch(
                [
                    ("program_id.enrollment_ids", "any", active),
                    ("state", "in", ("published", "suspended")),
                ],
                order="name, id",
            )
            prefetch_lines(offers_sudo, "version_ids")
            return offers_sudo

        return self._get_once("program offers", read)

    def _search_visible_offers(self, enrollments_sudo):
        offers_sudo = self._get_program_offers()
        today = self._get_today()
        found = []
        for offer_sudo in offers_sudo:
            end = offer_sudo._get_end_date()
            if not end or end >= today:
                found.append((offer_sudo, self._get_current_version(offer_sudo)))
        versions = request.env["partner.incentive.offer.version"].sudo()
        versions = versions.union(*(version for _offer, version in found))
        terms = {version: version._get_portal_terms() for version in versions}
        Segment = request.env["partner.incentive.segment"].sudo()
        partner_sudo = self._get_incentive_partner()
        segment_ids = {
            segment_id
            for each in terms.values()
            for segment_id in (*each.segment_ids, *filter(None, each.scales))
        }
        memberships = Segment.browse(segment_ids)._get_memberships(partner_sudo)
        own = Segment.browse(memberships)
        by_segment = versions.filtered(
            lambda version: any(
                memberships.get(each) for each in terms[version].segment_ids
            )
        )
        prefetch_relations((versions - by_segment, ["partner_ids"]))
        # Pages look at one version after the other; what they read of the first one
        # is read of all.
        return [
            (offer_sudo, version.with_prefetch(versions._prefetch_ids), own)
            for offer_sudo, version in found
            if version in by_segment or partner_sudo in version.partner_ids
        ]

    def _get_own_scale_key(self, version, own_segments):
        """Id of the segment whose brackets are the partner's, 0 for all others'."""
        scales = version._get_portal_terms().scales
        own = own_segments.filtered(lambda segment: segment.id in scales)
        # The order of segments is only asked for where it matters.
        return (own.sorted() if len(own) > 1 else own)[:1].id or 0

    def _get_past_offers(self, visible):
        """Offers that are over, under which the partner has a history."""
        present = [offer_sudo.id for offer_sudo, _version, _own in visible]
        standings = (
            request.env["partner.incentive.standing"]
            .sudo()
            ._search(self._get_own_domain() & Domain("offer_id", "not in", present))
        )
        return (
            request.env["partner.incentive.offer"]
            .sudo()
            .with_context(active_test=False)
            .search_fetch([("id", "in", standings.subselect("offer_id"))], ["name"])
        )

    def _get_offer(self, offer_id):
        """An offer that the partner may read about, or an empty recordset.

        That is a live one that names the partner, or any that has a history with it.
        """
        offer_sudo = request.env["partner.incentive.offer"].sudo()
        if not 0 < offer_id <= MAX_ID:
            return offer_sudo
        offer_sudo = offer_sudo.with_context(active_test=False).search(
            [
                ("id", "=", offer_id),
                ("company_id", "in", request.env.companies.ids),
                ("state", "in", ("published", "suspended", "retired")),
            ]
        )
        if not offer_sudo:
            return offer_sudo
        visible = self._get_visible_offers(self._get_enrollments())
        if offer_sudo in [offer for offer, _version, _own in visible]:
            return offer_sudo
        own = self._get_own_domain() & Domain("offer_id", "=", offer_sudo.id)
        for model in ("partner.incentive.entry", "partner.incentive.standing"):
            if request.env[model].sudo().search_count(own, limit=1):
                return offer_sudo
        return offer_sudo.browse()

    def _get_enrollment(self, offer_sudo, enrollments_sudo):
        """The active enrollment by which the partner takes part in an offer."""
        return enrollments_sudo.filtered(
            lambda e: e.state == "active" and e.program_id == offer_sudo.program_id
        )[:1]

    def _needs_acceptance(self, offer_sudo, enrollment_sudo):
        """Whether the partner must accept an opt-in offer before it takes part."""
        if not offer_sudo.opt_in or not enrollment_sudo:
            return False
        versions = offer_sudo._get_published_versions()
        asked = versions.filtered("requires_acceptance")
        accepted = enrollment_sudo.acceptance_ids.version_id & versions
        return not accepted or max(accepted.mapped("number")) < max(
            asked.mapped("number"), default=0
        )

    def _get_standings(self, offers_sudo, today=None, limit=None):
        """Standings of the partner, latest window first; ``today`` in the window."""
        domain = self._get_own_domain() & Domain("offer_id", "in", offers_sudo.ids)
        if today:
            domain &= Domain("window_from", "<=", today) & Domain(
                "window_to", ">=", today
            )
        return (
            request.env["partner.incentive.standing"]
            .sudo()
            .search_fetch(
                domain,
                STANDING_FIELDS,
                order="window_from desc, id desc",
                limit=limit,
            )
        )

    def _get_present_standings(self, offers_sudo, today):
        """``{offer: standing of the partner in the window that runs}``."""
        return self._get_once(
            ("standings", offers_sudo),
            lambda: {
                standing.offer_id: standing
                for standing in self._get_standings(offers_sudo, today)
            },
        )

    # ------------------------------------------------------------------------ money

    def _get_statement_domain(self):
        """Ledger entries that a partner is shown."""
        return request.env["partner.incentive.statement"]._get_domain(
            self._get_incentive_partner()
        )

    def _get_statement_offers(self):
        """Offers that the partner's statement has lines of.

        A look into the index for each offer; the lines themselves, of which there can
        be many, are not read. The order says which index: without it, all lines of the
        partner were read for each offer that has none.
        """
        Offer = request.env["partner.incentive.offer"].sudo()
        Offer = Offer.with_context(active_test=False)
        offers = Offer._search([("company_id", "in", request.env.companies.ids)])
        entries = (
            request.env["partner.incentive.entry"]
            .sudo()
            ._search(
                self._get_statement_domain()
                & Domain.custom(
                    to_sql=lambda model, alias, query: SQL(
                        "%s = offer.id", SQL.identifier(alias, "offer_id")
                    )
                ),
                limit=1,
            )
        )
        offers.order = None
        entries.order = SQL(", ").join(
            SQL.identifier("partner_incentive_entry", name)
            for name in ("offer_id", "partner_id", "window_from")
        )
        rows = request.env.execute_query(
            SQL(
                "SELECT offer.id FROM (%s) AS offer, LATERAL (%s) AS entry",
                offers.select(),
                entries.select(),
            )
        )
        return Offer.browse([offer_id for (offer_id,) in rows]).sorted()

    def _get_totals(self, domain):
        """``[{currency, earned, paid, held, owed}]`` of ledger entries, by currency."""
        rows = (
            request.env["partner.incentive.entry"]
            .sudo()
            ._read_group(
                domain,
                ["currency_id"],
                ["earned:sum", "settled:sum", "held:sum", "amount:sum"],
            )
        )
        return [
            {
                "currency": currency,
                "earned": earned,
                "paid": paid,
                "held": held,
                "owed": owed,
            }
            for currency, earned, paid, held, owed in rows
        ]

    def _get_statement_totals(self, domain):
        """``{currency: {count, earned, paid, held, amount}}`` of the lines shown."""
        names = ("count", "earned", "paid", "held", "amount")
        totals = defaultdict(lambda: dict.fromkeys(names, 0.0))
        rows = (
            request.env["partner.incentive.entry"]
            .sudo()
            ._read_group(domain, ["currency_id", "kind"], ["__count", "amount:sum"])
        )
        for currency, kind, count, amount in rows:
            total = totals[currency]
            total["count"] += count
            total["amount"] += amount
            if kind in SETTLING_KINDS:
                total["paid"] -= amount
            elif kind in EARNING_KINDS:
                total["earned"] += amount
            elif kind == "holdback":
                total["held"] -= amount
        return totals

    def _is_estimate(self, entry_sudo):
        """Whether an accrual provides for more, or less, than is achieved so far."""
        return request.env["partner.incentive.statement"]._is_estimate(entry_sudo)

    def _get_readable_moves(self, moves_sudo):
        """Those documents that the portal user may open in Odoo anyway."""
        return self._get_shown_moves(moves_sudo.sudo(False)._filtered_access("read"))

    def _get_shown_moves(self, moves):
        """Those of readable documents that a partner is shown."""
        return moves.filtered(
            lambda move: move.state == "posted" and move.move_type != "entry"
        )

    # ------------------------------------------------------- calculation of a window

    def _get_outcome(self, offer_sudo, window_from, day, known=None):
        """The engine's outcome for the partner in a window, or None.

        :param known: what the page looks up once, see
            ``partner.incentive.calculation._calculate``
        """
        partner_sudo = self._get_incentive_partner()
        outcomes = (
            request.env["partner.incentive.calculation"]
            .sudo()
            ._calculate(offer_sudo, day, partner_sudo, known)
        )
        return next(
            (
                outcome
                for outcome in outcomes
                if outcome.window.start == window_from
                and partner_sudo.id in outcome.shares
            ),
            None,
        )

    def _get_share_rates(self, outcome):
        """``{(version id, segment id): entitlement per unit of earning volume}``.

        By these the partner's entitlement is spread over the lines that earned it.
        """
        partner_id = self._get_incentive_partner().id
        parts = outcome.position.parts
        amounts = calculation.split_result(
            outcome.entitlement, parts, outcome.position.terms.unit
        )
        sums = defaultdict(lambda: [ZERO, ZERO])
        for part, amount in zip(parts, amounts, strict=True):
            if part.label.partner_id == partner_id:
                total = sums[part.label.version_id, part.label.segment_id]
                total[0] += amount
                total[1] += part.volume
        return {
            key: amount / volume if volume else ZERO
            for key, (amount, volume) in sums.items()
        }
