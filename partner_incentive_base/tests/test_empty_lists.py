"""Whoever opens an empty list is told what belongs there and how it gets there."""

from odoo.tests import TransactionCase, tagged
from odoo.tools import html2plaintext

from .access_common import SUITE


@tagged("post_install", "-at_install")
class TestEmptyLists(TransactionCase):
    def test_every_list_says_what_belongs_there(self):
        names = self.env["ir.model.data"].search(
            [("model", "=", "ir.actions.act_window"), ("module", "in", SUITE)]
        )
        self.assertGreater(len(names), 30)
        silent = []
        for name in names:
            action = self.env["ir.actions.act_window"].browse(name.res_id)
            views = set(action.view_mode.split(","))
            text = html2plaintext(action.help or "").strip()
            if views & {"list", "kanban"} and len(text) < 40:
                silent.append(name.complete_name)
        self.assertFalse(silent, "These lists say nothing when they are empty.")
