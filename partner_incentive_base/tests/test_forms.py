"""Every form opens for a new record, as *New* does in the client."""

from lxml import etree

from odoo.tests import Form, TransactionCase, new_test_user, tagged

from .access_common import SUITE

GROUPS = (
    "base.group_user,base.group_system,account.group_account_manager,"
    "sales_team.group_sale_manager,partner_incentive_base.group_incentive_manager,"
    "partner_incentive_base.group_incentive_finance"
)


@tagged("post_install", "-at_install")
class TestForms(TransactionCase):
    def test_every_form_opens_for_a_new_record(self):
        user = new_test_user(self.env, "forms", groups=GROUPS)
        names = self.env["ir.model.data"].search(
            [("model", "=", "ir.ui.view"), ("module", "in", SUITE)]
        )
        views = self.env["ir.ui.view"].browse(names.mapped("res_id"))
        opened, broken = 0, []
        for view in views.filtered(lambda v: v.type == "form" and v.mode == "primary"):
            model = self.env[view.model].with_user(user)
            # Wizards open from records, with what these tell them.
            if model._transient or not model.has_access("create"):
                continue
            if etree.fromstring(view.arch).get("create") in ("0", "false"):
                continue
            opened += 1
            try:
                with self.assertNoLogs("odoo", "WARNING"):
                    Form(model, view)
            except Exception as error:
                broken.append(f"{view.xml_id}: {error!r}")
        self.assertGreater(opened, 20)
        self.assertFalse(broken)
