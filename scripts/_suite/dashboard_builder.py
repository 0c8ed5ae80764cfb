"""Writes dashboards as Odoo's spreadsheets keep them.

A spreadsheet of a dashboard is JSON with pivots, charts, lists, filters and cells that
refer to each other by number. Here each dashboard says what it shows, block by block
(see ``dashboards``), and this makes the file: two columns of blocks below a row of
figures, all of one look.
"""

import json
import uuid

#: The version of the format; Odoo migrates what is older when it opens it.
VERSION = "18.5.10"
#: Width of the nine columns: two blocks of a wide and three narrow columns, a gap.
COLUMNS = (190, 100, 100, 100, 20, 190, 100, 100, 100)
LEFT, RIGHT = 0, 5
HALF_WIDTH = 490
FULL_WIDTH = 1000
#: Height of a row in pixels: as the format has it, of a heading, of a table's line.
ROW, HEADING, LINE = 23, 40, 27
TITLE, HEADER, CELL = 1, 2, 3
STYLES = {
    TITLE: {"textColor": "#01666b", "bold": True, "fontSize": 16},
    HEADER: {"textColor": "#434343", "bold": True},
    CELL: {"textColor": "#434343", "verticalAlign": "middle"},
}
#: How figures read: whole, with a digit, with two, as a percentage.
FORMATS = {1: "#,##0", 2: "#,##0.0", 3: "#,##0.00", 4: "0%"}
WHOLE, TENTHS, CENTS, PERCENT = FORMATS
BORDERS = {1: {"bottom": {"style": "thin", "color": "#CCCCCC"}}}
DATA = "Data"


def column_name(number):
    """Letter of a column: 0 is A."""
    return chr(ord("A") + number)


class Source:
    """Rows of a model that a dashboard shows: its domain, and what filters reach it."""

    def __init__(self, model, domain=(), **matching):
        """
        :param domain: a list, as Odoo's domains are
        :param matching: field (or path of fields) by the name of each filter
        """
        self.model = model
        self.domain = list(domain)
        self.matching = matching

    def where(self, *domain):
        return Source(self.model, [*self.domain, *domain], **self.matching)


