"""Reads a scenario file and says exactly what is wrong with it.

Every key of the format stands in the tables below, together with what it takes and
its default. Anything else is an error that names the path of the key, such as
``offers[1].window.period``: a misspelt key that is ignored would make a scenario
pass that tests nothing.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import yaml

MEASURES = (
    "invoiced_amount",
    "invoiced_quantity",
    "paid_amount",
    "ordered_amount",
    "growth_amount",
    "renewed_amount",
    "renewal_rate",
    "sourced_arr",
    "new_customer_amount",
    "new_customer_count",
    "new_product_amount",
    "new_product_count",
    "cross_sell_amount",
    "upsell_amount",
    "expansion_amount",
    "sell_through_amount",
    "sell_through_quantity",
    "elapsed_days",
    "milestone_bonus",
)
TYPES = (
    "volume_rebate",
    "growth_rebate",
    "retention_rebate",
    "product_attach",
    "spif",
    "new_logo",
    "market_entry",
    "accelerator",
    "lump_sum",
    "milestone",
)
PERIODS = ("whole", "year", "quarter", "month")
ROLES = ("contra_revenue", "expense", "accrued", "holdback")
DOCUMENTS = ("credit_note", "vendor_bill", "debit_note")
ACTIONS = (
    "invoice",
    "refund",
    "payment",
    "cancel",
    "order",
    "contract",
    "renew",
    "churn",
    "reached",
    "report",
    "brought_forward",
    "opening",
    "grade",
    "expected",
    "accrue",
    "settle",
    "lock",
)
#: What a check by partner, over all offers or by offer, can be about.
FIGURES = ("entitled", "accrued", "settled", "held", "carried", "payout")
REQUIRED = object()


class FormatError(ValueError):
    """The file is not in the format; ``path`` is where."""

    def __init__(self, path, problem):
        super().__init__(f"{path}: {problem}" if path else problem)


# ------------------------------------------------------------------------- reading


class _Loader(yaml.SafeLoader):
    """YAML without its traps.

    ``NO`` is a country and not false; a number keeps the digits that were written; a
    key that is given twice is an error, not the last one of them.
    """

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise FormatError(f"line {line}", f"{key!r} is given twice")
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_decimal(self, node):
        return Decimal(self.construct_scalar(node).replace("_", ""))


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:bool" or first in "tTfF"
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_decimal)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_decimal)


def read(path):
    """The scenario of a file, as nested dicts with all defaults filled in.

    :raise FormatError: the file is not in the format
    """
    try:
        content = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise FormatError("", f"not YAML: {error}") from error
    scenario = SCENARIO(content, "")
    _check_names(scenario)
    return scenario


# -------------------------------------------------------------------------- values


def text(value, path):
    # A name may look like a number or a date; it is a name all the same.
    if isinstance(value, (dict, list, bool)) or value is None:
        raise FormatError(path, f"expected a text, got {value!r}")
    return str(value)


def number(value, path):
    if not isinstance(value, Decimal):
        raise FormatError(path, f"expected a number, got {value!r}")
    return value


def not_negative(value, path):
    if number(value, path) < 0:
        raise FormatError(path, f"expected zero or more, got {value}")
    return value


def percentage(value, path):
    if not_negative(value, path) > 100:
        raise FormatError(path, f"expected 0 to 100, got {value}")
    return value


def positive(value, path):
    if number(value, path) <= 0:
        raise FormatError(path, f"expected more than zero, got {value}")
    return value


def day(value, path):
    if not isinstance(value, date) or isinstance(value, datetime):
        raise FormatError(path, f"expected a date such as 2026-01-31, got {value!r}")
    return value


def boolean(value, path):
    # The loader leaves these words alone, since elsewhere they are names.
    value = {"yes": True, "no": False, "on": True, "off": False}.get(value, value)
    if not isinstance(value, bool):
        raise FormatError(path, f"expected true or false, got {value!r}")
    return value


def one_of(*choices):
    def read_choice(value, path):
        if value not in choices:
            raise FormatError(
                path, f"expected one of {', '.join(choices)}, got {value!r}"
            )
        return value

    return read_choice


def either_none(read_value):
    """The value, or ``null`` or ``none`` for none."""

    def read_optional(value, path):
        return None if value in (None, "none") else read_value(value, path)

    return read_optional


def empty_for_none(read_value):
    """A map that may be left out after its key."""
    return lambda value, path: read_value({} if value is None else value, path)


def list_of(read_item, empty=True):
    def read_list(value, path):
        if not isinstance(value, list):
            raise FormatError(path, f"expected a list, got {value!r}")
        if not (value or empty):
            raise FormatError(path, "expected at least one")
        return [read_item(item, f"{path}[{i}]") for i, item in enumerate(value)]

    return read_list


def map_of(read_value):
    """A map from names that are the author's."""

    def read_map(value, path):
        if not isinstance(value, dict):
            raise FormatError(path, f"expected names with values, got {value!r}")
        return {
            text(key, path): read_value(item, f"{path}.{key}")
            for key, item in value.items()
        }

    return read_map


