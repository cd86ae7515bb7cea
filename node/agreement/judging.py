"""Compares what neighbours say of their chain with our own node's blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

LASTS = 30.0
"""Seconds after which a difference does not pass by itself any more: six blocks at one in five seconds, and
nodes that two signers parted by sealing at once come together within two with three signers, within five with
nine (chain.confirmations)."""


class Verdict(StrEnum):
    """How a neighbour's last block stands to our chain."""

    SAME = "same"
    BEYOND = "beyond"
    """Our node has not come so far yet."""
    OTHER = "other"
    """Ours has another block at that height."""
    UNTOLD = "untold"
    """No relay, no answer, or one without a block."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one neighbour says."""

    name: str
    number: int = 0
    """Of its node's last block."""
    hash: str = ""
    """Of that block, as `0x` and 64 digits; empty: it is not told."""
    why: str = ""
    """Why it is not, for people."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One neighbour, judged."""

    told: Told
    verdict: Verdict
    ours: str = ""
    """The hash of our block at that height; empty: there is none."""


def compare(neighbours: Iterable[Told], ours: Mapping[int, str]) -> tuple[Compared, ...]:
    """Judge each neighbour.

    Args:
        neighbours: what they say.
        ours: hashes of our node's blocks by number, read after the neighbours were asked.
    """
    return tuple(_compared(told, ours.get(told.number, "")) for told in neighbours)


def _compared(told: Told, own: str) -> Compared:
    if not told.hash:
        return Compared(told=told, verdict=Verdict.UNTOLD)
    if not own:
        return Compared(told=told, verdict=Verdict.BEYOND)
    return Compared(told=told, verdict=Verdict.SAME if told.hash == own else Verdict.OTHER, ours=own)


def since(before: Mapping[str, float], compared: Iterable[Compared], now: float) -> dict[str, float]:
    """From when on each neighbour differs, look after look.

    One that was not heard, or is beyond our head, is neither the same nor another: it stays as it was.

    Args:
        before: what this gave at the last look.
        compared: this look.
        now: monotonic seconds.
    """
    found: dict[str, float] = {}
    for each in compared:
        name = each.told.name
        if each.verdict is Verdict.OTHER:
            found[name] = before.get(name, now)
        elif each.verdict is not Verdict.SAME and name in before:
            found[name] = before[name]
    return found


def lasting(differs: Mapping[str, float], now: float) -> tuple[str, ...]:
    """Who differs, by `since`, and has for so long that it does not pass by itself."""
    return tuple(name for name, began in differs.items() if now - began >= LASTS)
