"""What was found, and what a device that is tried says, as it comes: `run/found.json`, `run/tried.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from node.sensors.asked import FILES, What
from node.sensors.scanning import Found
from store import snapshot


class State(StrEnum):
    """How far it is."""

    GOING_ON = "going on"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """To one request."""

    id: str
    """Of the request."""

    state: State
    share: int = 0
    """Percent that is done."""

    doing: str = ""
    """What is looked at now."""

    found: tuple[Found, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be looked at, and what to do about it."""

    options: Mapping[str, str] = field(default_factory=dict)
    """What is tried: its driver and options."""

    samples: int = 0
    values: Mapping[str, int] = field(default_factory=dict)
    """Of the last sample: quantity → value, in the units of `driver.Quantity`."""

    quality: str = ""
    reason: str = ""
    """What is wrong."""


def write(run: Path, what: What, answer: Answer) -> None:
    """Tell it.

    Raises:
        Unwritable: the folder cannot be written.
    """
    snapshot.write(run / FILES[what], asdict(answer))


def read(run: Path, what: What) -> tuple[Answer, float] | None:
    """The newest answer, and how many seconds old it is; None: there is none since the boot."""
    told = snapshot.read(run / FILES[what])
    if told is None:
        return None
    try:
        fields = dict(told.fields)
        fields["state"] = State(fields["state"])
        fields["found"] = tuple(Found(**each) for each in fields["found"])
        fields["notes"] = tuple(fields["notes"])
        return Answer(**fields), told.age()
    except (KeyError, TypeError, ValueError):
        return None
