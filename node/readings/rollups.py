"""Rollups: what happened in each minute, quarter of an hour and day (UTC), kept when its samples are gone.

A bucket keeps what folds exactly: the least, the sum and the most of the power, and the registers where it
began and ended. So a day made of quarters is the day made of samples, and energies of neighbouring buckets
add up to what the registers say: what was counted between two buckets belongs to the later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from node.readings.interface import Level, Point, Rollup

FINER = {Level.QUARTER: Level.MINUTE, Level.HOUR: Level.QUARTER, Level.DAY: Level.QUARTER}
"""Out of which level each is folded; minutes are folded out of samples."""

FIRST_LEVELS = (Level.MINUTE, Level.QUARTER, Level.DAY)
"""Those of the migration that brought rollups; hours came later, and are made with the next batch."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One meter's rollup as it is kept; None where it did not measure that."""

    at: int
    """Unix ms at which it begins."""

    samples: int
    counted: int
    """Of these, how many have a power."""

    lowest: int | None
    total: int | None
    """Sum of the powers, mW."""

    highest: int | None
    forward_from: int | None
    """mWh, the register at its first sample."""

    forward: int | None
    """mWh, at its last."""

    reverse_from: int | None
    reverse: int | None


POWERS = "sum(samples), sum(counted), min(lowest), sum(total), max(highest)"
FOLDED = f"{POWERS}, min(forward_from), max(forward), min(reverse_from), max(reverse)"
"""Buckets out of buckets, in SQL: as `fold`."""

CHARTED = f"{POWERS}, NULL, NULL, NULL, NULL"
"""The same without registers."""

MEASURED = (
    "count(*), count(power), min(power), sum(power), max(power), "
    "min(forward), max(forward), min(reverse), max(reverse)"
)
"""Buckets out of samples, in SQL. Registers never fall: the largest is the last."""


def fold(buckets: Iterable[Bucket], length: int) -> list[Bucket]:
    """Longer buckets, of `length` ms, out of shorter ones in their order."""
    groups = groupby(buckets, lambda bucket: bucket.at // length * length)
    return [_folded(at, list(group)) for at, group in groups]


def rollups(before: Bucket | None, buckets: Iterable[Bucket]) -> Iterator[Rollup]:
    """Buckets as they are told, with energies; `before` is the one before the first."""
    forward, reverse = (None, None) if before is None else (before.forward, before.reverse)
    for bucket in buckets:
        yield Rollup(
            at=bucket.at,
            forward=_went(forward, bucket.forward_from, bucket.forward),
            reverse=_went(reverse, bucket.reverse_from, bucket.reverse),
            lowest=bucket.lowest,
            mean=None if bucket.total is None else round(bucket.total / bucket.counted),
            highest=bucket.highest,
            samples=bucket.samples,
        )
        forward = bucket.forward if bucket.forward is not None else forward
        reverse = bucket.reverse if bucket.reverse is not None else reverse


def charted(buckets: Iterable[Bucket]) -> list[Point]:
    """Buckets with a power as points of a chart."""
    return [
        Point(bucket.at, bucket.lowest, round(bucket.total / bucket.counted), bucket.highest)
        for bucket in buckets
        if bucket.lowest is not None and bucket.total is not None and bucket.highest is not None
    ]


def _folded(at: int, parts: list[Bucket]) -> Bucket:
    if len(parts) == 1 and parts[0].at == at:
        return parts[0]  # SQL has folded it: nearly all of a chart's
    return Bucket(
        at,
        sum(part.samples for part in parts),
        sum(part.counted for part in parts),
        min((part.lowest for part in parts if part.lowest is not None), default=None),
        sum(part.total or 0 for part in parts) if any(part.counted for part in parts) else None,
        max((part.highest for part in parts if part.highest is not None), default=None),
        min((part.forward_from for part in parts if part.forward_from is not None), default=None),
        max((part.forward for part in parts if part.forward is not None), default=None),
        min((part.reverse_from for part in parts if part.reverse_from is not None), default=None),
        max((part.reverse for part in parts if part.reverse is not None), default=None),
    )


def _went(before: int | None, first: int | None, last: int | None) -> int:
    """What a register counted; nothing where there is none, never below zero."""
    began = first if before is None else before
    return 0 if began is None or last is None else max(last - began, 0)
