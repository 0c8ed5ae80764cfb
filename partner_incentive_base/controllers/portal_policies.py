"""``/my/incentives/policies``: the rules that both sides keep; who accepted them."""

from werkzeug.exceptions import NotFound

from odoo.http import request, route

from .portal import PartnerIncentivePortal


class PartnerIncentivePolicyPortal(PartnerIncentivePortal):
    def _get_policy(self, policy_id):
        policy_sudo = self._get_policies().filtered(lambda each: each.id == policy_id)
        if not policy_sudo:
            raise NotFound()
        return policy_sudo

    def _get_policy_acceptances(self, policies_sudo):
        """``{policy: acceptance}`` of the user's partner, in one query."""
        acceptances_sudo = (
            request.env["partner.incentive.policy.acceptance"]
            .sudo()
            .search(
                [
                    ("policy_id", "in", policies_sudo.ids),
                    ("partner_id", "=", self._get_incentive_partner().id),
                ]
            )
        )
        return {acceptance.policy_id: acceptance for acceptance in acceptances_sudo}

    def _get_other_versions(self, policy_sudo, policies_sudo):
        return policies_sudo.filtered(
            lambda each: (
                each.kind == policy_sudo.kind
                and each.company_id == policy_sudo.company_id
                and each != policy_sudo
            )
        )

    @route(
        "/my/incentives/policies",
        type="http",
        auth="user",
        website=True,
        incentive_area="home",
    )
    def portal_my_policies(self, message=None, **kw):
        env, today = request.env, self._get_today()
        policies_sudo = self._get_policies()
        in_force_sudo = policies_sudo._get_in_force(today)
        to_accept_sudo = in_force_sudo._get_to_accept(self._get_incentive_partner())
        acceptances = self._get_policy_acceptances(policies_sudo)
        kinds = dict(policies_sudo._fields["kind"]._description_selection(env))
        order = list(kinds)
        return request.render(
            "partner_incentive_base.portal_my_policies",
            self._prepare_incentive_values(
                "incentive_policies",
                (env._("Policies"), None),
                message=self._get_message(message),
                kinds=kinds,
                policies=[
                    {
                        "policy": policy_sudo,
                        "acceptance": acceptances.get(policy_sudo),
                        "to_accept": policy_sudo in to_accept_sudo,
                        "upcoming": self._get_other_versions(
                            policy_sudo, policies_sudo
                        ).filtered(lambda each: each.effective_date > today)[-1:],
                    }
                    for policy_sudo in in_force_sudo.sorted(
                        lambda each: order.index(each.kind)
                    )
                ],
                enrollments=self._get_enrollments().filtered("agreement_id"),
            ),
        )

    @route(
        "/my/incentives/policies/<int:policy_id>",
        type="http",
        auth="user",
        website=True,
        incentive_area="home",
    )
    def portal_my_policy(self, policy_id, **kw):
        return self._render_policy(self._get_policy(policy_id))

    def _render_policy(self, policy_sudo, error=None):
        policies_sudo = self._get_policies()
        in_force_sudo = policies_sudo._get_in_force(self._get_today())
        partner_sudo = self._get_incentive_partner()
        return request.render(
            "partner_incentive_base.portal_my_policy",
            self._prepare_incentive_values(
                "incentive_policy",
                (request.env._("Policies"), "/my/incentives/policies"),
                (policy_sudo.name, None),
                policy=policy_sudo,
                is_in_force=policy_sudo in in_force_sudo,
                is_upcoming=policy_sudo.effective_date > self._get_today(),
                acceptance=self._get_policy_acceptances(policy_sudo).get(policy_sudo),
                to_accept=policy_sudo in in_force_sudo._get_to_accept(partner_sudo),
                versions=self._get_other_versions(policy_sudo, policies_sudo),
                error=error,
            ),
        )

    @route(
        "/my/incentives/policies/<int:policy_id>/accept",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
        incentive_area="agreements",
    )
    def portal_my_policy_accept(self, policy_id, confirmed=None, **kw):
        """Accept a version of a policy for the user's company."""
        policy_sudo = self._get_policy(policy_id)
        if policy_sudo not in self._get_policies_to_accept():
            return request.redirect("/my/incentives/policies?message=present")
        if not confirmed:
            return self._render_policy(
                policy_sudo,
                error=request.env._("Tick the box to say that you accept the policy."),
            )
        self._accept_policies(policy_sudo)
        return request.redirect("/my/incentives/policies?message=accepted")
