"""How long what was measured stays: samples, and the rollups of each level. Deleted in small steps.

What is deleted by age is whole days (UTC), and an hour late: so no bucket of a rollup loses a part of its
samples, and whoever walks the chain of the readings at that moment is not told of a batch that has just gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.readings.interface import Level, Readings

if TYPE_CHECKING:
    from node.readings.settings import ReadingsSettings

DAY_MS = 86_400_000

LATE = 3_600_000
"""ms that everything stays longer than is promised."""


@dataclass(frozen=True, slots=True)
class Old:
    """What is too old to be kept."""

    level: Level | None
    """Of the rollups; None: samples."""

    before: int
    """Unix ms."""


@dataclass(slots=True)
class Gone:
    """What was deleted since the last time that nothing was left to delete."""

    samples: int = 0
    rollups: int = 0


def kept_since(settings: ReadingsSettings, now: int) -> int:
    """The moment before which samples may have been deleted by age.

    Args:
        now: Unix ms, as what is returned.
    """
    return now - settings.keep_days * DAY_MS


class Retention:
    """Goes through everything that is too old, once a day and after a start."""

    def __init__(self, settings: ReadingsSettings) -> None:
        self._settings = settings
        self._day: int | None = None
        self._left: list[Old] = []
        self._gone = Gone()

    def step(self, readings: Readings, now: int) -> Gone | None:
        """Delete a bounded number of rows, if there are any to delete.

        Args:
            now: Unix ms.

        Returns:
            What was deleted in all, when that was the last step of several; else None.

        Raises:
            StoreError: the readings cannot be written; the same step is due again.
        """
        today = (now - LATE) // DAY_MS
        if self._day != today:
            self._left, self._day = list(olds(self._settings, today * DAY_MS)), today
        if not self._left:
            return None
        old = self._left[0]
        if old.level is None:
            deleted = readings.prune(old.before)
            self._gone.samples += deleted
        else:
            deleted = readings.thin(old.level, old.before)
            self._gone.rollups += deleted
        if deleted:
            return None
        self._left.pop(0)
        if self._left or self._gone == Gone():
            return None
        gone, self._gone = self._gone, Gone()
        return gone


def olds(settings: ReadingsSettings, today: int) -> Iterator[Old]:
    """What is too old, the finest first: what is coarser is made of it.

    Args:
        today: Unix ms at which the day began.
    """
    kept = settings.keep_rollups
    yield Old(None, kept_since(settings, today))
    days = {
        Level.MINUTE: kept.minutes,
        Level.QUARTER: kept.quarters,
        Level.HOUR: kept.quarters,
        Level.DAY: kept.days,
    }
    for level, count in days.items():
        if count is not None:
            yield Old(level, today - count * DAY_MS)
