"""What the household's other processes say in English sentences, in the language of whoever reads.

They write for the log, the API and every page at once, and know no reader. So each of their sentences is once
more a message in `node.dapp.heard`: a text that fits one is said again with its values in their places, and a
text that fits none stays as it came. What has kept its pieces (`quantities.said`) is said by its message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache, reduce

from node.dapp import language, words
from node.dapp.heard import SENTENCES
from node.dapp.language import ENGLISH
from node.dapp.language import gettext as _
from quantities.said import Said

PLACE = re.compile(r"%\\?\((\w+)\\?\)s")

CLAUSE = frozenset({"why", "reason", "what"})
"""Places that hold another of these."""


DAYS = frozenset({"day", "top_up"})

TYPED = frozenset({"given", "text", "like", "name", "near", "known"})
"""Places that hold what somebody wrote, or is to write: a point stays one there."""


def told(text: str) -> str:
    """The text in the language in force: what is said by its message, any other as far as it is known."""
    if not text or language.name() == ENGLISH:
        return text
    return _said(text) if isinstance(text, Said) else _told(text) or _pieces(text)


def _said(text: Said) -> str:
    return _(text.message, **{name: _filled(name, value) for name, value in text.values.items()})


def _filled(name: str, value: str) -> str:
    """What stands in a place: said, as it was typed, or as in others' sentences."""
    return _said(value) if isinstance(value, Said) else value if name in TYPED else _value(name, value)


def message(text: str) -> str | None:
    """The message that a text fits; None: none."""
    return next((known for known, _values in _fitting(text)), None)


def _told(text: str) -> str | None:
    for known, values in _fitting(text):
        whole = _(known, **{place: _value(place, value) for place, value in values.items()})
        return words.capital(whole) if text[0].isupper() else whole
    said = _told(text[:-1]) if len(text) > 1 and text.endswith(".") else None
    return f"{said}." if said else None


def _fitting(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for pattern, known in _patterns():
        ends = not text.endswith(".") or known.endswith(".")
        if ends and (found := pattern.fullmatch(text)):
            yield known, found.groupdict()


def _pieces(text: str) -> str:
    """Sentence by sentence: what is known of a text that is not known as a whole."""
    return " ".join(_told(piece) or piece for piece in re.split(r"(?<=[.!?]) ", text))


def _value(place: str, value: str) -> str:
    if place == "clauses":
        said = (_clause(each) for each in value.split("; "))
        return reduce(lambda first, second: _("%(first)s; %(second)s", first=first, second=second), said)
    if place == "error":
        return _uncapital(_told(value) or value)
    if place in CLAUSE:
        return _told(value) or value
    if place in DAYS:
        return _day(value)
    if place == "names":
        return words.listed(re.split(r", | and ", value))
    return quantity(value)


def _uncapital(text: str) -> str:
    """What the system says begins with a capital, and stands within a sentence here."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _day(text: str) -> str:
    """ "28 November" of any year."""
    try:
        return language.written(datetime.strptime(f"{text} 2000", "%d %B %Y"), "%d %B")
    except ValueError:
        return text


def _clause(text: str) -> str:
    """ "Alder: nothing offered", or without a name."""
    if said := _told(text):
        return said
    name, colon, why = text.partition(": ")
    return _("%(name)s: %(why)s", name=name, why=_told(why) or why) if colon else text


def quantity(text: str) -> str:
    """An amount as our types show it, in the reader's own way; anything else as it is."""
    if found := re.fullmatch(r"(-?[\d.]+) tokens per kWh", text):
        return words.so_many_per_kwh(found[1])
    if found := re.fullmatch(r"(-?[\d.]+) tokens", text):
        return words.so_many_tokens(found[1])
    return language.number(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else language.amount(text)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The longest first, which says most."""
    ordered = sorted(SENTENCES, key=lambda known: -len(PLACE.sub("", known)))
    return tuple((re.compile(_pattern(known), re.S), known) for known in ordered)


def _pattern(known: str) -> str:
    escaped = PLACE.sub(lambda found: f"(?P<{found[1]}>.+?)", re.escape(known))
    first = escaped[0]
    return f"[{first.upper()}{first.lower()}]{escaped[1:]}" if first.isalpha() else escaped
