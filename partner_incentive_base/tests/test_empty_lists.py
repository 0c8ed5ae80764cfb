"""Whoever opens an empty list is told what belongs there, and reads words anywhere."""

from odoo import models
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

    def test_records_are_not_called_by_the_code_of_a_choice(self):
        coded = [
            name
            for name, model in self.env.registry.items()
            if model._original_module in SUITE
            and model._rec_name
            and model._fields[model._rec_name].type == "selection"
            and model._compute_display_name is models.BaseModel._compute_display_name
        ]
        self.assertFalse(coded, "Their names are codes, not words.")