def keys(null_leaves_out=True, /, **table):
    """A map from keys that are the format's.

    :param null_leaves_out: ``null`` stands for an optional key that is left out
    :param table: ``key=(reader, default)``; the default may be :data:`REQUIRED`.
        A trailing underscore of a key is not part of it.
    """
    table = {key.rstrip("_"): entry for key, entry in table.items()}

    def read_keys(value, path):
        if not isinstance(value, dict):
            raise FormatError(path, f"expected a map, got {value!r}")
        unknown = [key for key in value if key not in table]
        if unknown:
            where = f"{path}.{unknown[0]}" if path else str(unknown[0])
            raise FormatError(where, f"unknown key; known are {', '.join(table)}")
        result = {}
        for key, (read_value, default) in table.items():
            where = f"{path}.{key}" if path else key
            given = key in value
            if null_leaves_out and default is not REQUIRED:
                given = value.get(key) is not None
            if given:
                result[key] = read_value(value[key], where)
            elif default is REQUIRED:
                raise FormatError(where, "missing")
            else:
                result[key] = default() if callable(default) else default
        return result

    return read_keys


# ------------------------------------------------------------------------- the format


def analytic(value, path):
    """The name of an analytic account, or a map from names to percentages."""
    if isinstance(value, dict):
        return map_of(percentage)(value, path)
    return {text(value, path): Decimal(100)}


def accrual(value, path):
    """``achieved``, or a map of method and what it needs."""
    if isinstance(value, str):
        value = {"method": value}
    terms = keys(
        method=(one_of("achieved", "expected", "fixed"), "achieved"),
        volume=(map_of(not_negative), dict),
        percent=(not_negative, None),
        threshold=(not_negative, Decimal(0)),
    )(value, path)
    if (terms["percent"] is None) == (terms["method"] == "fixed"):
        raise FormatError(f"{path}.percent", "goes with the method fixed, and only it")
    if terms["volume"] and terms["method"] != "expected":
        raise FormatError(f"{path}.volume", "goes with the method expected only")
    return terms


def figures(read_value):
    """``{partner: value}`` over all offers, or ``{offer: {partner: value}}``."""

    def read_figures(value, path):
        if not isinstance(value, dict):
            raise FormatError(path, f"expected names with values, got {value!r}")
        return {
            text(key, path): _read_figure(item, f"{path}.{key}", read_value)
            for key, item in value.items()
        }

    return read_figures


def _read_figure(value, path, read_value):
    leaf = read_value is number
    by_offer = isinstance(value, dict) and (leaf or not {*value} & {*GAP_KEYS})
    return map_of(read_value)(value, path) if by_offer else read_value(value, path)


GAP_KEYS = ("missing", "would_earn")
gap = either_none(keys(missing=(number, REQUIRED), would_earn=(number, REQUIRED)))

ATTRIBUTED = ("sourced", "influenced", "resold", "fulfilled")
TRIGGERS = (
    "enrolled",
    "first_purchase",
    "first_deal",
    "first_renewal",
    "confirmed",
)


def without_history(value, path):
    """``none``, ``all``, or ``{baseline: volume}``."""
    if isinstance(value, dict):
        baseline = keys(baseline=(positive, REQUIRED))(value, path)["baseline"]
        return "baseline", baseline
    return one_of("none", "all")(value, path), Decimal(0)


