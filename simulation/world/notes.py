"""What is worth knowing afterwards about a world that ran: switchings, shorts, outages, energy over time."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Switching:
    """A contact moved; with the counters (mWh) of its line at that moment."""

    at: float
    contact: str
    closed: bool
    delivered: float = 0.0
    received: float = 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """A short, an outage, or a battery's fall below its threshold."""

    at: float
    kind: Literal["short", "outage", "below"]
    household: str
    seconds: float = 0.0
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A line's counters (mWh) at one moment, noted about every tenth of a second while energy flows."""

    at: float
    line: str
    delivered: float
    received: float


Note = Switching | Event | Flow
KINDS: dict[str, type[Note]] = {"Switching": Switching, "Event": Event, "Flow": Flow}


def write(note: Note) -> str:
    """One line of JSON."""
    return json.dumps({"note": type(note).__name__, **asdict(note)})


def read(lines: Iterable[str], until: float) -> list[Note]:
    """The notes in these lines up to a moment; a torn last line counts as not written."""
    notes: list[Note] = []
    for line in lines:
        try:
            plain = json.loads(line)
        except ValueError:
            continue
        kind = KINDS[plain.pop("note")]
        note = kind(**plain)
        if note.at <= until:
            notes.append(note)
    return notes


def energy(flows: Sequence[Flow], start: float, end: float) -> tuple[float, float]:
    """(delivered, received) in mWh over one line between two moments, interpolated between its notes.

    Args:
        flows: of that one line, in order.
        start: world seconds.
        end: world seconds.
    """
    first, last = counters(flows, start), counters(flows, end)
    return last[0] - first[0], last[1] - first[1]


def counters(flows: Sequence[Flow], at: float) -> tuple[float, float]:
    """The line's counters (delivered, received) at a moment."""
    after = bisect_right(flows, at, key=lambda flow: flow.at)
    if after == 0:
        return (0.0, 0.0)
    before = flows[after - 1]
    if after == len(flows):
        return (before.delivered, before.received)
    following = flows[after]
    share = (at - before.at) / (following.at - before.at)
    return (
        before.delivered + share * (following.delivered - before.delivered),
        before.received + share * (following.received - before.received),
    )
