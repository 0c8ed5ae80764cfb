"""``/my/incentives/team`` and ``/my/incentives/preferences``: who may do what, and
what each contact is told.
"""

from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.http import request, route
from odoo.tools import email_normalize

from .portal import PartnerIncentivePortal
from .portal_records import MAX_ID

#: More users of one partner than this are a mistake, or a misuse of the invitation.
MAX_COLLEAGUES = 100
MAX_NAME_LENGTH = 100


class PartnerIncentiveTeamPortal(PartnerIncentivePortal):
    # ------------------------------------------------------------------------ team

    def _get_roles(self):
        """``{role: label}``, as the field has them in the user's language."""
        field = request.env["res.partner"].sudo()._fields["incentive_portal_role"]
        return dict(field._description_selection(request.env))

    def _get_colleague_domain(self):
        """Users of the portal, and of nothing else, at the user's own company."""
        return (
            Domain("partner_id", "child_of", self._get_incentive_partner().id)
            & Domain(
                "partner_id.commercial_partner_id",
                "=",
                self._get_incentive_partner().id,
            )
            & Domain("share", "=", True)
            & Domain("group_ids", "in", request.env.ref("base.group_portal").ids)
        )

    def _get_colleague(self, user_id):
        """Another portal user of the user's company; any other does not exist."""
        user_sudo = request.env["res.users"].sudo()
        if 0 < user_id <= MAX_ID and user_id != request.env.uid:
            user_sudo = user_sudo.search(
                self._get_colleague_domain() & Domain("id", "=", user_id)
            )
        if not user_sudo:
            raise NotFound()
        return user_sudo

    @route(
        "/my/incentives/team",
        type="http",
        auth="user",
        website=True,
        incentive_area="team",
    )
    def portal_my_team(self, message=None, **kw):
        return self._render_team(message=message)

    def _render_team(self, message=None, error=None, typed=None):
        env = request.env
        users_sudo = (
            env["res.users"]
            .sudo()
            .search(
                self._get_colleague_domain(), order="name, id", limit=MAX_COLLEAGUES
            )
        )
        return request.render(
            "partner_incentive_base.portal_my_team",
            self._prepare_incentive_values(
                "incentive_team",
                (env._("Team"), None),
                colleagues=[
                    {
                        "user": user_sudo,
                        "own": user_sudo == env.user,
                        "role": user_sudo.partner_id.incentive_portal_role or "admin",
                    }
                    for user_sudo in users_sudo
                ],
                roles=self._get_roles(),
                role_texts=self._get_role_texts(),
                typed=typed or {},
                error=error,
                message={
                    "invited": env._("The invitation is on its way."),
                    "saved": env._("The role is changed."),
                    "deactivated": env._("Your colleague has no access any more."),
                }.get(message),
            ),
        )

    def _get_role_texts(self):
        env = request.env
        return {
            "admin": env._("everything, and the team"),
            "sales": env._("deals, offers, forecast and performance"),
            "marketing": env._("funds, claims on them, and performance"),
            "finance": env._("statement, payouts and what is confirmed of them"),
        }

    def _read_role(self, role):
        if role not in self._get_roles():
            raise UserError(request.env._("Choose a role."))
        return role

    @route(
        "/my/incentives/team/invite",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="team",
    )
    def portal_invite_colleague(self, name="", email="", role=None, **kw):
        """Give a colleague access to the portal, by Odoo's own invitation."""
        typed = {"name": name, "email": email, "role": role}
        try:
            with request.env.cr.savepoint():
                self._invite_colleague(name, email, role)
        except UserError as error:
            return self._render_team(error=str(error), typed=typed)
        return request.redirect("/my/incentives/team?message=invited")

    def _invite_colleague(self, name, email, role):
        env = request.env
        role = self._read_role(role)
        address = email_normalize(email)
        name = name.replace("\x00", "").strip()[:MAX_NAME_LENGTH]
        if not address:
            raise UserError(env._("Enter one e-mail address, such as ann@example.com."))
        company_sudo = self._get_incentive_partner().sudo()
        Users_sudo = env["res.users"].sudo().with_context(active_test=False)
        if Users_sudo.search_count(self._get_colleague_domain()) >= MAX_COLLEAGUES:
            raise UserError(
                env._("Your company has %s users already. Ask us.", MAX_COLLEAGUES)
            )
        contact_sudo = company_sudo.search(
            [
                ("commercial_partner_id", "=", company_sudo.id),
                ("id", "!=", company_sudo.id),
                ("is_company", "=", False),
                ("email_normalized", "=", address),
            ],
            limit=1,
        )
        # One who had access and lost it comes back by the vendor's decision alone.
        if Users_sudo.search_count(
            Domain("login", "=ilike", address)
            | Domain("partner_id", "in", contact_sudo.ids)
        ):
            raise UserError(
                env._(
                    "%s cannot be invited here, since there is or was access with this "
                    "address. Ask us to look into it.",
                    address,
                )
            )
        if not contact_sudo and not name:
            raise UserError(env._("Enter the name of your colleague."))
        if not contact_sudo:
            contact_sudo = company_sudo.create(
                {
                    "name": name,
                    "email": address,
                    "parent_id": company_sudo.id,
                    "type": "contact",
                    "company_id": company_sudo.company_id.id,
                    "lang": env.user.lang,
                }
            )
        contact_sudo.incentive_portal_role = role
        self._get_portal_access(contact_sudo).action_grant_access()

    def _get_portal_access(self, contact_sudo):
        """Odoo's wizard that grants and revokes access to the portal."""
        wizard_sudo = (
            request.env["portal.wizard"]
            .sudo()
            .create({"partner_ids": [Command.set(contact_sudo.ids)]})
        )
        return wizard_sudo.user_ids

    @route(
        "/my/incentives/team/<int:user_id>/<any(role,deactivate):verb>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="team",
    )
    def portal_change_colleague(self, user_id, verb, role=None, **kw):
        """Change a colleague's role, or take the access away."""
        user_sudo = self._get_colleague(user_id)
        try:
            with request.env.cr.savepoint():
                if verb == "role":
                    user_sudo.partner_id.incentive_portal_role = self._read_role(role)
                else:
                    self._get_portal_access(user_sudo.partner_id).action_revoke_access()
        except UserError as error:
            return self._render_team(error=str(error))
        done = "saved" if verb == "role" else "deactivated"
        return request.redirect(f"/my/incentives/team?message={done}")

    # ----------------------------------------------------------------- preferences

    @route(
        "/my/incentives/preferences",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
        incentive_area="home",
    )
    def portal_my_preferences(self, lang=None, message=None, **kw):
        """Which mails the user wants, and in which language it reads."""
        env = request.env
        events_sudo = env["partner.incentive.event"].sudo().search([])
        languages = dict(env["res.lang"].get_installed())
        user_sudo = env.user.sudo()
        if request.httprequest.method == "POST":
            chosen = set(request.httprequest.form.getlist("event"))
            muted = events_sudo.filtered(lambda event: event.code not in chosen)
            user_sudo.partner_id.incentive_muted_event_ids = [Command.set(muted.ids)]
            if lang in languages:
                user_sudo.lang = lang
            return request.redirect("/my/incentives/preferences?message=saved")
        return request.render(
            "partner_incentive_base.portal_my_preferences",
            self._prepare_incentive_values(
                "incentive_preferences",
                (env._("Preferences"), None),
                events=events_sudo,
                muted=user_sudo.partner_id.incentive_muted_event_ids,
                languages=languages,
                language=user_sudo.lang,
                message=env._("Your choice is saved.") if message == "saved" else None,
            ),
        )
