"""Keys of names, addresses, phones and web addresses."""

import os
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .characters import ratio
from .vocabulary import (
    ABBREVIATIONS,
    CYRILLIC,
    FILLERS,
    GREEK,
    LEGAL_FORMS,
    LETTERS,
    NUMBERS,
)

_LETTERS = str.maketrans({**LETTERS, **CYRILLIC, **GREEK})
_FORMS = {
    tuple(phrase.split()): form
    for form, phrases in LEGAL_FORMS.items()
    for phrase in phrases
}
_LONG_FORM_WORDS = sorted(
    {word for phrase in _FORMS for word in phrase if len(word) >= 7}
)
_LONGEST_FORM = max(len(phrase) for phrase in _FORMS)
_APOSTROPHES = re.compile(r"(?<=\w)['`´’ʼ](?=\w)|^['`´’ʼ]")
_NOISE_IN_WORD = re.compile(r"(?<=[a-z])[_^\\\[\]{}|~](?=[a-z])")
_INITIALS = re.compile(r"\b(?:[a-z]\.\s?){2,}(?:[a-z]\b)?|\b(?:[a-z]\.)+[a-z]\b")
_WORD = re.compile(r"[^\W_]+")
_ORDINAL = re.compile(r"^(\d+)(st|nd|rd|th)$")

#: Mail providers: sharing one says nothing about a customer.
PUBLIC_DOMAINS = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com
    ymail.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.com web.de
    t-online.de mail.com mail.ru yandex.ru proton.me protonmail.com orange.fr
    wanadoo.fr free.fr laposte.net libero.it qq.com 163.com facebook.com
    linkedin.com example.com
    """.split()
)
_SECOND_LEVEL = frozenset("co com org net gov ac edu gob".split())

_STREET_WORDS = {
    "str": "street",
    "strasse": "street",
    "st": "street",
    "ave": "avenue",
    "av": "avenue",
    "rd": "road",
    "blvd": "boulevard",
    "blv": "boulevard",
    "bd": "boulevard",
    "ln": "lane",
    "dr": "drive",
    "sq": "square",
    "pl": "place",
    "hwy": "highway",
    "pkwy": "parkway",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
}
_STREET_KINDS = frozenset(_STREET_WORDS.values())
_STREET_NUMBERS = {
    "first": "1st",
    "second": "2nd",
    "third": "3rd",
    "fourth": "4th",
    "fifth": "5th",
    "sixth": "6th",
    "seventh": "7th",
    "eighth": "8th",
    "ninth": "9th",
    "tenth": "10th",
}
#: What follows says where along the street, not which street.
_BESIDE = re.compile(r"\b(?:between|near|corner of|opposite|behind|at|off|btwn?)\b.*")


@dataclass(frozen=True)
class Name:
    """A company's name, taken apart.

    :param words: the words that tell it from others, in their order
    :param forms: short names of its legal forms
    :param joined: all words but the forms, fillers too, without spaces
    """

    words: tuple
    forms: frozenset
    joined: str

    @property
    def key(self):
        """What is stored and searched: the words with a space between them."""
        return " ".join(self.words)


def fold(text):
    """Lower case without accents, in Latin letters where that is known."""
    text = unicodedata.normalize("NFKC", text or "").casefold().translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return plain.translate(_LETTERS)


@lru_cache(maxsize=50_000)
def parse_name(text):
    """:class:`Name` of a company's name as people write it."""
    text = fold(text).replace("&", " and ").replace("+", " and ").replace("%", " ")
    text = _APOSTROPHES.sub("", text)
    text = _INITIALS.sub(_join_initials, text)
    text = _NOISE_IN_WORD.sub("", text)
    words, forms = _take_forms(_WORD.findall(text))
    joined = "".join(words)
    words = _join_letters([word for word in words if word not in ("and", "und")])
    words = [word for each in words for word in _expand(each).split()]
    words = _read_numbers(words)
    telling = tuple(word for word in words if word not in FILLERS)
    return Name(
        telling or tuple(words) or tuple(sorted(forms)), frozenset(forms), joined
    )


def name_key(text):
    """Key of a name to store and search: ``"Süd & Co. KG"`` is ``"sud"``."""
    return parse_name(text or "").key


def _join_initials(match):
    return re.sub(r"[.\s]", "", match.group()) + " "


def _take_forms(words):
    """Words without legal forms, and the forms; the longest phrase is taken first.

    A form counts at either end of a name or after its first word; one that makes up
    the whole name is the name.
    """
    words = [_correct_form_word(word) for word in words]
    kept, forms, position = [], [], 0
    while position < len(words):
        for length in range(min(_LONGEST_FORM, len(words) - position), 0, -1):
            form = _FORMS.get(tuple(words[position : position + length]))
            if form:
                forms.append(form)
                position += length
                break
        else:
            kept.append(words[position])
            position += 1
    return (kept, forms) if kept else (words, forms)


