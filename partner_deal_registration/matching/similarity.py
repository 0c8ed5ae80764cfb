"""How much two names are alike: rare words count more, and words may be misspelt."""

from dataclasses import dataclass, field
from functools import lru_cache
from math import log

from .characters import ratio
from .normalise import parse_name
from .vocabulary import COMMON_WORDS, COUNTRY_WORDS, RELATED_FORMS, ROMAN

#: Words less alike than this are different words.
WORD_THRESHOLD = 0.72
COMMON_WEIGHT = 0.3
#: Legal forms that are mixed up, and forms that are not.
RELATED_FACTOR = 0.9
UNRELATED_FACTOR = 0.7


@dataclass(frozen=True)
class NameMatch:
    """Result of comparing two names.

    :param score: 0 to 1
    :param matched: pairs of words that stand for one another
    :param only_first: words of the first name without a counterpart
    :param only_second: words of the second name without a counterpart
    """

    score: float
    matched: tuple = field(default=())
    only_first: tuple = field(default=())
    only_second: tuple = field(default=())


@lru_cache(maxsize=100_000)
def word_ratio(first, second):
    """Likeness of two words; digits must agree, short words nearly so."""
    if first == second:
        return 1.0
    if first.isdigit() or second.isdigit():
        return 0.0
    alike = ratio(first, second)
    if min(len(first), len(second)) <= 3:
        return alike if alike >= 0.85 else 0.0
    return alike if alike >= WORD_THRESHOLD else 0.0


class Weights:
    """How telling a word is.

    :param counts: ``{word: number of names that have it}``
    :param total: number of names counted
    """

    def __init__(self, counts=None, total=0):
        self._counts = counts or {}
        self._total = total

    def __getitem__(self, word):
        weight = COMMON_WEIGHT if word in COMMON_WORDS else 1.0
        if self._total > 1000:
            # A word that one name in a thousand has weighs half of a unique one.
            rarity = log(self._total / (1 + self._counts.get(word, 0)))
            weight = min(weight, max(0.2, rarity / log(self._total)))
        return weight * (0.6 if len(word) <= 2 else 1.0)


DEFAULT_WEIGHTS = Weights()


def compare_names(first, second, weights=DEFAULT_WEIGHTS):
    """:class:`NameMatch` of two names as people write them."""
    one, other = parse_name(first or ""), parse_name(second or "")
    if not one.words or not other.words:
        return NameMatch(0.0)
    matched, rest_one, rest_other, overlap = _align(one.words, other.words, weights)
    characters = _character_ratio(one, other)
    score = (overlap + characters) / 2
    if one.joined == other.joined:
        score = 1.0
    score = max(score, _acronym_score(one.words, other.words))
    score *= _form_factor(one.forms, other.forms)
    score *= _qualifier_factor(rest_one, rest_other)
    return NameMatch(round(min(score, 1.0), 4), matched, rest_one, rest_other)


def _align(one, other, weights):
    """Pair words greedily, the most alike first, and weigh what pairs."""
    pairs = sorted(
        (
            (word_ratio(word, mate), -abs(i - j), i, j)
            for i, word in enumerate(one)
            for j, mate in enumerate(other)
            if word_ratio(word, mate)
        ),
        reverse=True,
    )
    taken_one, taken_other, matched, shared = set(), set(), [], 0.0
    for alike, _distance, i, j in pairs:
        if i in taken_one or j in taken_other:
            continue
        taken_one.add(i)
        taken_other.add(j)
        matched.append((one[i], other[j]))
        shared += alike * (weights[one[i]] + weights[other[j]])
    rest_one = [word for i, word in enumerate(one) if i not in taken_one]
    rest_other = [word for j, word in enumerate(other) if j not in taken_other]
    total = sum(weights[word] for word in one) + sum(weights[word] for word in other)
    # Words written apart or together: vander bilt, goodwill.
    if rest_one and rest_other:
        joined = ratio("".join(rest_one), "".join(rest_other))
        if joined >= 0.85:
            shared += joined * sum(weights[w] for w in rest_one + rest_other)
            matched.append((" ".join(rest_one), " ".join(rest_other)))
            rest_one = rest_other = []
    return (
        tuple(matched),
        tuple(rest_one),
        tuple(rest_other),
        shared / total if total else 0.0,
    )


def _character_ratio(one, other):
    """Likeness without spaces, as written and in alphabetical order."""
    score = ratio("".join(one.words), "".join(other.words))
    if len(one.words) > 1 or len(other.words) > 1:
        ordered = ratio("".join(sorted(one.words)), "".join(sorted(other.words)))
        score = max(score, ordered)
    return score


def _acronym_score(one, other):
    """A name of one short word against the initials of a long one."""
    short, long = (one, other) if len(one) < len(other) else (other, one)
    if len(long) < 3 or not 3 <= len(short[0]) <= 6 or len(short) > 1:
        return 0.0
    return 0.8 if "".join(word[0] for word in long) == short[0] else 0.0


def _qualifier_factor(rest_one, rest_other):
    """A number or a country that only one name has tells funds and branches apart."""
    numbers = [_has_number(rest) for rest in (rest_one, rest_other)]
    if numbers[0] != numbers[1]:
        return 0.75
    if all(numbers):
        return 0.9
    return 0.88 if COUNTRY_WORDS & {*rest_one, *rest_other} else 1.0


def _has_number(words):
    return any(word in ROMAN or word.isdigit() for word in words)


def _form_factor(one, other):
    """Names of unlike legal forms are less likely the same company."""
    if not one or not other or one & other:
        return 1.0
    both = one | other
    if any(both <= related for related in RELATED_FORMS):
        return RELATED_FACTOR
    return UNRELATED_FACTOR
