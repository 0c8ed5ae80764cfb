import ast
import json
import re

from odoo.fields import Domain
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

GROUP = "partner_incentive_base.group_incentive_"
#: Functions that our formulas use, with what their first argument refers to.
REFERRING = {
    "PIVOT": "pivots",
    "PIVOT.VALUE": "pivots",
    "ODOO.LIST": "lists",
    "ODOO.LIST.HEADER": "lists",
}
FUNCTIONS = {*REFERRING, "IF", "IFERROR", "ISNUMBER", "TEXT", "_t"}


def parse_formula(text):
    """Calls of a formula, as ``[(name, [arguments])]``.

    Our formulas are arithmetic over calls, which Python can parse once names with a dot
    are one word; whatever else they hold is an error.
    """
    plain = re.sub(r"\b([A-Z]+)\.([A-Z]+)(?:\.([A-Z]+))?", r"\1__\2__\3", text)
    tree = ast.parse(plain, mode="eval")
    calls = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id.rstrip("_") if "__" in node.func.id else node.func.id
            calls.append((name.replace("__", "."), node.args))
    return calls


@tagged("post_install", "-at_install")
class TestDashboards(TransactionCase):
    """Each dashboard of the suite shows what exists, to those who may see it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(
                cls.env, login=f"board_{name}", groups=f"base.group_user,{GROUP}{name}"
            )
            for name in ("user", "manager", "finance", "auditor", "compliance")
        }
        group = cls.env.ref("partner_incentive_base.spreadsheet_dashboard_group")
        cls.boards = group.dashboard_ids

    def _read(self, board):
        return json.loads(board.spreadsheet_data)

    def _sources(self, data):
        """``(model, domain, groups, measures, fields, matching)`` of each source."""
        for pivot in data["pivots"].values():
            groups = [
                ":".join(filter(None, (each["fieldName"], each.get("granularity"))))
                for each in pivot["rows"] + pivot["columns"]
            ]
            measures = [
                each["fieldName"]
                for each in pivot["measures"]
                if "computedBy" not in each
            ]
            yield (
                pivot["model"],
                pivot["domain"],
                groups,
                measures,
                [],
                pivot["fieldMatching"],
            )
        for each in data["lists"].values():
            order = [line["name"] for line in each["orderBy"]]
            yield (
                each["model"],
                each["domain"],
                None,
                [],
                [*each["columns"], *order],
                each["fieldMatching"],
            )
        for sheet in data["sheets"]:
            for figure in sheet["figures"]:
                chart = figure["data"]
                if chart["type"].startswith("odoo_"):
                    meta = chart["metaData"]
                    yield (
                        meta["resModel"],
                        chart["searchParams"]["domain"],
                        meta["groupBy"],
                        [meta["measure"]],
                        [],
                        chart["fieldMatching"],
                    )

    def _get_field(self, model, path):
        """The field at the end of a path of fields."""
        field = None
        for name in path.split("."):
            field = self.env[model]._fields[name]
            model = field.comodel_name or model
        return field

    def test_there_are_dashboards(self):
        self.assertTrue(self.boards)
        for board in self.boards:
            data = self._read(board)
            self.assertTrue(data["pivots"], board.name)
            self.assertGreaterEqual(len(data["globalFilters"]), 3, board.name)

    def test_who_sees_them(self):
        money = self.env.ref("partner_incentive_base.dashboard_incentive_money")
        for name, user in self.users.items():
            found = self.boards.with_user(user).search([("id", "=", money.id)])
            expected = name in ("manager", "finance", "auditor")
            self.assertEqual(bool(found), expected, name)
        stranger = new_test_user(self.env, login="board_none", groups="base.group_user")
        self.assertFalse(
            self.boards.with_user(stranger).search([("id", "in", self.boards.ids)])
        )

    def _open_menu(self, user):
        """The board that the menu opens; ``None`` where the role has no such menu."""
        menu = self.env.ref("partner_incentive_base.menu_incentive_dashboards")
        if menu.id not in self.env["ir.ui.menu"].with_user(user)._visible_menu_ids():
            return None
        action = menu.sudo().action.with_user(user).run()
        self.assertEqual(action["tag"], "action_spreadsheet_dashboard")
        return self.boards.with_user(user).browse(action["params"]["dashboard_id"])

    def test_the_menu_opens_a_board_that_the_role_may_see(self):
        for name, user in self.users.items():
            with self.subTest(role=name):
                seen = self.boards.with_user(user).search(
                    [("id", "in", self.boards.ids)]
                )
                board = self._open_menu(user)
                self.assertEqual(board is not None, bool(seen))
                if board is not None:
                    self.assertEqual(board, seen[:1])
                    self.assertTrue(board.read(["name"]))
        overview = self.env.ref("partner_incentive_base.dashboard_channel_overview")
        self.assertEqual(self._open_menu(self.users["manager"]), overview)
        overview.is_published = False
        self.assertNotEqual(self._open_menu(self.users["manager"]), overview)
        stranger = new_test_user(self.env, login="menu_none", groups="base.group_user")
        self.assertIsNone(self._open_menu(stranger))

    def test_sources_can_be_read_by_whoever_sees_them(self):
        """Groups, measures and fields are those of the model; a query runs."""
        for board in self.boards:
            readers = [
                user
                for user in self.users.values()
                if board.with_user(user).search_count([("id", "=", board.id)])
            ]
            self.assertTrue(readers, board.name)
            for model, domain, groups, measures, names, _x in self._sources(
                self._read(board)
            ):
                for measure in set(measures) - {"__count"}:
                    field = self.env[model]._fields[measure]
                    self.assertTrue(field.aggregator, f"{board.name}: {field}")
                for user in readers:
                    rows = self.env[model].with_user(user)
                    if groups is None:
                        rows.search_read(domain, sorted(set(names)), limit=3)
                        continue
                    rows.formatted_read_group(
                        domain,
                        groups,
                        [
                            each
                            if each == "__count"
                            else f"{each}:{rows._fields[each].aggregator}"
                            for each in measures
                        ],
                        limit=3,
                    )

    def test_filters_reach_fields_of_their_kind(self):
        for board in self.boards:
            data = self._read(board)
            filters = {each["id"]: each for each in data["globalFilters"]}
            used = set()
            for model, domain, _g, _m, _n, matching in self._sources(data):
                for filter_id, match in matching.items():
                    used.add(filter_id)
                    spec = filters[filter_id]
                    field = self._get_field(model, match["chain"])
                    where = f"{board.name}: {spec['label']} on {model}"
                    if spec["type"] == "date":
                        self.assertIn(field.type, ("date", "datetime"), where)
                        value = ("2026-01-01",)
                    else:
                        self.assertEqual(field.comodel_name, spec["modelName"], where)
                        value = ([1],)
                    operator = ">=" if spec["type"] == "date" else "in"
                    self.env[model].search_count(
                        Domain(domain) & Domain(match["chain"], operator, *value)
                    )
            self.assertEqual(used, set(filters), f"{board.name}: a filter without use")

    def test_formulas_and_links(self):
        for board in self.boards:
            data = self._read(board)
            counted = 0
            for sheet in data["sheets"]:
                for place, content in sheet["cells"].items():
                    where = f"{board.name}, {sheet['name']}!{place}: {content}"
                    if content.startswith("="):
                        counted += self._check_formula(data, content[1:], where)
                    else:
                        self._check_link(content, where)
            self.assertGreater(counted, 10, board.name)

    def _check_formula(self, data, formula, where):
        calls = parse_formula(formula.replace("FALSE", "False"))
        self.assertTrue(calls, where)
        for name, arguments in calls:
            self.assertIn(name, FUNCTIONS, where)
            if name in REFERRING:
                known = data[REFERRING[name]]
                source = known.get(str(arguments[0].value))
                self.assertTrue(source, where)
                self._check_reference(name, arguments, source, where)
        return len(calls)

    def _check_reference(self, name, arguments, source, where):
        if name == "PIVOT.VALUE":
            measures = [each["id"] for each in source["measures"]]
            self.assertIn(arguments[1].value, measures, where)
        elif name == "ODOO.LIST.HEADER":
            self.assertIn(arguments[1].value, source["columns"], where)
        elif name == "ODOO.LIST":
            self.assertGreater(arguments[1].value, 0, where)
            self.assertIn(arguments[2].value, source["columns"], where)

    def _check_link(self, content, where):
        match = re.fullmatch(r"\[(.+?)\]\(odoo://view/(.+)\)", content)
        self.assertTrue(match, where)
        action = json.loads(match[2])["action"]
        rows = self.env[action["modelName"]]
        rows.search_count(action["domain"])
        for _view_id, kind in action["views"]:
            rows.get_view(view_type=kind)

    def test_computed_measures_use_measures_beside_them(self):
        for board in self.boards:
            for pivot in self._read(board)["pivots"].values():
                plain = {
                    each["id"]: 1.0
                    for each in pivot["measures"]
                    if "computedBy" not in each
                }
                for measure in pivot["measures"]:
                    if "computedBy" in measure:
                        formula = measure["computedBy"]["formula"][1:]
                        value = safe_eval(
                            formula,
                            {**plain, "IFERROR": lambda value, instead: value},
                        )
                        # Ratios of equal figures are 1; a rest is what it is.
                        rest = 2.0 - len(formula.split("-"))
                        self.assertEqual(value, rest, formula)
