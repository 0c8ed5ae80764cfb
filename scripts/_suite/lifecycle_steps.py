"""The steps of ``lifecycle`` that run inside Odoo."""

import contextlib

from odoo import Command, api
from odoo.modules.registry import Registry


def make_invoices(env):
    """Post some invoices and a credit note, on the generic chart of accounts."""
    company = env.company
    if not company.chart_template:
        env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
    customer = env["res.partner"].create({"name": "Customer", "is_company": True})
    product = env["product.product"].create({"name": "Goods", "list_price": 100.0})
    moves = env["account.move"].create(
        [
            {
                "move_type": move_type,
                "partner_id": customer.id,
                "invoice_date": date,
                "invoice_line_ids": [
                    Command.create({"product_id": product.id, "quantity": quantity})
                ],
            }
            for move_type, date, quantity in (
                ("out_invoice", "2024-03-15", 10),
                ("out_invoice", "2025-06-30", 3),
                ("out_refund", "2025-07-01", 2),
            )
        ]
    )
    moves.action_post()


def install(env, names):
    """Install modules as the button in the Apps menu does."""
    env["ir.module.module"].update_list()
    modules = _modules(env, names)
    assert len(modules) == len(names), f"Odoo finds only {modules.mapped('name')}"
    posted = _posted(env)
    modules.button_immediate_install()
    with _renewed(env) as env:
        _check(env, names, "installed", posted)


def uninstall(env, names):
    """Uninstall modules as the button in the Apps menu does; nothing posted may go."""
    posted = _posted(env)
    assert posted, "Nothing is posted, so this would show nothing"
    _modules(env, names).button_immediate_uninstall()
    with _renewed(env) as env:
        _check(env, names, "uninstalled", posted)
        left = env["ir.model.data"].search([("module", "in", names)])
        assert not left, f"Left behind: {left.mapped('complete_name')}"


@contextlib.contextmanager
def _renewed(env):
    """An environment on the registry of the modules that are installed now."""
    env.cr.commit()
    with Registry(env.cr.dbname).cursor() as cursor:
        yield api.Environment(cursor, env.uid, {})


def _check(env, names, state, posted):
    states = {module.name: module.state for module in _modules(env, names)}
    assert set(states.values()) == {state}, states
    assert _posted(env) == posted, "Posted journal items have changed"


def _modules(env, names):
    return env["ir.module.module"].search([("name", "in", names)])


def _posted(env):
    """All posted journal items, as plain values that can be compared."""
    env.cr.execute(
        """
        SELECT line.id, move.name, line.date, line.account_id, line.partner_id,
               line.balance, line.amount_currency
          FROM account_move_line AS line
          JOIN account_move AS move ON move.id = line.move_id
         WHERE move.state = 'posted'
         ORDER BY line.id
        """
    )
    return env.cr.fetchall()
