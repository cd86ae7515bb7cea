"""What pydantic finds wrong with a value, in the project's words: each says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from quantities.said import Said

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Bounds = Mapping[str, Any]

FOUND: Mapping[str, Callable[[Bounds], Said]] = {
    "greater_than": lambda b: Said("it has to be more than %(bound)s", bound=_short(b["gt"])),
    "greater_than_equal": lambda b: Said("it has to be at least %(bound)s", bound=_short(b["ge"])),
    "less_than": lambda b: Said("it has to be less than %(bound)s", bound=_short(b["lt"])),
    "less_than_equal": lambda b: Said("it may be at most %(bound)s", bound=_short(b["le"])),
    "string_pattern_mismatch": lambda b: Said("it does not have the form %(pattern)s", pattern=b["pattern"]),
    "string_too_short": lambda _: Said("something has to be written there"),
    "too_short": lambda _: Said("something has to be written there"),
    "enum": lambda b: Said(
        "write one of %(known)s", known=", ".join(re.findall(r"'([^']*)'", b["expected"]))
    ),
}
"""By pydantic's name for it (https://docs.pydantic.dev/latest/errors/validation_errors)."""

WANTED = {
    "string": Said("write a text"),
    "int": Said("write a whole number"),
    "float": Said("write a number"),
    "finite": Said("write a number"),
    "bool": Said("write true or false"),
    "date": Said("write a day, such as 2026-11-30"),
    "path": Said("write the path of a file"),
}
"""By the first word of the others' names, which is a type's."""


def _short(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def in_our_words(detail: ErrorDetails) -> Said:
    """What is wrong with a value, and what would be right."""
    kind = detail["type"]
    if kind in FOUND:
        return FOUND[kind](detail.get("ctx", {}))
    unknown = Said("it does not fit here (%(why)s)", why=detail["msg"])
    return WANTED.get(kind.partition("_")[0], unknown)
