"""Reads what belongs to many records by few statements, into the ORM's own cache.

The ORM reads a relation of all records that it knows at once, but each relation by a
statement of its own. A page that needs the terms of ten offers waits for twenty of
them, whatever they have to say.
"""

from collections import defaultdict

from odoo.fields import Domain
from odoo.models import BaseModel
from odoo.tools import SQL


def prefetch_lines(records, name, field_names=None):
    """Read a One2many of records and what its lines say by one statement.

    :param name: of the field
    :param field_names: what is read of the lines; what the ORM would read by default
    """
    field = records._fields[name]
    records = _without_value(records, field)
    if not records:
        return
    inverse = field.inverse_name
    if field_names is not None:
        field_names = [inverse, *field_names]
    Line = _get_comodel(records, field)
    lines = Line.search_fetch(
        field.get_comodel_domain(records) & Domain(inverse, "in", records.ids),
        field_names,
    )
    line_ids = defaultdict(list)
    for line in lines:
        line_ids[line[inverse].id].append(line.id)
    field._insert_cache(records, [tuple(line_ids[each]) for each in records._ids])


def prefetch_relations(*asked):
    """Read Many2many fields of records of any models, all by one statement.

    With the rights of the records' environment, as the ORM itself does.

    :param asked: pairs of records and names of their fields
    """
    parts, places = [], []
    for records, names in asked:
        for name in names:
            field = records._fields[name]
            unread = _without_value(records, field)
            Comodel = _get_comodel(records, field)
            own_search = type(Comodel)._search is not BaseModel._search
            # What searches in a way of its own is left to the ORM.
            if not unread or (field.bypass_search_access and own_search):
                continue
            query = Comodel._search(
                field.get_comodel_domain(unread), order=Comodel._order
            )
            own = SQL.identifier(field.relation, field.column1)
            other = SQL.identifier(field.relation, field.column2)
            query.add_join(
                "JOIN",
                field.relation,
                None,
                SQL("%s = %s", other, SQL.identifier(Comodel._table, "id")),
            )
            query.add_where(SQL("%s IN %s", own, tuple(unread.ids)))
            parts.append(
                SQL(
                    "(SELECT %s, related.*, row_number() OVER () "
                    "FROM (%s) AS related (record_id, related_id))",
                    len(places),
                    query.select(own, other),
                )
            )
            places.append((unread, field))
    if not parts:
        return
    related = defaultdict(list)
    for place, record_id, related_id, rank in records.env.execute_query(
        SQL(" UNION ALL ").join(parts)
    ):
        related[place, record_id].append((rank, related_id))
    for place, (unread, field) in enumerate(places):
        field._insert_cache(
            unread,
            [
                tuple(related_id for _rank, related_id in sorted(related[place, each]))
                for each in unread._ids
            ],
        )


def _get_comodel(records, field):
    """The other model as the ORM reads it: archived records are among its values."""
    context = {"active_test": False, **field.context}
    return records.env[field.comodel_name].with_context(**context)


def _without_value(records, field):
    """Those of the stored records whose value is not in the cache."""
    records = records._origin
    return records.browse(field._cache_missing_ids(records))
