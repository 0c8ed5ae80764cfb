"""``/my/incentives/payouts``: what is about to be paid, and what was."""

from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import pager as portal_pager

from .portal import MAX_NOTE_LENGTH
from .portal_statement import PartnerIncentiveStatement


class PartnerIncentivePayouts(PartnerIncentiveStatement):
    def _get_payout_domain(self):
        """Lines that the partner may see: shown as a proposal, or posted."""
        return (
            Domain("settlement_id.state", "=", "posted") & Domain("amount", "!=", 0)
        ) | (
            Domain("settlement_id.state", "in", ("draft", "approved"))
            & Domain("settlement_id.shared", "=", True)
            & Domain("partner_answer", "!=", False)
        )

    def _get_home_task_kinds(self):
        return [
            *super()._get_home_task_kinds(),
            {
                "model": "partner.incentive.settlement.line",
                "domain": self._get_own_domain()
                & Domain("settlement_id.state", "in", ("draft", "approved"))
                & Domain("settlement_id.shared", "=", True)
                & Domain("partner_answer", "=", "waiting"),
                "order": "id desc",
                "areas": ["money"],
                "prepare": self._prepare_payout_task,
            },
        ]

    def _prepare_payout_task(self, line_sudo):
        return {
            "title": request.env._("Confirm a payout"),
            "text": request.env._(
                "%(offer)s: %(amount)s",
                offer=line_sudo.offer_id.name,
                amount=line_sudo.currency_id.format(line_sudo.amount),
            ),
            "url": f"/my/incentives/payouts/{line_sudo.id}",
            "due": None,
        }

    def _get_payout(self, line_id):
        line_sudo = self._get_own_record(
            "partner.incentive.settlement.line", line_id, self._get_payout_domain()
        )
        if not line_sudo:
            raise NotFound()
        return line_sudo

    def _prepare_payout(self, line_sudo):
        """What the list and the page show of a payout."""
        env = request.env
        proposed = line_sudo.state != "posted"
        if proposed:
            label = {
                "waiting": env._("Please confirm"),
                "confirmed": env._("You confirmed it"),
                "disputed": env._("You disputed it"),
            }[line_sudo.partner_answer]
        elif line_sudo.hold_reason:
            label = env._("On hold")
        elif line_sudo.payment_state in ("paid", "in_payment", "reversed"):
            label = env._("Paid")
        elif line_sudo.payment_state == "partial":
            label = env._("Paid in part")
        else:
            label = env._("On its way") if line_sudo.move_id else env._("Netted")
        return {
            "line": line_sudo,
            "date": line_sudo.settlement_id.date,
            "amount": line_sudo.currency_id.format(line_sudo.amount),
            "proposed": proposed,
            "to_answer": proposed and line_sudo.partner_answer == "waiting",
            "label": label,
        }

    @route(
        ["/my/incentives/payouts", "/my/incentives/payouts/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        incentive_area="money",
    )
    def portal_my_incentive_payouts(self, page=1, message=None, **kw):
        Line = request.env["partner.incentive.settlement.line"].sudo()
        domain = self._get_own_domain() & self._get_payout_domain()
        pager = portal_pager(
            url="/my/incentives/payouts",
            total=Line.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        lines_sudo = Line.search(
            domain,
            # settlements are in order of their dates, the last one first
            order="settlement_id, id desc",
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        return request.render(
            "partner_incentive_base.portal_my_incentive_payouts",
            self._prepare_incentive_values(
                "incentive_payouts",
                (request.env._("Payouts"), None),
                message=self._get_message(message),
                payouts=[self._prepare_payout(line_sudo) for line_sudo in lines_sudo],
                pager=pager,
            ),
        )

    def _get_message(self, key):
        return super()._get_message(key) or {
            "confirmed": request.env._("Thank you. Your confirmation is recorded."),
            "disputed": request.env._(
                "Thank you. The payout waits until somebody has looked at it."
            ),
        }.get(key)

    @route(
        [
            "/my/incentives/payouts/<int:line_id>",
            "/my/incentives/payouts/<int:line_id>/page/<int:page>",
        ],
        type="http",
        auth="user",
        website=True,
        incentive_area="money",
    )
    def portal_my_incentive_payout(
        self, line_id, page=1, period=None, message=None, **kw
    ):
        line_sudo = self._get_payout(line_id)
        return request.render(
            "partner_incentive_base.portal_my_incentive_payout",
            self._prepare_payout_values(line_sudo, page, period, message=message),
        )

    def _prepare_payout_values(
        self, line_sudo, page=1, period=None, message=None, error=None, note=""
    ):
        # The tabs look at these; what is read with them is not read again.
        self._get_program_offers()
        payout = self._prepare_payout(line_sudo)
        day = line_sudo.cutoff or line_sudo.settlement_id.date
        offer_sudo = line_sudo.offer_id
        windows = [
            {
                "start": fields.Date.to_string(window.start),
                "label": self._format_window(window.start, window.end),
            }
            for window in offer_sudo._get_windows(day)
        ]
        chosen = next((w for w in windows if w["start"] == period), windows[-1:])
        chosen = chosen[0] if isinstance(chosen, list) and chosen else chosen
        url = f"/my/incentives/payouts/{line_sudo.id}"
        values = {"steps": [], "sources": [], "pager": None}
        if chosen:
            values = self._prepare_calculation(
                offer_sudo,
                fields.Date.to_date(chosen["start"]),
                day,
                page,
                url,
                document_sudo=line_sudo.move_id,
                period=chosen["start"],
            )
        else:
            values["document"] = self._get_readable_moves(line_sudo.move_id)
        return self._prepare_incentive_values(
            "incentive_payout",
            (request.env._("Payouts"), "/my/incentives/payouts"),
            (offer_sudo.name, None),
            payout=payout,
            settlement_line=line_sudo,
            windows=windows,
            chosen=chosen,
            message=self._get_message(message),
            error=error,
            note=note,
            **values,
        )

    @route(
        "/my/incentives/payouts/<int:line_id>/answer",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="money",
    )
    def portal_my_incentive_payout_answer(self, line_id, answer=None, note="", **kw):
        """Confirm a proposed payout, or dispute it with a reason."""
        line_sudo = self._get_payout(line_id)
        note = note.strip()
        error = None
        if answer not in ("confirmed", "disputed"):
            error = request.env._("Choose whether you confirm or dispute the payout.")
        elif answer == "disputed" and not note:
            error = request.env._("Say what is wrong, so that we can look into it.")
        elif len(note) > MAX_NOTE_LENGTH:
            error = request.env._(
                "Your note is too long. Please keep it below %s characters.",
                MAX_NOTE_LENGTH,
            )
        if not error:
            try:
                line_sudo._answer(answer, note, request.env.user)
            except UserError as refused:
                error = str(refused)
        if error:
            return request.render(
                "partner_incentive_base.portal_my_incentive_payout",
                self._prepare_payout_values(line_sudo, error=error, note=note),
            )
        return request.redirect(
            f"/my/incentives/payouts/{line_sudo.id}?message={answer}"
        )
