"""Readings as a reader sees them: what is stored, and after it what is still in the spool.

Both are looked at in one moment: what a spool's mark says is stored is taken from the store alone. The chain
of batches is that of the store, for what is not stored yet is in no batch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from operator import attrgetter
from pathlib import Path
from typing import Self, TypeVar

from node.readings import adding
from node.readings.interface import (
    Batch,
    Flow,
    Level,
    Mark,
    Point,
    Readings,
    Rollup,
    Sample,
    Value,
    rolled,
    slices,
)
from node.readings.spool.segments import waiting
from node.sensors.driver import Quantity

T = TypeVar("T")

TRIES = 3
"""Times that is asked anew, because a batch went from the spool into the store meanwhile."""

ALL = 2**31 - 1


class Fresh:
    """See `node.readings.interface.Readings`; for readers on the logger's host."""

    def __init__(self, stored: Readings, spool: Path) -> None:
        """Put them together.

        Args:
            spool: the folder of the spool.
        """
        self._stored = stored
        self._spool = spool

    def between(self, meter: str, quantity: Quantity, start: int, end: int, points: int) -> list[Point]:
        """A chart of one quantity."""
        first, length = slices(start, end, points)

        def asked(spooled: list[Sample]) -> list[Point]:
            own = _values(spooled, meter, quantity, start, end)
            stored = self._stored.between(meter, quantity, start, end, points)
            if not own:
                return stored
            began, ended = (first + (own[at].taken - first) // length * length for at in (0, -1))
            there = self._stored.points(meter, quantity, max(start, began), min(end, ended + length), ALL)
            touched = groupby(
                sorted([*there, *own], key=attrgetter("taken")), lambda each: (each.taken - first) // length
            )
            anew = [adding.point(first + part * length, list(values)) for part, values in touched]
            return [
                *(each for each in stored if each.at < began),
                *anew,
                *(each for each in stored if each.at > ended),
            ]

        return self._asked(asked)

    def points(self, meter: str, quantity: Quantity, start: int, end: int, limit: int) -> list[Value]:
        """What was measured."""

        def asked(spooled: list[Sample]) -> list[Value]:
            stored = self._stored.points(meter, quantity, start, end, limit)
            own = _values(spooled, meter, quantity, start, end)
            return sorted([*stored, *own], key=attrgetter("taken"))[:limit] if own else stored

        return self._asked(asked)

    def rollup(self, meter: str, level: Level, start: int, end: int) -> list[Rollup]:
        """The buckets of a span."""
        first, last = -(-start // level) * level, -(-end // level) * level

        def asked(spooled: list[Sample]) -> list[Rollup]:
            stored = self._stored.rollup(meter, level, start, end)
            by_then = [each for each in _of(spooled, meter) if each.taken < last]
            own = [each for each in by_then if first <= each.taken]
            if not own:
                return stored
            there = self._stored.sample_at(meter, own[0].taken)
            before = [*([there[0]] if there else []), *by_then[: -len(own)]]
            return adding.rollups(stored, own, level, max(before, key=attrgetter("taken"), default=None))

        return self._asked(asked)

    def chart(self, meter: str, start: int, end: int, points: int) -> list[Point]:
        """A chart of the power."""
        _, length = slices(start, end, points)
        level = rolled(length)
        if level is None:
            return self.between(meter, Quantity.POWER, start, end, points)
        length, first = -(-length // level) * level, start // level * level

        def asked(spooled: list[Sample]) -> list[Point]:
            found = {each.at: each for each in self._stored.chart(meter, start, end, points)}
            own = _values(spooled, meter, Quantity.POWER, first, end)
            for at, values in groupby(own, lambda each: each.taken // length * length):
                there = self._stored.rollup(meter, level, max(at, first), min(at + length, end))
                found[at] = adding.charted(at, there, list(values))
            return [found[at] for at in sorted(found)]

        return self._asked(asked)

    def latest(self) -> dict[str, Sample]:
        """The newest sample of every meter."""

        def asked(spooled: list[Sample]) -> dict[str, Sample]:
            found = self._stored.latest()
            for each in spooled:
                if each.meter not in found or found[each.meter].taken <= each.taken:
                    found[each.meter] = each
            return found

        return self._asked(asked)

    def meters(self) -> list[str]:
        """The names of all meters."""
        return self._asked(
            lambda spooled: sorted({*self._stored.meters(), *(each.meter for each in spooled)})
        )

    def energy(self, meter: str, start: int, end: int) -> Flow | None:
        """What the meter's registers counted."""

        def asked(spooled: list[Sample]) -> Flow | None:
            return self._added(self._stored.energy(meter, start, end), _of(spooled, meter), start, end)

        return self._asked(asked)

    def counted(self, meter: str, moments: Sequence[int]) -> list[Flow | None]:
        """What the meter's registers counted between each two moments."""

        def asked(spooled: list[Sample]) -> list[Flow | None]:
            stored, own = self._stored.counted(meter, moments), _of(spooled, meter)
            first = own[0].taken if own else None
            return [
                flow if first is None or end < first else self._added(flow, own, start, end)
                for flow, (start, end) in zip(stored, pairwise(moments), strict=True)
            ]

        return self._asked(asked)

    def spots(self, meter: str, moments: Sequence[int]) -> list[Sample | None]:
        """The newest sample by each moment."""

        def asked(spooled: list[Sample]) -> list[Sample | None]:
            own = _of(spooled, meter)
            taken = [each.taken for each in own]
            found = list(self._stored.spots(meter, moments))
            for place, moment in enumerate(moments):
                known, stored = bisect_right(taken, moment), found[place]
                if known and (stored is None or stored.taken <= taken[known - 1]):
                    found[place] = own[known - 1]
            return found

        return self._asked(asked)

    def append(self, samples: Sequence[Sample], mark: Mark | None = None) -> None:
        """Store one batch."""
        self._stored.append(samples, mark)

    def marked(self, spool: int) -> int:
        """How far a spool is stored."""
        return self._stored.marked(spool)

    def batches(self, start: int, end: int) -> list[Batch]:
        """The links of the chain with samples in this span."""
        return self._stored.batches(start, end)

    def links(self, after: int, count: int) -> list[Batch]:
        """The batches that follow a number."""
        return self._stored.links(after, count)

    def pages(self, after: int, count: int) -> list[tuple[Batch, list[Sample]]]:
        """Batches with their samples."""
        return self._stored.pages(after, count)

    def newest(self, before: int | None = None) -> Batch | None:
        """The newest batch."""
        return self._stored.newest(before)

    def sample_at(self, meter: str, moment: int) -> tuple[Sample, int] | None:
        """The newest stored sample by a moment."""
        return self._stored.sample_at(meter, moment)

    def stored(self, last: int) -> int:
        """How many samples there are."""
        return self._stored.stored(last)

    def prune(self, before: int) -> int:
        """Delete old samples."""
        return self._stored.prune(before)

    def thin(self, level: Level, before: int) -> int:
        """Delete old rollups."""
        return self._stored.thin(level, before)

    def close(self) -> None:
        """Let go of the store."""
        self._stored.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _added(self, stored: Flow | None, own: list[Sample], start: int, end: int) -> Flow | None:
        """An energy with what one meter's samples in the spool add to it."""
        base = self._stored.sample_at(own[0].meter, end) if own else None
        return adding.energy(stored, None if base is None else base[0], own, start, end)

    def _asked(self, ask: Callable[[list[Sample]], T]) -> T:
        """What follows from the samples that are not stored yet, by a store that did not move meanwhile."""
        for _ in range(TRIES):
            seen = waiting(self._spool)
            if seen.spool is None:
                return ask([])
            mark = self._stored.marked(seen.spool)
            answer = ask(seen.after(mark))
            if self._stored.marked(seen.spool) == mark:
                break
        return answer


def _of(spooled: list[Sample], meter: str) -> list[Sample]:
    """One meter's samples in the order of time."""
    return sorted((each for each in spooled if each.meter == meter), key=attrgetter("taken"))


def _values(spooled: list[Sample], meter: str, quantity: Quantity, start: int, end: int) -> list[Value]:
    return [
        Value(each.taken, value)
        for each in _of(spooled, meter)
        if start <= each.taken < end and (value := getattr(each, quantity)) is not None
    ]