class Dashboard:
    """One dashboard: filters, a row of figures, then blocks from the top down."""

    def __init__(self, name):
        self.name = name
        self.filters = {}
        self.pivots = {}
        self.lists = {}
        self.cells = {}
        self.data_cells = {}
        self.data_formats = {}
        self.figures = []
        self.rows = {}
        self.styles = {}
        self.borders = {}
        self.tables = []
        self.menus = {}
        self.kpis = 0
        self.data_row = 1
        self.row = 0
        self.y = 0

    # ------------------------------------------------------------------------- parts

    def _id(self, what):
        """The same in every build, so that a file changes only where it should."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}/{what}"))

    def date_filter(self, name, label, default="this_year"):
        self.filters[name] = {
            "id": self._id(f"filter {name}"),
            "type": "date",
            "label": label,
            "defaultValue": default,
        }

    def filter(self, name, label, model):
        self.filters[name] = {
            "id": self._id(f"filter {name}"),
            "type": "relation",
            "label": label,
            "modelName": model,
            "defaultValueDisplayNames": [],
        }

    def _matching(self, source):
        matching = {}
        for name, chain in source.matching.items():
            spec = self.filters[name]
            kind = "date" if spec["type"] == "date" else "many2one"
            matching[spec["id"]] = {"chain": chain, "type": kind}
            if kind == "date":
                matching[spec["id"]]["offset"] = 0
        return matching

    def pivot(
        self, source, measures, rows=(), columns=(), title="", order=None, hidden=()
    ):
        """Add a pivot.

        :param measures: ``[(field, label) or (label, label, formula[, format])]``
        :param hidden: measures that formulas need and nobody sees
        :param order: measure to sort by, descending
        :return: its number, for formulas
        """
        number = str(len(self.pivots) + 1)
        self.pivots[number] = {
            "type": "ODOO",
            "id": number,
            "formulaId": number,
            "name": title or source.model,
            "model": source.model,
            "domain": source.domain,
            "context": {},
            "measures": [
                *(self._measure(*measure) for measure in measures),
                *({**self._measure(*each), "isHidden": True} for each in hidden),
            ],
            "rows": [self._dimension(each) for each in rows],
            "columns": [self._dimension(each) for each in columns],
            "sortedColumn": (
                {"measure": order, "order": "desc", "domain": []} if order else None
            ),
            "fieldMatching": self._matching(source),
        }
        if not order:
            del self.pivots[number]["sortedColumn"]
        return number

    def _measure(self, field, label, formula=None, number_format=None):
        measure = {"id": field, "fieldName": field, "userDefinedName": label}
        if formula:
            measure["aggregator"] = "sum"
            measure["computedBy"] = {"sheetId": "sheet1", "formula": formula}
        if number_format:
            measure["format"] = number_format
        return measure

    def _dimension(self, field):
        name, _colon, granularity = field.partition(":")
        if granularity:
            return {"fieldName": name, "granularity": granularity, "order": "asc"}
        return {"fieldName": name}

    # ------------------------------------------------------------------------ figures

    def kpi(
        self, title, formula, note=None, note_formula=None, color="#EFF6FF", form=None
    ):
        """A figure of the first row.

        :param formula: of the figure, without "="
        :param form: of ``FORMATS``; money comes with its own
        :param note: text below it, after the value of ``note_formula``
        """
        line = self.kpis + 2
        self.data_cells[f"A{line}"] = f'=_t("{title}")'
        self.data_cells[f"B{line}"] = "=" + formula
        if note_formula:
            self.data_cells[f"C{line}"] = "=" + note_formula
        if form:
            self.data_formats[f"B{line}"] = form
        place = self.kpis % 5
        width = (FULL_WIDTH - 4 * 8) // 5
        data = {
            "type": "scorecard",
            "title": {"text": title, "bold": True, "color": "#434343"},
            "background": color,
            "keyValue": f"{DATA}!B{line}",
            "humanize": True,
            "baselineMode": "text",
            "baselineColorDown": "#DC6965",
            "baselineColorUp": "#00A04A",
            "baselineDescr": {"text": note or ""},
        }
        if note_formula:
            data["baseline"] = f"{DATA}!C{line}"
        self._figure(
            title, data, place * (width + 8), 10 + 118 * (self.kpis // 5), width, 108
        )
        self.kpis += 1

    def end_kpis(self):
        """What follows begins below the figures."""
        lines = -(-self.kpis // 5)
        self.row = -(-(10 + 118 * lines) // ROW)
        self.y = self.row * ROW
        self.data_row = self.kpis + 5
        self.data_cells["A1"] = '=_t("Figure")'
        self.data_cells["B1"] = '=_t("Value")'

    def _figure(self, name, data, x, y, width, height):
        chart_id = self._id(f"figure {name}")
        self.figures.append(
            {
                "id": chart_id,
                "tag": "chart",
                "col": 0,
                "row": 0,
                "offset": {"x": x, "y": y},
                "width": width,
                "height": height,
                "data": {**data, "chartId": chart_id},
            }
        )

    # ------------------------------------------------------------------------- blocks

    def line(self, *blocks):
        """Blocks side by side: one over the whole width, or two.

        A block is what ``chart``, ``series``, ``table`` or ``list`` returns.
        """
        height = max(block["lines"] for block in blocks)
        wide = len(blocks) == 1
        self.rows[str(self.row)] = {"size": HEADING}
        top = self.y + HEADING
        for block, column in zip(blocks, (LEFT, RIGHT), strict=False):
            last = RIGHT + 3 if wide else column + 3
            where = f"{column_name(column)}{self.row + 1}"
            across = f"{where}:{column_name(last)}{self.row + 1}"
            self.cells[where] = block["link"]
            self.styles[where] = TITLE
            self.borders[across] = 1
            x = column and FULL_WIDTH - HALF_WIDTH
            width = FULL_WIDTH if wide else HALF_WIDTH
            block["place"](column, self.row + 1, x, top, width, height * LINE)
        for number in range(height):
            self.rows[str(self.row + 1 + number)] = {"size": LINE}
        self.rows[str(self.row + 1 + height)] = {"size": 15}
        self.row += height + 2
        self.y = top + height * LINE + 15

    def _link(self, title, source, view, groups, measures):
        context = {"group_by": list(groups)}
        if view == "graph":
            context.update(
                graph_measure=measures[0], graph_mode="bar", graph_groupbys=list(groups)
            )
        elif view == "pivot":
            context.update(
                pivot_measures=list(measures),
                pivot_row_groupby=list(groups),
                pivot_column_groupby=[],
            )
        views = ["graph", "pivot"] if view != "list" else ["list", "form"]
        if view == "pivot":
            views.reverse()
        target = {
            "viewType": view,
            "action": {
                "domain": source.domain,
                "context": context,
                "modelName": source.model,
                "views": [[False, each] for each in [*views, "search"]],
            },
            "threshold": 0,
            "name": title,
        }
        return f"[{title}](odoo://view/{json.dumps(target)})"

    def chart(
        self,
        title,
        source,
        measure,
        groups,
        kind="bar",
        lines=10,
        stacked=False,
        horizontal=False,
        cumulative=False,
        axis=None,
        order=None,
    ):
        """A chart of one measure, in colours by the second of ``groups``."""
        data = {
            "type": f"odoo_{kind}",
            "title": {"text": ""},
            "background": "#FFFFFF",
            "legendPosition": "top" if len(groups) > 1 or kind == "pie" else "none",
            "metaData": {
                "groupBy": list(groups),
                "measure": measure,
                "order": order,
                "resModel": source.model,
                "mode": kind,
            },
            "searchParams": {
                "comparison": None,
                "context": {},
                "domain": source.domain,
                "groupBy": list(groups),
                "orderBy": [],
            },
            "dataSets": [{}],
            "fieldMatching": self._matching(source),
        }
        if kind != "pie":
            data.update(
                verticalAxisPosition="left",
                stacked=stacked,
                axesDesign={"y": {"title": {"text": axis or ""}}},
            )
        if kind == "bar":
            data["horizontal"] = horizontal
            if horizontal:
                data["axesDesign"] = {"x": {"title": {"text": axis or ""}}}
        if kind == "line":
            data.update(fillArea=True, cumulative=cumulative, cumulatedStart=cumulative)
            data["metaData"]["cumulatedStart"] = cumulative

        def place(column, row, x, y, width, height):
            self._figure(title, data, x, y + 5, width, height - 5)

        return {
            "lines": lines,
            "link": self._link(title, source, "graph", groups, [measure]),
            "place": place,
        }

    def series(self, title, source, measures, group, lines=10, kind="bar", count=24):
        """A chart of several measures over the values of one field."""
        number = self.pivot(source, measures, rows=[group], title=title)
        first = self.data_row
        self.data_row += count + 3
        self.data_cells[f"A{first}"] = f"=PIVOT({number},{count},FALSE,FALSE)"
        last = first + count
        data = {
            "type": kind,
            "title": {"text": ""},
            "background": "#FFFFFF",
            "legendPosition": "top",
            "dataSetsHaveTitle": True,
            "dataSets": [
                {
                    "dataRange": "{0}!{1}{2}:{1}{3}".format(
                        DATA, column_name(1 + place), first, last
                    ),
                    "yAxisId": "y",
                }
                for place in range(len(measures))
            ],
            "labelRange": f"{DATA}!A{first}:A{last}",
            "stacked": False,
            "aggregated": False,
            "axesDesign": {"y": {"title": {"text": ""}}},
        }

        def place(column, row, x, y, width, height):
            self._figure(title, data, x, y + 5, width, height - 5)

        fields = [measure[0] for measure in measures if len(measure) == 2]
        return {
            "lines": lines,
            "link": self._link(title, source, "pivot", [group], fields),
            "place": place,
        }

    def table(
        self, title, source, measures, group, label, count=8, order=None, hidden=()
    ):
        """The first rows of a pivot by one field, and up to three measures.

        :param label: of the field
        :param hidden: measures that formulas need and nobody sees
        """
        number = self.pivot(
            source, measures, rows=[group], title=label, order=order, hidden=hidden
        )

        def place(column, row, x, y, width, height):
            self.cells[f"{column_name(column)}{row + 1}"] = (
                f"=PIVOT({number},{count},FALSE,FALSE)"
            )
            self._table(column, row, len(measures), count)

        fields = [measure[0] for measure in measures if len(measure) == 2]
        return {
            "lines": count + 1,
            "link": self._link(title, source, "pivot", [group], fields),
            "place": place,
        }

    def list(self, title, source, columns, count=8, order=None, ascending=True):
        """The first records, with up to four columns: ``[(field, label)]``."""
        number = str(len(self.lists) + 1)
        self.lists[number] = {
            "id": number,
            "name": title,
            "model": source.model,
            "domain": source.domain,
            "context": {},
            "columns": [field for field, _label in columns],
            "orderBy": [{"name": order, "asc": ascending}] if order else [],
            "fieldMatching": self._matching(source),
        }

        def place(column, row, x, y, width, height):
            for offset, (field, label) in enumerate(columns):
                name = column_name(column + offset)
                self.cells[f"{name}{row + 1}"] = (
                    f'=ODOO.LIST.HEADER({number},"{field}",_t("{label}"))'
                )
                for line in range(1, count + 1):
                    self.cells[f"{name}{row + 1 + line}"] = (
                        f'=ODOO.LIST({number},{line},"{field}")'
                    )
            self._table(column, row, len(columns) - 1, count)

        return {
            "lines": count + 1,
            "link": self._link(title, source, "list", [], []),
            "place": place,
        }

    def _table(self, column, row, width, count):
        start, end = column_name(column), column_name(column + width)
        self.styles[f"{start}{row + 1}:{end}{row + 1}"] = HEADER
        self.styles[f"{start}{row + 2}:{end}{row + 1 + count}"] = CELL
        self.tables.append(
            {
                "range": f"{start}{row + 1}:{end}{row + 1 + count}",
                "type": "static",
                "config": {
                    "hasFilters": False,
                    "totalRow": False,
                    "firstColumn": False,
                    "lastColumn": False,
                    "numberOfHeaders": 1,
                    "bandedRows": True,
                    "bandedColumns": False,
                    "automaticAutofill": True,
                    "styleId": "None",
                },
            }
        )

    # ------------------------------------------------------------------------- output

    def _sheet(self, sheet_id, name, cells, width, height, **values):
        return {
            "id": sheet_id,
            "name": name,
            "colNumber": width,
            "rowNumber": height,
            "rows": {},
            "cols": {},
            "merges": [],
            "cells": cells,
            "styles": {},
            "formats": {},
            "borders": {},
            "conditionalFormats": [],
            "dataValidationRules": [],
            "figures": [],
            "tables": [],
            "areGridLinesVisible": True,
            "isVisible": True,
            "headerGroups": {"ROW": [], "COL": []},
            "comments": {},
            **values,
        }

    def render(self):
        """The file's text."""
        dashboard = self._sheet(
            "sheet1",
            "Dashboard",
            self.cells,
            len(COLUMNS),
            self.row + 5,
            rows=self.rows,
            cols={str(n): {"size": size} for n, size in enumerate(COLUMNS)},
            styles=self.styles,
            borders=self.borders,
            figures=self.figures,
            tables=self.tables,
        )
        data = self._sheet(
            self._id("data"),
            DATA,
            self.data_cells,
            10,
            self.data_row + 5,
            formats=self.data_formats,
        )
        content = {
            "version": VERSION,
            "sheets": [dashboard, data],
            "styles": {str(key): value for key, value in STYLES.items()},
            "formats": {str(key): value for key, value in FORMATS.items()},
            "borders": {str(key): value for key, value in BORDERS.items()},
            "revisionId": "START_REVISION",
            "uniqueFigureIds": True,
            "settings": {
                "locale": {
                    "name": "English (US)",
                    "code": "en_US",
                    "thousandsSeparator": ",",
                    "decimalSeparator": ".",
                    "dateFormat": "mm/dd/yyyy",
                    "timeFormat": "hh:mm:ss",
                    "formulaArgSeparator": ",",
                    "weekStart": 7,
                }
            },
            "pivots": self.pivots,
            "pivotNextId": len(self.pivots) + 1,
            "customTableStyles": {},
            "globalFilters": list(self.filters.values()),
            "lists": self.lists,
            "listNextId": len(self.lists) + 1,
            "chartOdooMenusReferences": {},
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
