from odoo import models
from odoo.exceptions import AccessError, UserError

GROUP = "partner_incentive_base.group_incentive_"


class PartnerTieringWorkflow(models.AbstractModel):
    """A record with a state that only listed transitions change.

    The guards hold where the state is written, so that a bare write over RPC meets the
    checks of the button. A model says what may happen in ``_transitions`` and which
    fields only the process writes in ``_process_fields``.
    """

    _name = "partner.tiering.workflow"
    _description = "Record with Guarded States"
    _inherit = ["partner.incentive.process.mixin"]

    #: ``{(from, to): role or None}``; None: whoever may write the record.
    _transitions = {}
    #: Fields that stay as they are once the record is in one of ``_frozen_states``.
    _frozen_fields = ()
    _frozen_states = ()

    def write(self, vals):
        # before anything is looked up as superuser on the user's behalf
        self.check_access("write")
        self._check_can_write(vals)
        if "state" not in vals:
            return super().write(vals)
        moved = {
            record: record.state for record in self if record.state != vals["state"]
        }
        for record, old in moved.items():
            record._check_can_move(old, vals["state"])
        result = super().write(vals)
        for record, old in moved.items():
            record._on_move(old, record.state)
        return result

    def _check_can_write(self, vals):
        if self.env.su:
            return
        touched = set(self._process_fields) & set(vals)
        if touched:
            raise AccessError(
                self.env._(
                    "%s is kept by the process; use the buttons of the form.",
                    ", ".join(
                        self._fields[name]._description_string(self.env)
                        for name in sorted(touched)
                    ),
                )
            )
        if set(self._frozen_fields) & set(vals):
            for record in self:
                if record.state in self._frozen_states:
                    raise UserError(
                        self.env._(
                            "%(record)s is %(state)s and does not change any more.",
                            record=record.display_name,
                            state=record._get_state_label(record.state).lower(),
                        )
                    )

    def _check_can_move(self, old, new):
        """Whether this record may pass from one state to another, by this user."""
        self.ensure_one()
        if (old, new) not in self._transitions:
            raise UserError(
                self.env._(
                    "%(record)s is %(old)s; it cannot become %(new)s.",
                    record=self.display_name,
                    old=self._get_state_label(old).lower(),
                    new=self._get_state_label(new).lower(),
                )
            )
        role = self._transitions[old, new]
        if role and not self.env.su and not self.env.user.has_group(GROUP + role):
            raise AccessError(
                self.env._(
                    "Only the role %(role)s may set %(record)s to %(state)s.",
                    role=self.env.ref(GROUP + role).sudo().name,
                    record=self.display_name,
                    state=self._get_state_label(new).lower(),
                )
            )
        self._check_requirements(old, new)

    def _check_requirements(self, old, new):
        """What the record itself must have before a change that is allowed."""

    def _on_move(self, old, new):
        """What else happens when the state changes."""
