"""Weighs what two records of a customer have in common, and says why.

The name gives the score; fields that agree raise it and fields that differ lower it,
each by a share of what is left. An equal tax id settles the question.
"""

from dataclasses import dataclass, field

from . import normalise
from .characters import ratio
from .similarity import DEFAULT_WEIGHTS, compare_names

#: From this score on two records are taken for the same customer.
THRESHOLD = 0.74
#: From this score on there is hardly a doubt.
CERTAIN = 0.92

#: Part of the remaining doubt that a field takes away where it agrees, and of the
#: score that it takes away where both records have it and it differs.
FIELD_WEIGHTS = {
    "vat": (1.0, 0.3),
    "domain": (0.55, 0.08),
    "email": (0.45, 0.0),
    "phone": (0.6, 0.1),
    "address": (0.5, 0.18),
}


@dataclass(frozen=True)
class Party:
    """What is known of a customer; everything but the name may be empty."""

    name: str = ""
    vat: str = ""
    phone: str = ""
    website: str = ""
    email: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""


@dataclass(frozen=True)
class Verdict:
    """How likely two records are the same customer.

    :param score: 0 to 1
    :param kind: ``same``, ``likely``, ``site`` (same name, other place) or ``other``
    :param name: :class:`~.similarity.NameMatch`
    :param fields: ``{field: strength}``, 1 agrees, -1 differs, between: in part
    """

    score: float
    kind: str
    name: object
    fields: dict = field(default_factory=dict)


def compare(first, second, weights=DEFAULT_WEIGHTS):
    """:class:`Verdict` of two :class:`Party`."""
    name = _compare_names(first, second, weights)
    fields = {
        "vat": _compare_keys(normalise.vat_key, first.vat, second.vat),
        "domain": _compare_domains(first, second),
        "email": _compare_mailboxes(first.email, second.email),
        "phone": _compare_phones(first.phone, second.phone),
        "address": _compare_addresses(first, second),
    }
    fields = {key: value for key, value in fields.items() if value is not None}
    score = name.score
    for key, strength in fields.items():
        raises, lowers = FIELD_WEIGHTS[key]
        if strength > 0:
            score += (1 - score) * raises * strength
        else:
            score *= 1 + lowers * strength
    if fields.get("vat") == 1:
        score = 1.0
    return Verdict(round(score, 4), _get_kind(score, name, fields), name, fields)


def _get_kind(score, name, fields):
    if score >= CERTAIN:
        return "same"
    elsewhere = fields.get("address", 0) < 0 and fields.get("phone", 0) <= 0
    if elsewhere and name.score >= THRESHOLD:
        return "site"
    return "likely" if score >= THRESHOLD else "other"


def _compare_names(first, second, weights):
    """Names, and names without the town they are in, whichever agree better."""
    name = compare_names(first.name, second.name, weights)
    places = {first.city, second.city} - {""}
    if name.score == 1 or not places:
        return name
    bare = [
        normalise.without_place(party.name, *sorted(places))
        for party in (first, second)
    ]
    if bare == [first.name, second.name]:
        return name
    other = compare_names(*bare, weights)
    return other if other.score > name.score else name


def _compare_phones(first, second):
    """The same number, another line of one switchboard, or another number."""
    same = _compare_keys(normalise.phone_key, first, second)
    if same == -1 and normalise.phones_related(first, second):
        return 0.4
    return same


def _compare_mailboxes(first, second):
    """The same mailbox at a provider. People have several, so others tell nothing."""
    first, second = normalise.email_key(first), normalise.email_key(second)
    return 1 if first and first == second else None


def _compare_keys(make_key, first, second):
    first, second = make_key(first), make_key(second)
    if not first or not second:
        return None
    return 1 if first == second else -1


def _compare_domains(first, second):
    """Web or e-mail domain: agreement of any two says more than a difference."""
    one = _get_domains(first)
    other = _get_domains(second)
    if not one or not other:
        return None
    return 1 if one & other else -1


def _get_domains(party):
    domains = {normalise.domain_key(party.website), normalise.domain_key(party.email)}
    return domains - {""}


def _compare_addresses(first, second):
    number, street = normalise.parse_street(first.street)
    other_number, other_street = normalise.parse_street(second.street)
    if not (number and street and other_number and other_street):
        return _compare_places(first, second)
    alike = ratio(" ".join(street), " ".join(other_street))
    if set(street) <= set(other_street) or set(other_street) <= set(street):
        # One of the two names the quarter, or the entrance, as well.
        alike = 1.0
    # 52nd Street is as unlike 54th Street as any other.
    ordinals = {word for word in street if word[0].isdigit()}
    other_ordinals = {word for word in other_street if word[0].isdigit()}
    if ordinals and other_ordinals and ordinals != other_ordinals:
        alike = 0.0
    if number != other_number:
        return -1 if alike < 0.8 else -0.5
    if alike < 0.55:
        return -0.7
    place = _compare_places(first, second)
    # A street of the same name in another town.
    if place == -0.5 and normalise.fold(first.postcode) != normalise.fold(
        second.postcode
    ):
        return 0.5
    return 1


def _compare_places(first, second):
    """Towns alone prove nothing, but another town is a sign of another site."""
    if not first.city or not second.city:
        return None
    same = ratio(normalise.fold(first.city), normalise.fold(second.city)) > 0.75
    return 0.1 if same else -0.5
