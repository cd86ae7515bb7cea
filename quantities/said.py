"""What is wrong with a value, as a sentence that keeps its pieces.

To whoever prints, compares or logs it, it is its English text. Whoever speaks another language says the same
by the message and its values: so checks need not know who reads, and nobody has to guess what they meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self


class Said(str):
    """`Said("there is no day %(day)s", day="'mo'")`: the message is a literal, as translators' tools need it.

    A percent sign in a message with values is written twice. What is put together from it (an f-string, a
    slice) is an ordinary text: put the pieces into another message instead.
    """

    message: str
    values: Mapping[str, str]
    """Texts, or again what is said."""

    def __new__(cls, message: str, /, **values: object) -> Self:
        """Say it."""
        shown = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
        text = super().__new__(cls, message % shown if shown else message)
        text.message, text.values = message, shown
        return text


def packed(text: str) -> Any:
    """A text as JSON takes it, with the pieces of what is said."""
    if not isinstance(text, Said):
        return text
    return {"message": text.message, "values": {name: packed(value) for name, value in text.values.items()}}


def unpacked(given: Any) -> str:
    """What was packed."""
    if isinstance(given, str):
        return given
    return Said(given["message"], **{name: unpacked(value) for name, value in given["values"].items()})
