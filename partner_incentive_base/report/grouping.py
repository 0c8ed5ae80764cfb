"""Grouping sets of reports whose figures are no sums of rows."""


def read_each_set(model, domain, grouping_sets, aggregates, order):
    """What ``_read_grouping_sets`` gives, each set asked for by itself.

    :param model: whose ``_read_group`` is asked
    """
    return [
        model._read_group(
            domain,
            groupby,
            aggregates,
            order=", ".join(
                part
                for part in (order or "").split(",")
                if part.strip().split(" ")[0] in (*groupby, *aggregates)
            )
            or None,
        )
        for groupby in grouping_sets
    ]
