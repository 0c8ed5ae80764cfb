from odoo import fields, models


class PartnerIncentiveEvent(models.Model):
    """Something that a partner's contact can be told by mail.

    The events are data of the suite; whoever sends mail about one asks
    :meth:`res.partner._wants_incentive_mail` with its code first.
    """

    _name = "partner.incentive.event"
    _description = "Incentive Notification"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    description = fields.Char(translate=True)
    sequence = fields.Integer(default=10)

    _code_unique = models.UniqueIndex("(code)", "There is an event of that code.")
