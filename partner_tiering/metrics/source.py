"""Description of a source of figures; no query in it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from dateutil.relativedelta import relativedelta


class Window(NamedTuple):
    """Days that count, both ends included, and those of the window before."""

    start: date
    end: date
    previous_start: date
    previous_end: date

    @classmethod
    def until(cls, day, months):
        """The ``months`` months that end with ``day``."""
        start = day - relativedelta(months=months) + relativedelta(days=1)
        previous_end = start - relativedelta(days=1)
        previous_start = start - relativedelta(months=months)
        return cls(start, day, previous_start, previous_end)


@dataclass(frozen=True)
class MetricSource:
    """Something that scorecards can measure.

    :param code: stored on the metric
    :param label: shown to people (translated)
    :param description: what it says, in one sentence (translated)
    :param aggregation: see :func:`~..scoring.value.value_of`
    :param unit: ``percent``, ``days``, ``rating``, ``number`` or ``amount``
    :param record_model: the model of ``record_id``, for drill-down
    :param query: ``(company, window) -> SQL``: a SELECT that yields a row per record
        in the window, with the columns of :data:`COLUMNS`
    :param higher_is_better: the usual direction
    """

    code: str
    label: str
    description: str
    aggregation: str
    unit: str
    record_model: str
    query: Callable
    higher_is_better: bool = True


COLUMNS = (
    "record_id",  # id in record_model
    "partner_id",  # commercial partner that the record counts for
    "numerator",
    "denominator",
)
