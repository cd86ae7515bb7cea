"""What is said, in the language of whoever is answered: messages, numbers, dates.

English where nobody asked for another one, and in every process that shows no pages: there this module costs
nothing. The pages say which language is in force (`node.dapp.spoken`), and Babel knows how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from gettext import NullTranslations

ENGLISH = "en"

SPACE = "\u00a0"
"""Between a number and its unit: no line breaks there."""


@dataclass(frozen=True)
class Speech:
    """A language and its messages."""

    name: str
    """As in `<html lang>`."""
    messages: NullTranslations


PLAIN = Speech(ENGLISH, NullTranslations())

_find: Callable[[], Speech] = lambda: PLAIN  # noqa: E731 - replaced as a whole by `found_by`


def found_by(find: Callable[[], Speech]) -> None:
    """Say how the language in force is found."""
    global _find  # noqa: PLW0603 - one a process
    _find = find


def name() -> str:
    """Of the language in force."""
    return _find().name


def gettext(message: str, /, **values: object) -> str:
    """A message; values go into its named places."""
    said = _find().messages.gettext(message)
    return said % values if values else said


def ngettext(one: str, many: str, num: int, /, **values: object) -> str:
    """A message about a number of things; `%(num)s` is that number, grouped as people write it."""
    return _find().messages.ngettext(one, many, num) % {"num": whole(num), **values}


def N_(message: str) -> str:  # noqa: N802 - as translators' tools call it
    """Mark a message where it is written; whoever shows it passes it through `gettext`."""
    return message


def number(text: str) -> str:
    """A decimal number as Python writes it, as people do: "12.50" is "12,50" in French."""
    spoken = _find().name
    if spoken == ENGLISH:
        return text
    from babel.numbers import format_decimal  # noqa: PLC0415 - 3 MB that English spares

    places = len(text.partition(".")[2])
    return format_decimal(Decimal(text), f"#,##0.{'0' * places}" if places else "#,##0", locale=spoken)


def whole(value: int) -> str:
    """A number of things."""
    return str(value) if _find().name == ENGLISH else number(str(value))


AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?) (.+)", re.S)


def amount(text: str) -> str:
    """A number and its unit, "2.10 Wh", as people write them."""
    found = AMOUNT.fullmatch(text)
    if found is None or _find().name == ENGLISH:
        return text
    return f"{number(found[1])}{SPACE}{found[2]}"


FORMS = {
    "%A": "EEEE", "%a": "EEE", "%d": "d", "%B": "MMMM", "%b": "MMM", "%Y": "y",
    "%H": "HH", "%M": "mm", "%S": "ss",
}  # fmt: skip
"""Directives of `strftime` as Unicode's patterns have them (https://unicode.org/reports/tr35/tr35-dates.html)."""


def written(moment: date | datetime, form: str) -> str:
    """A day or moment by a form of `strftime`, which is a message as well, with the language's own names."""
    spoken = _find().name
    if spoken == ENGLISH:
        return moment.strftime(form)
    form = gettext(form)
    from babel.dates import format_date, format_datetime  # noqa: PLC0415 - likewise

    pattern = re.sub("%[A-Za-z]", lambda found: FORMS[found[0]], form)
    if isinstance(moment, datetime):
        return format_datetime(moment, pattern, locale=spoken)
    return format_date(moment, pattern, locale=spoken)