PRODUCT = keys(
    name=(text, REQUIRED),
    category=(text, None),
    price=(not_negative, Decimal(0)),
    cost=(not_negative, Decimal(0)),
    tax=(not_negative, Decimal(0)),
)
PARTNER = keys(
    name=(text, REQUIRED),
    parent=(text, None),
    grade=(text, None),
    country=(text, None),
    tags=(list_of(text), list),
)
CALENDAR = keys(
    name=(text, REQUIRED),
    pattern=(one_of("4-4-5", "4-5-4", "5-4-4"), None),
    start=(day, None),
    years=(positive, Decimal(1)),
    long_years=(one_of("never", "last", "nearest"), "never"),
    periods=(
        list_of(
            keys(
                from_=(day, REQUIRED),
                to=(day, REQUIRED),
                year=(positive, REQUIRED),
                quarter=(positive, REQUIRED),
            ),
            empty=False,
        ),
        None,
    ),
)
FILTER = keys(products=(list_of(text), list), categories=(list_of(text), list))
OFFER = keys(
    name=(text, REQUIRED),
    type_=(one_of(*TYPES), "volume_rebate"),
    partners=(list_of(text, empty=False), None),
    segment=(
        keys(
            grades=(list_of(text), list),
            countries=(list_of(text), list),
            tags=(list_of(text), list),
        ),
        None,
    ),
    pooled=(boolean, False),
    measure=(one_of(*MEASURES), REQUIRED),
    earning=(FILTER, None),
    qualifying=(FILTER, None),
    formula=(one_of("whole", "marginal", "rolling", "total"), REQUIRED),
    rate=(one_of("percent", "per_unit", "amount"), REQUIRED),
    scale=(
        list_of(
            keys(from_=(not_negative, REQUIRED), rate=(number, REQUIRED)), empty=False
        ),
        REQUIRED,
    ),
    below_first=(one_of("none", "first"), "none"),
    window=(
        keys(
            from_=(day, REQUIRED),
            to=(day, REQUIRED),
            period=(one_of(*PERIODS), "whole"),
            calendar=(text, None),
        ),
        REQUIRED,
    ),
    settle=(
        keys(
            period=(one_of(*PERIODS), "whole"),
            minimum=(not_negative, Decimal(0)),
            calendar=(text, None),
        ),
        lambda: {"period": "whole", "minimum": Decimal(0), "calendar": None},
    ),
    accrual=(accrual, lambda: accrual("achieved", "")),
    minimum=(not_negative, Decimal(0)),
    cap=(either_none(positive), None),
    guarantee=(
        either_none(
            keys(
                amount=(positive, REQUIRED),
                period=(one_of(*PERIODS), "whole"),
                cumulative=(boolean, False),
                timing=(one_of("start", "end"), "end"),
            )
        ),
        None,
    ),
    holdback=(
        either_none(keys(percent=(percentage, REQUIRED), until=(day, REQUIRED))),
        None,
    ),
    clawback=(one_of("carry", "debit_note"), "carry"),
    payout=(
        one_of("credit_note", "vendor_bill", "offset", "none"),
        "credit_note",
    ),
    cost=(one_of("contra_revenue", "expense"), "contra_revenue"),
    sequence=(number, Decimal(10)),
    reduced_by_earlier=(boolean, False),
    reduces_later=(boolean, True),
    best_of=(either_none(text), None),
    analytic=(boolean, False),
    credit=(one_of("buyer", *ATTRIBUTED), "buyer"),
    before_cutover=(one_of("none", "qualify", "earn"), "none"),
    safety_days=(not_negative, Decimal(0)),
    without_history=(without_history, lambda: without_history("none", "")),
    brackets_in=(one_of("volume", "target", "previous", "products"), "volume"),
    targets=(map_of(positive), dict),
    compared=(FILTER, None),
    accelerates=(list_of(text), list),
    milestones=(
        list_of(
            keys(
                name=(text, REQUIRED),
                trigger=(one_of(*TRIGGERS), "confirmed"),
                amount=(positive, REQUIRED),
            )
        ),
        list,
    ),
)
LINES = list_of(
    keys(
        product=(text, REQUIRED),
        quantity=(number, Decimal(1)),
        price=(number, None),
        analytic=(analytic, None),
    ),
    empty=False,
)
EVENT = keys(
    # ``accrue:`` alone is a run.
    False,
    date=(day, REQUIRED),
    id=(text, None),
    invoice=(
        keys(
            partner=(text, REQUIRED),
            currency=(text, None),
            lines=(LINES, REQUIRED),
            credited=(map_of(map_of(percentage)), dict),
        ),
        None,
    ),
    refund=(
        keys(
            partner=(text, REQUIRED),
            of=(text, None),
            currency=(text, None),
            lines=(LINES, REQUIRED),
        ),
        None,
    ),
    payment=(
        keys(of=(text, REQUIRED), amount=(positive, None), write_off=(boolean, False)),
        None,
    ),
    contract=(
        keys(
            partner=(text, REQUIRED),
            customer=(text, REQUIRED),
            product=(text, REQUIRED),
            from_=(day, REQUIRED),
            to=(day, REQUIRED),
            amount=(not_negative, REQUIRED),
            role=(one_of(*ATTRIBUTED), "sourced"),
        ),
        None,
    ),
    brought_forward=(
        keys(
            offer=(text, REQUIRED),
            partner=(text, REQUIRED),
            day=(day, REQUIRED),
            qualifying=(not_negative, REQUIRED),
            earning=(not_negative, None),
            reference=(text, None),
        ),
        None,
    ),
    opening=(
        keys(
            offer=(text, REQUIRED),
            partner=(text, REQUIRED),
            day=(day, REQUIRED),
            earned=(not_negative, REQUIRED),
            paid=(not_negative, Decimal(0)),
        ),
        None,
    ),
    renew=(text, None),
    churn=(text, None),
    reached=(
        keys(
            offer=(text, REQUIRED),
            milestone=(text, REQUIRED),
            partner=(text, REQUIRED),
        ),
        None,
    ),
    report=(
        keys(
            partner=(text, REQUIRED),
            lines=(
                list_of(
                    keys(
                        product=(text, REQUIRED),
                        quantity=(number, REQUIRED),
                        amount=(number, REQUIRED),
                        document=(text, REQUIRED),
                    ),
                    empty=False,
                ),
                REQUIRED,
            ),
        ),
        None,
    ),
    cancel=(text, None),
    order=(
        keys(partner=(text, REQUIRED), currency=(text, None), lines=(LINES, REQUIRED)),
        None,
    ),
    grade=(keys(partner=(text, REQUIRED), to=(either_none(text), REQUIRED)), None),
    expected=(
        keys(
            offer=(text, REQUIRED),
            partner=(text, REQUIRED),
            volume=(not_negative, REQUIRED),
        ),
        None,
    ),
    accrue=(empty_for_none(keys()), None),
    settle=(
        empty_for_none(
            keys(
                partner=(text, None),
                offer=(text, None),
                amount=(not_negative, None),
                final=(boolean, False),
            )
        ),
        None,
    ),
    lock=(day, None),
)
EXPECTATION = keys(
    # An expectation of null would be one that nobody checks.
    False,
    after=(text, None),
    gl=(map_of(number), None),
    journal_items=(map_of(list_of(number)), None),
    posted_on=(day, None),
    documents=(
        list_of(
            keys(
                type_=(one_of(*DOCUMENTS), REQUIRED),
                partner=(text, REQUIRED),
                untaxed=(number, None),
                tax=(number, None),
                total=(number, None),
            )
        ),
        None,
    ),
    gap=(figures(gap), None),
    **{figure: (figures(number), None) for figure in FIGURES},
)
SCENARIO = keys(
    scenario=(text, REQUIRED),
    source=(text, None),
    company=(
        keys(currency=(text, "USD"), cutover=(day, None)),
        lambda: {"currency": "USD", "cutover": None},
    ),
    rates=(
        list_of(
            keys(
                currency=(text, REQUIRED),
                date=(day, REQUIRED),
                rate=(positive, REQUIRED),
            )
        ),
        list,
    ),
    products=(list_of(PRODUCT), list),
    partners=(list_of(PARTNER), list),
    calendars=(list_of(CALENDAR), list),
    offers=(list_of(OFFER), list),
    events=(list_of(EVENT, empty=False), REQUIRED),
    expect=(list_of(EXPECTATION, empty=False), REQUIRED),
)


