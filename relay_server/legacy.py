"""What is left of the first DAISEE relay: its readers are answered, its switching is refused.

    ReadDATA|0, 2        →  {0: False, 2: False}     a Python dict in text, no newline, connection closed
    {2: True, 0: True}   →  a refusal                anybody could switch anything with it

Their clients send without a newline and wait, so these lines are known by their content.
"""

from __future__ import annotations

import re
from collections.abc import Callable

READ = re.compile(rb"\s*ReadDATA\|\s*(\d{1,9}(?:\s*,\s*\d{1,9}){0,15})\s*\Z")
SWITCH = re.compile(rb"\s*\{\s*\d{1,9}\s*:\s*(?:True|False|true|false)\b[^\"]*\}\s*\Z")

REFUSAL = "unauthenticated switching is no more: this relay obeys signed frames, see docs/relay-protocol.md"


def channels_asked(line: bytes) -> tuple[int, ...] | None:
    """The channels that an old reader asks for; None if it is no such line."""
    found = READ.match(line)
    return tuple(int(number) for number in found[1].split(b",")) if found else None


def states(channels: tuple[int, ...], closed: Callable[[int], bool]) -> bytes:
    """The answer that old readers parse: contacts by their number, unknown ones open."""
    return str({channel: closed(channel) for channel in channels}).encode()


def is_switching(line: bytes) -> bool:
    """Whether this is the old switching map."""
    return SWITCH.match(line) is not None
