"""``/my/incentives/spif``: people at partners who earn for themselves."""

import base64

from werkzeug.exceptions import NotFound

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.partner_incentive_base.controllers.portal import (
    PartnerIncentivePortal,
)
from odoo.addons.partner_incentive_base.controllers.portal_records import MAX_ID

URL = "/my/incentives/spif"
MAX_PROOF_SIZE = 10 * 1024 * 1024
PROOF_TYPES = (".pdf", ".png", ".jpg", ".jpeg")
MAX_QUANTITY = 100_000


class PartnerSellerPortal(PartnerIncentivePortal):
    def _get_tabs(self):
        tabs = super()._get_tabs()
        if self._get_seller_offers():
            tabs.append(
                {
                    "title": request.env._("SPIFs"),
                    "url": URL,
                    "areas": [],
                    "group": "sales",
                    "sequence": 24,
                    "pages": ["incentive_spif"],
                }
            )
        return tabs

    def _get_seller_offers(self):
        """Offers for sellers, of programs in which the employer takes part."""
        return self._get_program_offers().filtered(
            lambda offer: offer.state == "published" and offer.version_id.seller_claims
        )

    def _get_own_sellers(self):
        """The user's own registrations, and nobody else's."""
        return (
            request.env["partner.incentive.seller"]
            .sudo()
            .search(
                [
                    ("contact_id", "=", request.env.user.partner_id.id),
                    ("company_id", "in", request.env.companies.ids),
                ]
            )
        )

    def _get_colleagues(self):
        """Registrations at the user's company on which he can decide."""
        Seller_sudo = request.env["partner.incentive.seller"].sudo()
        if "team" not in self._get_areas():
            return Seller_sudo
        return Seller_sudo.search(
            [
                ("employer_id", "=", self._get_incentive_partner().id),
                ("contact_id", "!=", request.env.user.partner_id.id),
                ("company_id", "in", request.env.companies.ids),
                ("state", "!=", "declined"),
            ]
        )

    @route(
        URL,
        type="http",
        auth="user",
        website=True,
        incentive_area="home",
    )
    def portal_my_spif(self, message=None, **kw):
        return self._render_spif(message=message)

    def _render_spif(self, message=None, error=None, typed=None):
        env = request.env
        offers_sudo = self._get_seller_offers()
        sellers_sudo = self._get_own_sellers()
        colleagues_sudo = self._get_colleagues()
        if not (offers_sudo or sellers_sudo or colleagues_sudo):
            raise NotFound()
        live = sellers_sudo.filtered(lambda each: each.state != "declined")
        claims_sudo = (
            env["partner.incentive.claim"]
            .sudo()
            .search([("seller_id", "in", sellers_sudo.ids)], limit=80)
        )
        is_person = not env.user.partner_id.is_company and env.user.partner_id.parent_id
        return request.render(
            "partner_rebate.portal_my_spif",
            self._prepare_incentive_values(
                "incentive_spif",
                (env._("SPIFs"), None),
                offers=offers_sudo,
                sellers=live,
                programs=(offers_sudo.program_id - live.program_id)
                if is_person
                else offers_sudo.program_id.browse(),
                colleagues=colleagues_sudo,
                claims=claims_sudo,
                claim_offers=offers_sudo.filtered(
                    lambda offer: (
                        offer.program_id
                        in live.filtered(lambda s: s.state == "consented").program_id
                    )
                ),
                seller_totals=self._get_totals(
                    Domain("partner_id", "in", sellers_sudo.payee_id.ids)
                    & Domain("company_id", "in", env.companies.ids)
                ),
                typed=typed or {},
                error=error,
                message={
                    "registered": env._(
                        "Thank you. Your employer has to consent before you can claim."
                    ),
                    "decided": env._("Your decision is recorded."),
                    "claimed": env._("Thank you. Your claim is with us."),
                }.get(message),
            ),
        )

    @route(
        f"{URL}/register",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="home",
    )
    def portal_my_spif_register(self, program=None, vat="", account="", **kw):
        """Ask to take part, and say where the money goes."""
        user = request.env.user
        offers_sudo = self._get_seller_offers()
        chosen = offers_sudo.program_id.filtered(lambda each: str(each.id) == program)
        if not chosen or user.partner_id.is_company or not user.partner_id.parent_id:
            raise NotFound()
        typed = {
            "vat": vat.replace("\x00", "").strip()[:40],
            "account": account.replace("\x00", "").strip()[:60],
        }
        if not typed["account"]:
            return self._render_spif(
                error=request.env._("Enter the bank account that you are paid on."),
                typed=typed,
            )
        present = self._get_own_sellers().filtered(
            lambda each: each.program_id == chosen and each.state != "declined"
        )
        if present:
            return request.redirect(URL)
        try:
            with request.env.cr.savepoint():
                seller_sudo = (
                    request.env["partner.incentive.seller"]
                    .sudo()
                    .create({"program_id": chosen.id, "contact_id": user.partner_id.id})
                )
                payee_sudo = seller_sudo.payee_id
                if typed["vat"]:
                    payee_sudo.vat = typed["vat"]
                known = payee_sudo.bank_ids.mapped("sanitized_acc_number")
                Bank_sudo = request.env["res.partner.bank"].sudo()
                bank = Bank_sudo.new({"acc_number": typed["account"]})
                if bank.sanitized_acc_number not in known:
                    Bank_sudo.create(
                        {"acc_number": typed["account"], "partner_id": payee_sudo.id}
                    )
        except (UserError, ValidationError) as error:
            return self._render_spif(error=str(error), typed=typed)
        return request.redirect(f"{URL}?message=registered")

    @route(
        f"{URL}/<int:seller_id>/<any(consent,decline):verb>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="team",
    )
    def portal_my_spif_decide(self, seller_id, verb, **kw):
        """Consent to a colleague's taking part, or not."""
        if not 0 < seller_id <= MAX_ID:
            raise NotFound()
        seller_sudo = self._get_colleagues().filtered(lambda s: s.id == seller_id)
        if not seller_sudo:
            raise NotFound()
        try:
            with request.env.cr.savepoint():
                getattr(seller_sudo, f"action_{verb}")()
        except UserError as error:
            return self._render_spif(error=str(error))
        return request.redirect(f"{URL}?message=decided")

    @route(
        f"{URL}/claim",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="home",
    )
    def portal_my_spif_claim(
        self,
        offer=None,
        date="",
        document="",
        quantity="",
        description="",
        proof=None,
        **kw,
    ):
        """File a claim of the seller's own, with its proof."""
        typed = {
            "offer": offer or "",
            "date": date.strip()[:10],
            "document": document.replace("\x00", "").strip()[:100],
            "quantity": quantity.strip()[:20],
            "description": description.replace("\x00", "").strip()[:2000],
        }
        vals, error = self._read_spif_claim(typed, proof)
        if not error:
            try:
                with request.env.cr.savepoint():
                    claim_sudo = (
                        request.env["partner.incentive.claim"].sudo().create(vals)
                    )
                    claim_sudo.action_submit()
            except (UserError, ValidationError) as problem:
                error = str(problem)
        if error:
            return self._render_spif(error=error, typed=typed)
        return request.redirect(f"{URL}?message=claimed")

    def _read_spif_claim(self, typed, proof):
        """``(values, None)``, or ``(None, what is wrong)``."""
        env = request.env
        sellers_sudo = self._get_own_sellers().filtered(
            lambda each: each.state == "consented"
        )
        offer_sudo = self._get_seller_offers().filtered(
            lambda each: (
                str(each.id) == typed["offer"]
                and each.program_id in sellers_sudo.program_id
            )
        )
        if not offer_sudo:
            return None, env._("Choose the offer that you claim under.")
        try:
            day = fields.Date.to_date(typed["date"])
        except ValueError:
            day = None
        if not day:
            return None, env._("Enter the day of the sale, such as 2026-01-31.")
        if day > self._get_today():
            return None, env._("The day of the sale is in the future.")
        if not typed["document"]:
            return None, env._("Enter the number of the invoice or other document.")
        if not (typed["quantity"].isdecimal() and 0 < int(typed["quantity"])):
            return None, env._("Enter a whole quantity of one or more.")
        if int(typed["quantity"]) > MAX_QUANTITY:
            return None, env._("The quantity is too large.")
        attachment, error = self._read_spif_proof(proof, offer_sudo)
        if error:
            return None, error
        seller_sudo = sellers_sudo.filtered(
            lambda each: each.program_id == offer_sudo.program_id
        )
        return {
            "offer_id": offer_sudo.id,
            "partner_id": seller_sudo.payee_id.id,
            "date": day,
            "document_number": typed["document"],
            "quantity": int(typed["quantity"]),
            "amount": 0,
            "description": typed["description"],
            "attachment_ids": attachment,
        }, None

    def _read_spif_proof(self, proof, offer_sudo):
        """``(commands, None)``, or ``(None, what is wrong)``."""
        env = request.env
        filename = (getattr(proof, "filename", "") or "")[:200]
        if not filename:
            if offer_sudo.version_id.evidence_rule == "claim":
                return None, env._("Attach the proof of the sale.")
            return [], None
        if not filename.lower().endswith(PROOF_TYPES):
            return None, env._("The proof is a PDF, PNG or JPEG file.")
        content = proof.read(MAX_PROOF_SIZE + 1)
        if len(content) > MAX_PROOF_SIZE:
            return None, env._("The proof may have 10 MB at most.")
        if not content.startswith((b"%PDF-", b"\x89PNG", b"\xff\xd8\xff")):
            return None, env._("The proof is a PDF, PNG or JPEG file.")
        return [
            fields.Command.create(
                {"name": filename, "datas": base64.b64encode(content)}
            )
        ], None
