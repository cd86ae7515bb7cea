"""Reading a request's parameters into a frozen dataclass, by its fields' types; errors say what to write.

A field is a moment, a whole number within bounds, one of an enumeration's words, a text of a certain form, or
a list of words with commas. A field with a default may be left out.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from node.dapp.api.problems import Problem
from node.local_time import midnight, unix_ms

Q = TypeVar("Q")

LATEST = 32_503_680_000
"""Unix seconds of the year 3000. Later moments count as this one, and those before 1970 as 1970."""

UNIX = re.compile(r"\d{1,11}(\.\d{1,9})?\Z", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


@dataclass(frozen=True)
class Moment:
    """Marks Unix milliseconds, given as Unix seconds, an RFC 3339 time, or a date (its midnight here)."""

    example: str = "2026-03-29T06:00:00+01:00"


@dataclass(frozen=True)
class Number:
    """Marks a whole number within bounds, both allowed."""

    least: int
    most: int


@dataclass(frozen=True)
class Form:
    """Marks a text that a regular expression matches as a whole."""

    pattern: str
    example: str


Marker = Moment | Number | Form
MomentField = Annotated[int, Moment()]


@dataclass(frozen=True)
class Field:
    """One parameter."""

    name: str
    """As requests have it: `from_` is `from`."""
    attribute: str
    kind: Any
    """An enumeration, or a Marker."""
    required: bool
    default: object
    meaning: str


def fields(kind: type[Any]) -> list[Field]:
    """What a dataclass of parameters asks for."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for each in dataclasses.fields(kind):
        required = each.default is dataclasses.MISSING
        found.append(
            Field(
                name=each.name.rstrip("_"),
                attribute=each.name,
                kind=_kind(hints[each.name]),
                required=required,
                default=None if required else each.default,
                meaning=str(each.metadata.get("meaning", "")),
            )
        )
    return found


def read(kind: type[Q], path: Mapping[str, str], query: MultiDict[str, str], where: ZoneInfo) -> Q:
    """Read the parameters of a request.

    Args:
        path: those of the path.
        query: those behind the question mark.
        where: the zone of dates.

    Raises:
        Problem: 400, one is unknown, missing, given twice, or senseless.
    """
    known = {field.name: field for field in fields(kind)}
    for name in query:
        if name not in known or name in path:
            offered = ", ".join(sorted(known.keys() - path.keys())) or "none"
            raise _wrong(f"There is no parameter “{name[:50]}” here; there are: {offered}.")
        if len(query.getlist(name)) > 1:
            raise _wrong(f"“{name}” is given more than once.")
    given = {**query.to_dict(), **path}
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in given:
            values[field.attribute] = _value(field, given[name], where)
        elif field.required:
            raise _wrong(f"“{name}” is missing: {_wanted(field.kind)}.")
    return kind(**values)


def _value(field: Field, text: str, where: ZoneInfo) -> object:
    try:
        return _parsed(field.kind, text, where)
    except (ValueError, OverflowError):
        raise _wrong(f"“{field.name}” cannot be “{text[:80]}”: {_wanted(field.kind)}.") from None


def _parsed(kind: Any, text: str, where: ZoneInfo) -> object:
    match kind:
        case Moment():
            return moment(text, where)
        case Number(least, most):
            if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII) or not least <= int(text) <= most:
                raise ValueError(text)
            return int(text)
        case Form(pattern=pattern):
            if not re.fullmatch(pattern, text, re.ASCII):
                raise ValueError(text)
            return text
        case _:
            return kind(text)


def moment(text: str, where: ZoneInfo) -> int:
    """Read a moment as Unix milliseconds.

    Raises:
        ValueError: it is none. OverflowError: likewise.
    """
    if UNIX.match(text):
        whole, _, parts = text.partition(".")
        at = int(whole) * 1_000 + int(f"{parts:0<3}"[:3])
    elif DATE.match(text):
        day = date.fromisoformat(text)
        at = midnight(day, where)
    else:
        # A plus sign that was not written as %2B arrives as a space.
        text = text.upper()
        told = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        at = unix_ms(told if told.tzinfo else told.replace(tzinfo=where))
    return min(max(at, 0), LATEST * 1_000)


def _kind(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        [hint] = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) is Annotated:
        return get_args(hint)[1]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    raise TypeError(f"a parameter cannot be a {hint}")


def _wanted(kind: Any) -> str:
    match kind:
        case Moment(example):
            return f"write a time as {example}, as Unix seconds, or a date such as {example[:10]}"
        case Number(least, most):
            return f"write a whole number from {least} to {most}"
        case Form(example=example):
            return f"write it as in {example}"
        case _:
            return f"write one of {', '.join(kind)}"


def _wrong(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)
