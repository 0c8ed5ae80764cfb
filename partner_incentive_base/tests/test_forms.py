"""Every form opens for a new record, as *New* does in the client, for every role."""

from lxml import etree

from odoo.tests import Form, TransactionCase, new_test_user, tagged

from .access_common import SUITE

ROLES = ("user", "compliance", "finance", "manager", "admin")


@tagged("post_install", "-at_install")
class TestForms(TransactionCase):
    def test_every_form_opens_for_a_new_record(self):
        names = self.env["ir.model.data"].search(
            [("model", "=", "ir.ui.view"), ("module", "in", SUITE)]
        )
        views = (
            self.env["ir.ui.view"]
            .browse(names.mapped("res_id"))
            .filtered(
                lambda view: (
                    view.type == "form"
                    and view.mode == "primary"
                    # Wizards open from records, with what these tell them.
                    and not self.env[view.model]._transient
                    and etree.fromstring(view.arch).get("create") not in ("0", "false")
                )
            )
        )
        opened = set()
        for role in ROLES:
            group = f"partner_incentive_base.group_incentive_{role}"
            user = new_test_user(self.env, f"forms_{role}", groups=group)
            for view in views:
                model = self.env[view.model].with_user(user)
                if not model.has_access("create"):
                    continue
                with (
                    self.subTest(role=role, view=view.xml_id),
                    self.assertNoLogs("odoo", "WARNING"),
                ):
                    Form(model, view)
                    opened.add(view)
        self.assertGreater(len(opened), 20)
