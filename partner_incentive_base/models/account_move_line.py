from odoo import api, fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    incentive_offer_id = fields.Many2one(
        "partner.incentive.offer",
        string="Incentive offer",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    incentive_role = fields.Selection(
        [("accrued", "Accrued"), ("holdback", "Held back"), ("cost", "Cost")],
        copy=False,
        readonly=True,
    )

    incentive_earner_id = fields.Many2one(
        "res.partner",
        string="Earned by",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="The partner that earned it, where another one is paid.",
    )

    def _get_incentive_partner(self):
        """Whose ledger a journal item on an incentive account belongs to."""
        return self.incentive_earner_id or self.partner_id.commercial_partner_id

    def _copy_data_extend_business_fields(self, values):
        result = super()._copy_data_extend_business_fields(values)
        if self.incentive_offer_id:
            values.update(
                incentive_offer_id=self.incentive_offer_id.id,
                incentive_role=self.incentive_role,
                incentive_earner_id=self.sudo().incentive_earner_id.id,
            )
        return result

    def _prepare_exchange_difference_move_vals(
        self, amounts_list, company=None, exchange_date=None, **kwargs
    ):
        """Let the exchange difference of an incentive account keep its offer."""
        result = super()._prepare_exchange_difference_move_vals(
            amounts_list, company=company, exchange_date=exchange_date, **kwargs
        )
        if not result or not any(line.incentive_role for line in self):
            return result
        commands = result["move_values"]["line_ids"]
        for line, sequence in result["to_reconcile"]:
            if line.incentive_role in ("accrued", "holdback"):
                commands[sequence][2].update(
                    incentive_offer_id=line.incentive_offer_id.id,
                    incentive_role=line.incentive_role,
                    incentive_earner_id=line.sudo().incentive_earner_id.id,
                )
                result["move_values"]["incentive_document"] = "exchange"
        return result

    @api.model
    def _create_exchange_difference_moves(self, exchange_diff_values_list):
        """Whoever reconciles an incentive account makes the suite's own document."""
        marked = any(
            values["move_values"].get("incentive_document")
            for values in exchange_diff_values_list
        )
        lines = self.sudo() if marked else self
        moves = super(AccountMoveLine, lines)._create_exchange_difference_moves(
            exchange_diff_values_list
        )
        return moves.sudo(self.env.su)

    def action_explain_incentives(self):
        """Show under which offers this line earned, and why it did or did not."""
        self.ensure_one()
        return self.env["partner.incentive.explanation"]._open_for_line(self)