# --------------------------------------------------------------- what names refer to


def action_of(event):
    """``(name, values)`` of what happens at an event."""
    return next((name, event[name]) for name in ACTIONS if event[name] is not None)


def _check_names(scenario):
    """Every name that is used must have been given, once, and before it is used."""
    products = _unique(scenario["products"], "products")
    partners = _unique(scenario["partners"], "partners")
    partners |= {partner["parent"] for partner in scenario["partners"]} - {None}
    offers = _unique(scenario["offers"], "offers")
    calendars = _unique(scenario["calendars"], "calendars")
    for index, calendar in enumerate(scenario["calendars"]):
        generated = calendar["pattern"] is not None and calendar["start"] is not None
        if generated == (calendar["periods"] is not None):
            raise FormatError(
                f"calendars[{index}]", "needs either pattern and start, or periods"
            )
    known = {
        "product": products,
        "partner": partners,
        "offer": offers,
        "calendar": calendars,
    }
    for index, offer in enumerate(scenario["offers"]):
        _check_offer(offer, f"offers[{index}]", known)
    ids = _check_events(scenario["events"], known)
    for index, expectation in enumerate(scenario["expect"]):
        _check_expectation(expectation, f"expect[{index}]", known, ids)


def _unique(rows, path):
    names = set()
    for index, row in enumerate(rows):
        if row["name"] in names:
            raise FormatError(f"{path}[{index}].name", f"{row['name']} is given twice")
        names.add(row["name"])
    return names


