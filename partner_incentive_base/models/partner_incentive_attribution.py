from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

ROLES = [
    ("sourced", "Sourced"),
    ("influenced", "Influenced"),
    ("resold", "Resold"),
    ("fulfilled", "Fulfilled"),
]


class PartnerIncentiveAttribution(models.Model):
    """To which partner a sale is credited, in which role, with which share.

    A row belongs to an order or to an invoice. The rows of an order are copied to the
    invoices that are made from it, by each order's weight in the invoice. A credit
    note that reverses an invoice follows the rows of that invoice and needs none.
    """

    _name = "partner.incentive.attribution"
    _description = "Partner Attribution"
    _order = "role, share desc, id"
    _rec_name = "partner_id"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('commercial_partner_id', '=', id)]",
    )
    role = fields.Selection(ROLES, required=True, default="sourced")
    share = fields.Float(
        string="Share (%)",
        default=100.0,
        required=True,
        digits=(16, 6),
        help="Part of the sale that is credited to the partner. All shares of a role "
        "make up 100 % at most.",
    )
    order_id = fields.Many2one(
        "sale.order",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        domain="[('move_type', 'in', ('out_invoice', 'out_refund'))]",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        index=True,
        precompute=True,
    )
    reason = fields.Char(help="Why the sale is credited to the partner.")
    source = fields.Char(
        readonly=True, help="Where the row comes from, such as an order."
    )

    _one_document = models.Constraint(
        "CHECK (num_nonnulls(order_id, move_id) = 1)",
        "An attribution belongs to either an order or an invoice.",
    )
    _share_range = models.Constraint(
        "CHECK (share > 0 AND share <= 100)",
        "A share is more than 0 % and 100 % at most.",
    )

    @api.depends("order_id.company_id", "move_id.company_id")
    def _compute_company_id(self):
        for attribution in self:
            document = attribution.order_id or attribution.move_id
            attribution.company_id = document.company_id

    @api.constrains("move_id")
    def _check_move_type(self):
        for attribution in self:
            move = attribution.move_id
            if move and move.move_type not in ("out_invoice", "out_refund"):
                raise ValidationError(
                    self.env._(
                        "%s is no customer invoice or credit note, so it cannot be "
                        "credited to a partner.",
                        move.display_name,
                    )
                )

    @api.constrains("share", "role", "order_id", "move_id")
    def _check_shares(self):
        self._lock_documents()
        for name in ("order_id", "move_id"):
            groups = self.sudo()._read_group(
                [(name, "in", self[name].ids)],
                [name, "role"],
                ["share:sum"],
                [("share:sum", ">", 100.0000001)],
            )
            for document, role, share in groups:
                roles = dict(self._fields["role"]._description_selection(self.env))
                raise ValidationError(
                    self.env._(
                        "The shares of %(document)s as %(role)s sum to %(share)s %%. "
                        "Lower them to 100 %% at most.",
                        document=document.display_name,
                        role=roles[role],
                        share=f"{share:g}",
                    )
                )

    def _lock_documents(self):
        """Let nobody else credit the same documents until this transaction ends.

        Two transactions that each add 60 % would not see one another. An update of
        the same row, even without a change, makes the later one start over.
        """
        for name in ("order_id", "move_id"):
            documents = self[name]
            if documents:
                self.env.cr.execute(
                    SQL(
                        "UPDATE %(table)s SET id = id WHERE id IN %(ids)s",
                        table=SQL.identifier(documents._table),
                        ids=tuple(documents.ids),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _forget_deleted_credit(self):
        """Whose credit is deleted leaves no row that tells of it."""
        companies = (self.move_id.company_id | self.order_id.company_id).sudo()
        if companies:
            self.env["partner.incentive.lock"].sudo()._forget(companies)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_company_partner(vals) for vals in vals_list])

    def write(self, vals):
        if {"partner_id", "role", "move_id", "order_id"} & set(vals):
            # Whoever loses the credit would not be looked at.
            self._forget_deleted_credit()
        return super().write(self._with_company_partner(vals))

    @api.model
    def _with_company_partner(self, vals):
        """Credit goes to companies: a contact stands for the company it works for."""
        if not vals.get("partner_id"):
            return vals
        contact = self.env["res.partner"].browse(vals["partner_id"])
        return {**vals, "partner_id": contact.commercial_partner_id.id}
