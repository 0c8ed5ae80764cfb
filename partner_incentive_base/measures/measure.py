"""Description of a measure; no query in it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """Something that offers can count.

    :param code: stored on the offer
    :param label: shown to people (translated)
    :param unit: ``amount`` (offer's currency) or ``quantity``
    :param source: ``(env, company, until) -> SQL``: a SELECT that yields one row per
        line that can count, with the columns named in :data:`SOURCE_COLUMNS`
    :param line_model: the model of ``line_id``, for drill-down and conditions
    :param document_model: the model of ``document_id``, for attribution
    :param growth: counts the growth against the same window a year before
    :param reference: source like ``source`` of the volume that is 100 percent, where
        brackets are percentages by the nature of the measure (a renewal rate)
    :param elapsed: counts days, a whole window of which is Q: earns as time passes
    :param credited: ``partner_id`` is who is credited already, in its share; the
        offer's role is not asked for
    :param sorts: the source has window functions, so PostgreSQL must sort its lines
    :param reach: what must change before a line counts differently: its own
        ``document``, that or its ``payments``, any document of its ``customer``, or
        ``others``, for which a run always looks at everybody
    """

    code: str
    label: str
    unit: str
    source: Callable
    line_model: str
    document_model: str
    growth: bool = False
    reference: Callable | None = None
    elapsed: bool = False
    credited: bool = False
    sorts: bool = False
    reach: str = "others"


SOURCE_COLUMNS = (
    "line_id",  # id in line_model
    "document_id",  # id of the document in document_model
    "origin_id",  # document whose attribution counts: the reversed invoice, say
    "partner_id",  # commercial partner on the document
    "product_id",
    "date",  # the document's date
    "amount",  # company currency, untaxed, credit notes negative
    "currency_id",  # of the document
    "amount_currency",  # the same in the document's currency
    "quantity",  # in the product's unit of measure
    "analytic_distribution",  # jsonb
    "tax_ids",  # int[] of the line's taxes, sorted
)
