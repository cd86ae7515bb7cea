"""A span of time cut where its price changes, so that each piece's energy has one price: pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from node.local_time import local_day, unix_ms
from node.tariffs.plan import NO_FILES, Charge, Files, Plan, charge_at
from quantities.money import MWH_PER_KWH


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Time at one price. Unix ms; the end is not in it."""

    start: int
    end: int
    charge: Charge | None
    """None: no version of the plan holds yet."""


def pieces(plan: Plan, start: int, end: int, where: ZoneInfo, files: Files = NO_FILES) -> list[Piece]:
    """Cut [start, end) into the fewest pieces that each have one charge, in order and without gaps.

    Every reading of the clock counts: the hour that comes twice in autumn has its price twice, the one that
    is left out in spring none.
    """
    cuts = sorted({start, *_changes(plan, start, end, where, files)})
    found: list[Piece] = []
    for first, last in zip(cuts, [*cuts[1:], end], strict=True):
        if first >= last:
            continue
        charge = charge_at(plan, first, where, files)
        if found and found[-1].charge == charge:
            found[-1] = Piece(start=found[-1].start, end=last, charge=charge)
        else:
            found.append(Piece(start=first, end=last, charge=charge))
    return found


def cost(parts: Iterable[tuple[int, int]]) -> int:
    """What energies cost together, in micro-units, rounded once, half to even.

    Args:
        parts: mWh, and the price of each in micro-units per kWh.
    """
    return _half_even(sum(mwh * price for mwh, price in parts), MWH_PER_KWH)


def _changes(plan: Plan, start: int, end: int, where: ZoneInfo, files: Files) -> Iterator[int]:
    """Every moment within the span at which the price may change; some at which it does not."""
    if end <= start:
        return
    minutes = {0}
    for version in plan.versions:
        for rate in version.rates:
            minutes |= {minute for minute in (rate.after, rate.before) if minute is not None}
    day, last = local_day(start, where) - timedelta(days=1), local_day(end, where)
    while day <= last:
        for at in (*_readings(day, minutes, where), *_shifts(day, where)):
            if start < at < end:
                yield at
        day += timedelta(days=1)
    for intervals in files.values():
        for edges in (intervals.starts, intervals.ends):
            yield from edges[bisect_right(edges, start) : bisect_left(edges, end)]


def _readings(day: date, minutes: set[int], where: ZoneInfo) -> Iterator[int]:
    """When the clock shows these minutes of a day: twice, where an hour comes twice."""
    for minute in minutes:
        shown = datetime(day.year, day.month, day.day, tzinfo=where) + timedelta(minutes=minute)
        for fold in (0, 1):
            yield unix_ms(shown.replace(fold=fold))


def _shifts(day: date, where: ZoneInfo) -> Iterator[int]:
    """When the clock is put forward or back on a day."""
    first = datetime(day.year, day.month, day.day, tzinfo=where).astimezone(UTC)
    low, high = 0, 48 * 3_600

    def offset(seconds: int) -> timedelta | None:
        return (first + timedelta(seconds=seconds)).astimezone(where).utcoffset()

    before = offset(low)
    if offset(high) == before:
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    yield unix_ms(first) + high * 1_000


def _half_even(value: int, divisor: int) -> int:
    """A quotient of integers, rounded half to even."""
    whole, rest = divmod(value, divisor)
    return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1))
