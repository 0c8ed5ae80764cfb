from odoo import api, models
from odoo.fields import Command


class PartnerDealRegistration(models.Model):
    """Credit and price on opportunity, quotation, order and invoice."""

    _inherit = "partner.deal.registration"

    def _ensure_credits(self):
        """The registering partner gets what the reviewer gave nobody else."""
        self.ensure_one()
        if self.partner_id in self.credit_ids.partner_id:
            return
        taken = sum(
            self.credit_ids.filtered(lambda c: c.role == self.role).mapped("share")
        )
        if taken < 100:
            self.env["partner.deal.credit"].sudo().create(
                [
                    {
                        "registration_id": self.id,
                        "partner_id": self.partner_id.id,
                        "role": self.role,
                        "share": 100 - taken,
                    }
                ]
            )

    def _link_opportunity(self):
        """Make the opportunity, or take the one that the deal came from."""
        self.ensure_one()
        if self.lead_id:
            self._update_lead()
            return
        lead = self._find_lead()
        if not lead:
            lead = (
                self.env["crm.lead"]
                .sudo()
                .with_context(deal_registration_sync=True)
                .create([self._prepare_lead()])
            )
        self._write_process({"lead_id": lead.id})
        lead._set_deal_orders()

    def _find_lead(self):
        """An open opportunity with the customer that no other deal has."""
        return (
            self.env["crm.lead"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", self.customer_id.id),
                    ("type", "=", "opportunity"),
                    ("company_id", "in", (self.company_id.id, False)),
                    ("probability", "<", 100),
                    ("deal_registration_ids", "=", False),
                ],
                limit=1,
            )
        )

    def _prepare_lead(self):
        self.ensure_one()
        return {
            "name": self.env._(
                "%(customer)s: deal of %(partner)s",
                customer=self.customer_name,
                partner=self.partner_id.name,
            ),
            "type": "opportunity",
            "company_id": self.company_id.id,
            "partner_id": self.customer_id.id,
            "user_id": self.customer_id.user_id.id,
            "contact_name": self.customer_contact,
            "email_from": self.customer_email,
            "phone": self.customer_phone,
            "expected_revenue": self.company_value,
            "date_deadline": self.expected_close_date,
        }

    def _update_lead(self):
        """Bring the opportunity in step with what the partner reports."""
        for registration in self.filtered("lead_id"):
            registration.lead_id.sudo().with_context(deal_registration_sync=True).write(
                {
                    "expected_revenue": registration.company_value,
                    "date_deadline": registration.expected_close_date,
                }
            )

    # -------------------------------------------------------------------- documents

    def _credit_documents(self):
        """Credit the linked orders, and their invoices, to the deal's partners."""
        for registration in self:
            if registration.state not in ("approved", "converted"):
                continue
            for order in registration.order_ids.filtered(lambda o: o.state != "cancel"):
                registration._credit_order(order)
            registration.order_ids._apply_deal_price()

    def _credit_order(self, order):
        """Write the deal's credit on an order, as far as nobody else has it."""
        self.ensure_one()
        Attribution = self.env["partner.incentive.attribution"].sudo()
        order = order.sudo()
        mine = order.incentive_attribution_ids.filtered(
            lambda row: row.deal_registration_id == self
        )
        others = order.incentive_attribution_ids - mine
        vals_list, refused = [], []
        for credit in self.credit_ids:
            taken = sum(
                others.filtered(lambda row, role=credit.role: row.role == role).mapped(
                    "share"
                )
            )
            if taken + credit.share > 100.0000001:
                refused.append(credit.partner_id.name)
                continue
            vals_list.append(
                {
                    "order_id": order.id,
                    "partner_id": credit.partner_id.id,
                    "role": credit.role,
                    "share": credit.share,
                    "reason": self.env._("Registered deal"),
                    "source": self.name,
                    "deal_registration_id": self.id,
                }
            )
        present = {(row.partner_id.id, row.role, row.share) for row in mine}
        wanted = {(v["partner_id"], v["role"], v["share"]) for v in vals_list}
        if present != wanted:
            mine.unlink()
            Attribution.create(vals_list)
            self._credit_invoices(order)
        if refused:
            order.message_post(
                body=self.env._(
                    "%(partners)s of %(deal)s could not be credited: the order is "
                    "credited to others.",
                    partners=", ".join(refused),
                    deal=self.name,
                ),
                subtype_xmlid="mail.mt_note",
            )

    def _credit_invoices(self, order):
        """Invoices that were made before follow their order, deal by deal."""
        moves = order.invoice_ids.filtered(lambda move: move.state != "cancel")
        stale = moves.incentive_attribution_ids.filtered(
            lambda row: row.source and order.name in row.source
        )
        stale.unlink()
        moves.line_ids.sale_line_ids.order_id.action_copy_attributions()

    def _remove_privileges(self):
        """Neither price nor credit on quotations that are not ordered yet."""
        for registration in self.sudo():
            open_orders = registration.order_ids.filtered(
                lambda order: order.state in ("draft", "sent")
            )
            open_orders.incentive_attribution_ids.filtered(
                lambda row, deal=registration: row.deal_registration_id == deal
            ).unlink()
            open_orders._apply_deal_price()

    # --------------------------------------------------------------------- conflict

    def action_split(self, shares):
        """Split the credit of a role: ``{partner id: share}``, over RPC, too."""
        self.ensure_one()
        self._check_manager()
        registration = self.sudo()
        rows = registration.credit_ids.filtered(
            lambda credit: credit.role == registration.role
        )
        commands = [Command.delete(row.id) for row in rows]
        commands += [
            Command.create(
                {
                    "partner_id": int(partner_id),
                    "role": registration.role,
                    "share": share,
                }
            )
            for partner_id, share in shares.items()
            if share
        ]
        registration._write_process({"credit_ids": commands})
        registration._credit_documents()
        return True

    @api.model
    def _get_protecting_for_order(self, order):
        """The protected deal that an order should carry, or an empty recordset."""
        protecting = self._get_protecting(order.partner_id.commercial_partner_id)
        return protecting.get(order.partner_id.commercial_partner_id.id, self.browse())
