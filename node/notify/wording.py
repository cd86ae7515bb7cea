"""A message as people read it on a phone: the title says who and what, the text what to do."""

from __future__ import annotations

from collections.abc import Sequence

from node.dapp import words
from node.notify.following import Kind, Message

TITLE = 80
"""Characters, after which most services cut a title."""


def title(house: str, messages: Sequence[Message]) -> str:
    """One line.

    Args:
        house: the household's name as people write it.
        messages: at least one.
    """
    first = _says(messages[0])
    more = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
    room = TITLE - len(house) - len(more) - 2
    return f"{house}: {first if len(first) <= room else first[: room - 1].rstrip() + '…'}{more}"


def text(messages: Sequence[Message], now: float) -> str:
    """A paragraph each.

    Args:
        messages: at least one.
        now: Unix seconds.
    """
    return "\n\n".join(_paragraph(message, now) for message in messages)


def _says(message: Message) -> str:
    says = message.trouble.alert.says
    return f"Over: {says[:1].lower()}{says[1:]}" if message.kind is Kind.OVER else says


def _paragraph(message: Message, now: float) -> str:
    trouble = message.trouble
    lasted = words.lasting(max((trouble.gone or now) - trouble.since, 0))
    if message.kind is Kind.OVER:
        return f"{_says(message)} It lasted {lasted}."
    still = f" It has lasted {lasted}." if message.kind is Kind.LASTS else ""
    return f"{trouble.alert.says}{still}\n{trouble.alert.act}"
