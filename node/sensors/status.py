"""How every sensor does, as the logger sees it: `run/sensors.json`, written each sample.

    {"sensors": {"load": {"driver", "state", "reason", "failures", "since", "again",
                          "taken", "quality", "values": {"power": 12000, …},
                          "rating", "corrections": {"power": [zero, gain]}}}}

Times are boottime seconds, values in the units of `driver.Quantity`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from node.sensors.driver import Quality
from store import snapshot

FILE = "sensors.json"
"""In `paths.run`."""

LOGGER_GONE = 5.0
"""Seconds; an older file is not one of a running logger."""


UNSTATED = 5_000_000
"""mW: the rating of a sensor of which nobody said one."""


class State(StrEnum):
    """What a sensor does."""

    STARTING = "starting"
    """Its driver is being opened, or has not measured yet."""

    LIVE = "live"

    STALE = "stale"
    """It answers, but has nothing new or nothing that can be believed: its values are of the past."""

    FAILED = "failed"
    """Its driver was given up, and is started anew at `again`."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """One sensor."""

    driver: str
    state: State
    reason: str | None = None
    """What is wrong; None while it is live."""

    failures: int = 0
    """In a row."""

    since: float = 0.0
    """Since when it is in this state."""

    again: float | None = None
    """When it is started anew."""

    taken: float | None = None
    """When its newest believed values were measured."""

    quality: str = Quality.GOOD
    values: Mapping[str, int] = field(default_factory=dict)
    """Quantity → value, of then."""

    rating: int = 0
    """mW, the most that it can see."""

    corrections: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Quantity → zero and gain, which `values` are corrected by."""

    def age(self, now: float | None = None) -> float | None:
        """Seconds since the values were measured; None: never."""
        return None if self.taken is None else (snapshot.boottime() if now is None else now) - self.taken


def write(run: Path, sensors: Mapping[str, Status]) -> None:
    """Publish them all.

    Raises:
        Unwritable: the folder cannot be written.
    """
    snapshot.write(run / FILE, {"sensors": {name: asdict(one) for name, one in sensors.items()}})


def read(run: Path, now: float | None = None) -> dict[str, Status] | None:
    """What a running logger last published; None if none runs."""
    found = snapshot.read(run / FILE)
    if found is None or not -1 <= found.age(now) <= LOGGER_GONE:
        return None
    sensors = found.fields.get("sensors")
    if not isinstance(sensors, dict):
        return None
    try:
        return {name: _status(fields) for name, fields in sensors.items()}
    except (TypeError, ValueError, KeyError):
        return None


def _status(fields: dict[str, Any]) -> Status:
    given = fields.get("corrections", {})
    corrections = {name: (int(zero), float(gain)) for name, (zero, gain) in given.items()}
    return Status(**{**fields, "state": State(fields["state"]), "corrections": corrections})