def _require(name, kind, known, path):
    if name is not None and name not in known[kind]:
        raise FormatError(path, f"there is no {kind} {name}")


def _check_offer(offer, path, known):
    if (offer["partners"] is None) == (offer["segment"] is None):
        raise FormatError(path, "needs either partners or a segment")
    for basis in ("earning", "qualifying", "compared"):
        for name in (offer[basis] or {}).get("products", ()):
            _require(name, "product", known, f"{path}.{basis}.products")
    for name in offer["partners"] or ():
        _require(name, "partner", known, f"{path}.partners")
    for name in offer["targets"]:
        _require(name, "partner", known, f"{path}.targets")
    for name in offer["accelerates"]:
        _require(name, "offer", known, f"{path}.accelerates")
    for name in offer["accrual"]["volume"]:
        _require(name, "partner", known, f"{path}.accrual.volume")
    for key in ("window", "settle"):
        _require(offer[key]["calendar"], "calendar", known, f"{path}.{key}.calendar")
    if offer["window"]["to"] < offer["window"]["from"]:
        raise FormatError(f"{path}.window", "ends before it begins")
    bounds = [bracket["from"] for bracket in offer["scale"]]
    if len(set(bounds)) < len(bounds):
        raise FormatError(f"{path}.scale", "two brackets begin at the same bound")


def _check_events(events, known):
    """Check what events refer to; return ``{id: action}``."""
    ids = {}
    for index, event in enumerate(events):
        path = f"events[{index}]"
        actions = [name for name in ACTIONS if event[name] is not None]
        if len(actions) != 1:
            raise FormatError(path, f"needs exactly one of {', '.join(ACTIONS)}")
        action, values = action_of(event)
        if action in ("cancel", "renew", "churn"):
            _check_id(values, ids, path)
        elif isinstance(values, dict):
            for kind in ("partner", "offer"):
                _require(values.get(kind), kind, known, f"{path}.{action}.{kind}")
            _require(
                values.get("customer"), "partner", known, f"{path}.{action}.customer"
            )
            for credited in values.get("credited", {}).values():
                for name in credited:
                    _require(name, "partner", known, f"{path}.{action}.credited")
            for line in values.get("lines", ()):
                _require(line["product"], "product", known, f"{path}.{action}.lines")
            if "of" in values and values["of"] is not None:
                _check_id(values["of"], ids, f"{path}.{action}.of")
        if action == "settle" and values["amount"] is not None:
            for kind in ("partner", "offer"):
                if values[kind] is None and len(known[kind]) > 1:
                    raise FormatError(f"{path}.settle", f"an amount needs the {kind}")
        if event["id"] in ids:
            raise FormatError(f"{path}.id", f"{event['id']} is given twice")
        if event["id"] is not None:
            ids[event["id"]] = action
    return ids


def _check_id(name, ids, path):
    if name not in ids:
        raise FormatError(path, f"no earlier event has the id {name}")


def _check_expectation(expectation, path, known, ids):
    if expectation["after"] is not None:
        _check_id(expectation["after"], ids, f"{path}.after")
    for figure in (*FIGURES, "gap"):
        for name, value in (expectation[figure] or {}).items():
            where = f"{path}.{figure}.{name}"
            by_offer = isinstance(value, dict) and not {*value} & {*GAP_KEYS}
            _require(name, "offer" if by_offer else "partner", known, where)
            for partner in value if by_offer else ():
                _require(partner, "partner", known, where)
    for key in ("gl", "journal_items"):
        for role in expectation[key] or ():
            one_of(*ROLES)(role, f"{path}.{key}")
    for document in expectation["documents"] or ():
        _require(document["partner"], "partner", known, f"{path}.documents")
