from odoo import fields, models


class ResPartner(models.Model):
    """What a partner's contact may do on the portal, and what it is told by mail."""

    _inherit = "res.partner"

    # what is unwanted is kept, so that a contact without a choice gets everything
    incentive_muted_event_ids = fields.Many2many(
        "partner.incentive.event",
        "res_partner_incentive_muted_event_rel",
        "partner_id",
        "event_id",
        string="No mail about",
        groups="base.group_user",
        copy=False,
        help="Incentive mails that this contact does not want. Contacts choose "
        "themselves on the portal.",
    )

    def _wants_incentive_mail(self, event):
        """Whether this contact takes mail about an event of its incentives.

        :param event: code of a ``partner.incentive.event``, such as ``"payable"``
        :return: False only where the contact said so; True for an unknown event
        """
        self.ensure_one()
        return event not in self.sudo().incentive_muted_event_ids.mapped("code")
