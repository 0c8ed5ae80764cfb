from odoo import api, models
from odoo.exceptions import AccessError, UserError


class PartnerIncentiveProcessMixin(models.AbstractModel):
    """A document with a state that only its own process changes.

    A model names in ``_process_fields`` what else the process alone writes. No user
    creates a document with them, and ``write`` of the model refuses them, so that the
    guard holds for a call from outside as for a form. The process itself writes as
    superuser, with a flag in the context; the flag alone, which anybody can send, does
    nothing.
    """

    _name = "partner.incentive.process.mixin"
    _description = "Incentive Document with a Process"

    #: Written by methods of the model only, never by a user's own write or create.
    _process_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # A document starts at the beginning, whatever a caller asks for.
            guarded = {"state", *self._process_fields}
            vals_list = [
                {name: value for name, value in vals.items() if name not in guarded}
                for vals in vals_list
            ]
        return super().create(vals_list)

    def _is_in_process(self):
        return self.env.su and self.env.context.get("incentive_transition")

    def _in_process(self):
        """The records, as the process writes them. Rights were checked before."""
        return self.sudo().with_context(incentive_transition=True)

    def _transition(self, state, **stamps):
        return self._in_process().write({"state": state, **stamps})

    def _check_group(self, *groups, message=None):
        """Ask that the user is in one of the groups, given by their external ids.

        :param message: says who does it, where that is clearer than the groups' names
        :raise AccessError: if not; the superuser stands for nobody and may do all
        """
        if self.env.su or any(self.env.user.has_group(group) for group in groups):
            return
        names = [self.env.ref(group).sudo().name for group in groups]
        raise AccessError(
            message
            or self.env._(
                "This takes the right %(groups)s of Partner Incentives.",
                groups=self.env._(" or ").join(names),
            )
        )

    def _check_state(self, states, verb):
        """Ask that all are in one of these states, to be submitted, confirmed ...

        :param verb: what they cannot be otherwise, as a translated participle
        """
        for record in self:
            if record.state not in states:
                raise UserError(
                    self.env._(
                        "%(name)s is in state %(state)s and cannot be %(verb)s.",
                        name=record.display_name,
                        state=record._get_state_label(),
                        verb=verb,
                    )
                )

    def _get_state_label(self, state=None):
        """How the user's language calls a state, or the record's own."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels.get(state or self.state, state)