@lru_cache(maxsize=50_000)
def _correct_form_word(word):
    """A misspelt word of a legal form, corrected; any other word as it is."""
    if len(word) < 6:
        return word
    for known in _LONG_FORM_WORDS:
        if word[0] == known[0] and abs(len(word) - len(known)) <= 2:
            if ratio(word, known) > 0.92:
                return known
    return word


def _join_letters(words):
    """Letters that stand alone one after the other are one abbreviation."""
    joined_words, letters = [], ""
    for word in words + [""]:
        if len(word) == 1 and word.isalpha():
            letters += word
            continue
        if letters:
            joined_words.append(letters)
            letters = ""
        if word:
            joined_words.append(word)
    return joined_words


def _expand(word):
    word = ABBREVIATIONS.get(word, word)
    ordinal = _ORDINAL.match(word)
    if ordinal:
        return ordinal.group(1)
    for ending, other in (("isation", "ization"), ("ise", "ize"), ("yse", "yze")):
        if len(word) > 7 and word.endswith(ending):
            return word[: -len(ending)] + other
    return word


def _read_numbers(words):
    """Numbers in words become digits: ``forty four`` is ``44``."""
    read, total = [], None
    for word in words + [None]:
        value = NUMBERS.get(word)
        if value is None and word and word.isdigit() and total and total % 10 == 0:
            value = int(word) if int(word) < 10 else None
        if value is not None and total is None:
            total = value
        elif value is not None and total % 10 == 0 and 0 < value < 10 and total:
            total += value
        else:
            if total is not None:
                read.append(str(total))
            total = value
            if value is None and word is not None:
                read.append(word)
    return read


def without_place(name, *cities):
    """A name without the town at its end: ``"Spago (Los Angeles)"`` is ``"Spago"``.

    :param cities: towns of the records that are compared; no other word goes
    """
    text = fold(name)
    for city in cities:
        place = " ".join(_WORD.findall(fold(city)))
        words = _WORD.findall(text)
        count = len(place.split())
        if place and len(words) > count and words[-count:] == place.split():
            return " ".join(words[:-count])
    return name


def phone_key(number):
    """The last nine digits, so that country and trunk prefixes do not matter."""
    digits = re.sub(r"\D", "", re.split(r"(?i)\s*(?:ext|x)\.?\s*\d+$", number or "")[0])
    return digits[-9:] if len(digits) >= 7 else ""


def vat_key(number):
    """Tax id: letters and digits only."""
    key = re.sub(r"[^A-Z0-9]", "", fold(number).upper())
    return key if len(key) >= 5 else ""


def domain_key(address):
    """Registrable domain of a web or e-mail address; empty for mail providers."""
    address = (address or "").strip().casefold()
    address = address.rsplit("@", 1)[-1].split("://")[-1]
    host = re.split(r"[/:?#\s]", address, maxsplit=1)[0].strip(".")
    parts = host.split(".")
    if len(parts) < 2 or not all(parts):
        return ""
    count = 3 if len(parts) > 2 and parts[-2] in _SECOND_LEVEL else 2
    domain = ".".join(parts[-count:])
    return "" if domain in PUBLIC_DOMAINS else domain


def phones_related(first, second):
    """Whether two numbers are lines of one switchboard: only their ends differ."""
    first, second = re.sub(r"\D", "", first or ""), re.sub(r"\D", "", second or "")
    shared = len(os.path.commonprefix([first, second]))
    return shared >= 7 and max(len(first), len(second)) - shared <= 4


def email_key(address):
    """An address at a mail provider, where the domain tells nothing; else empty."""
    address = (address or "").strip().casefold()
    return address if "@" in address and not domain_key(address) else ""


def parse_street(street):
    """``(house number, words of the street)`` of an address line, each may be empty.

    ``"21 W. 52nd St."`` has the number 21; the 52nd is the street's name.
    """
    words = [
        re.sub(r"strasse$|str$", "street", word)
        if len(word) > 4
        else _STREET_WORDS.get(word, word)
        for word in _WORD.findall(_BESIDE.sub("", fold(street)) or fold(street))
    ]
    words = [_STREET_NUMBERS.get(word, word) for word in words]
    numbers = [word for word in words if word[0].isdigit() and not _ORDINAL.match(word)]
    names = sorted(
        word for word in words if not word[0].isdigit() or _ORDINAL.match(word)
    )
    return (numbers[0] if numbers else ""), tuple(names)


def address_key(street, postcode=""):
    """House number, most telling word of the street, postcode; needs the first two."""
    number, names = parse_street(street)
    telling = [name for name in names if name not in _STREET_KINDS] or list(names)
    if not number or not telling:
        return ""
    word = max(telling, key=lambda name: (len(name), name))
    code = re.sub(r"\W", "", fold(postcode))[:5]
    return f"{number} {word} {code}".strip()
