"""Which intervals are to be reported now. Pure.

Intervals lie on a grid that begins at midnight UTC, the same for all households: it has no days of 23 or 25
hours. An interval's number in the report is the Unix second at which it starts, so numbers rise even when the
household comes to report more often, or less.
"""

from __future__ import annotations

GRACE = 30
"""Seconds after an interval's end until it is reported: by then its last readings are stored."""

MOST = 32
"""Intervals in one transaction."""

BACKLOG = 96
"""Intervals that are made up for after an absence; the sums of older ones are not reported any more."""


def due(
    now: float, length: int, *, oldest: int | None, reported: int | None, lowest: int
) -> list[tuple[int, int]]:
    """The intervals to report, each as (start, end) in Unix seconds, end exclusive; the oldest first.

    Args:
        now: Unix seconds.
        length: of an interval, s.
        oldest: when the first reading was taken; None: there is none.
        reported: the end of the last interval that this household knows to have reported.
        lowest: the lowest number that the chain takes.
    """
    if oldest is None:
        return []
    ended = floor(int(now) - GRACE, length)
    if reported is not None and reported >= lowest:
        start = reported
    else:
        start = max(floor(oldest, length), -floor(-lowest, length))
    start = max(start, ended - BACKLOG * length)
    found: list[tuple[int, int]] = []
    while start < ended and len(found) < MOST:
        end = floor(start, length) + length
        found.append((start, end))
        start = end
    return found


def wakes(now: float, length: int) -> float:
    """Seconds until the next interval can be reported."""
    return floor(int(now) - GRACE, length) + length + GRACE - now


def floor(moment: int, length: int) -> int:
    """The point of the grid at or before a moment."""
    return moment // length * length
