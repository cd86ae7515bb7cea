"""How fast the node's data grows, and when the disk is full by it: from points taken each hour. Pure.

A point's time is that of the chain's head, not this host's clock: a clock that is set later changes no rate,
and neither does a chain that stands still or is caught up with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

HOUR, DAY = 3_600, 86_400

FINE = 2 * DAY
"""Seconds of chain for which every hour's point is kept; of the days before, one each."""

LONG = 60 * DAY
"""Seconds of chain after which a point is dropped: what was then is no measure of tomorrow."""

LEAST = 6 * HOUR
"""Seconds of chain that the points must span before a rate is told: the database grows and shrinks by some
tens of megabytes when it tidies up."""


@dataclass(frozen=True, slots=True)
class Point:
    """What the data took at one head."""

    at: int
    """Unix seconds of the head's timestamp."""
    size: int
    """Bytes on the disk."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is to be expected."""

    per_day: int
    """Bytes; 0 where nothing grows."""
    days: float | None
    """Until the disk is full, if nothing else writes to it; None: it does not fill up."""


def is_due(points: Sequence[Point], head_time: int) -> bool:
    """Whether another point is to be taken: each hour of chain, and when the chain is another one."""
    return not points or not 0 <= head_time - points[-1].at < HOUR


def noted(points: Sequence[Point], new: Point) -> tuple[Point, ...]:
    """The points with another one, oldest first, thinned out where they are old.

    Points of heads after the new one are of a chain that was given up.
    """
    kept: list[Point] = []
    days: set[int] = set()
    for point in points:
        age = new.at - point.at
        if age <= 0 or age > LONG:
            continue
        if age > FINE:
            if point.at // DAY in days:
                continue
            days.add(point.at // DAY)
        kept.append(point)
    return (*kept, new)


def forecast(points: Sequence[Point], free: int) -> Forecast | None:
    """What the points say; None: too little is known yet.

    The rate is the median of the slopes between all points that are at least half of the time apart (Theil
    and Sen): a database that has just tidied up moves a few of them, not their middle.

    Args:
        points: oldest first.
        free: bytes left on the disk.
    """
    per_day = _per_day(tuple(points))
    if per_day is None:
        return None
    return Forecast(per_day=per_day, days=round(free / per_day, 1) if per_day else None)


@lru_cache(maxsize=1)  # asked for each second, and another one each hour
def _per_day(points: tuple[Point, ...]) -> int | None:
    span = points[-1].at - points[0].at if points else 0
    if span < LEAST:
        return None
    slopes = sorted(
        (later.size - early.size) / (later.at - early.at)
        for number, early in enumerate(points)
        for later in points[number + 1 :]
        if later.at - early.at >= span / 2
    )
    return max(round(slopes[len(slopes) // 2] * DAY), 0)
