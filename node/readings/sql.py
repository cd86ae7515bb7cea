"""What readings in SQLite and in PostgreSQL have in common: nearly every question, and the rollups.

Queries are written with SQLite's placeholder, `?`, and hold no other question mark and no percent sign.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from operator import attrgetter
from typing import Any, Generic, Self, TypeVar

from node.readings import chain
from node.readings.interface import (
    STEP_ROWS,
    Batch,
    Flow,
    Level,
    Mark,
    Point,
    Rollup,
    Sample,
    Value,
    rolled,
    slices,
)
from node.readings.rollups import CHARTED, FINER, MEASURED, Bucket, charted, fold, rollups
from node.readings.statements import ANEW, BUCKET, ROLLED, folding, newest_by, places
from node.sensors.driver import Quantity
from store.errors import StoreError

C = TypeVar("C")

SAMPLE = ("meter", "taken", *chain.FIELDS)
COLUMNS = "meters.name AS meter, taken, voltage, current, power, forward, reverse, soc"
METER = "(SELECT id FROM meters WHERE name = ?)"
KEY = "meter, taken, batch"


class SqlReadings(ABC, Generic[C]):
    """See `node.readings.interface.Readings`. `C` is a connection."""

    @abstractmethod
    def _connection(self) -> AbstractContextManager[C]:
        """A connection for one call; its errors become those of a store."""

    @abstractmethod
    def _rows(self, connection: C, query: str, values: Sequence[object] = ()) -> Sequence[Sequence[Any]]:
        """What a query finds."""

    @abstractmethod
    def _change(self, connection: C, query: str, values: Sequence[object]) -> int:
        """Run a statement; how many rows it changed."""

    @abstractmethod
    def _change_each(self, connection: C, query: str, values: Sequence[Sequence[object]]) -> None:
        """Run a statement for each of these values."""

    @abstractmethod
    def _transaction(self, connection: C) -> AbstractContextManager[object]:
        """All of it or nothing."""

    @abstractmethod
    def _alone(self, connection: C) -> None:
        """Keep other writers out until the transaction ends."""

    @abstractmethod
    def _insert(self, connection: C, pages: Sequence[tuple[Batch, Sequence[Sample]]]) -> dict[str, int]:
        """Store batches with their samples; the ids of all meters."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""

    def append(self, samples: Sequence[Sample], mark: Mark | None = None) -> None:
        """Store one batch."""
        if not samples:
            return
        canonical = chain.ordered(samples)
        with self._connection() as connection, self._transaction(connection):
            self._alone(connection)
            if not self._moved(connection, mark):
                return
            previous = self._newest(connection)
            batch = chain.next_batch(previous, canonical)
            if previous is not None and previous.content == batch.content:
                return
            meters = self._insert(connection, [(batch, canonical)])
            self._roll_up(connection, meters, canonical)

    def adopt(self, pages: Sequence[tuple[Batch, Sequence[Sample]]]) -> None:
        """Store batches of another store as they are there, without their rollups.

        Raises:
            StoreError: they do not follow this store's newest batch.
        """
        with self._connection() as connection, self._transaction(connection):
            self._alone(connection)
            newest = self._newest(connection)
            due = 1 if newest is None else newest.number + 1
            if pages[0][0].number != due:
                raise StoreError(
                    f"batch {due} is due here, not {pages[0][0].number}: another writer is at work"
                )
            self._insert(connection, pages)

    def marks(self) -> list[Mark]:
        """How far every spool is stored."""
        with self._connection() as connection:
            return [Mark(*row) for row in self._rows(connection, "SELECT spool, number FROM spooled")]

    def adopt_marks(self, marks: Sequence[Mark]) -> None:
        """Take over how far another store has stored the spools, which was copied whole."""
        with self._connection() as connection, self._transaction(connection):
            for mark in marks:
                self._moved(connection, mark)

    def kept(self, meter: str, level: Level, after: int, count: int) -> list[Bucket]:
        """The rollups that are kept, as they are: the `count` that begin after a moment."""
        query = (
            f"SELECT {BUCKET} FROM rollups WHERE level = ? AND meter = {METER} AND at > ? "  # noqa: S608
            "ORDER BY at LIMIT ?"
        )
        with self._connection() as connection:
            return [Bucket(*row) for row in self._rows(connection, query, (level, meter, after, count))]

    def adopt_rollups(self, meter: str, level: Level, buckets: Sequence[Bucket]) -> None:
        """Keep rollups of another store as they are there."""
        with self._connection() as connection, self._transaction(connection):
            number = self._meters(connection, [meter])[meter]
            columns = places(2 + len(dataclasses.fields(Bucket)))
            self._change_each(
                connection,
                f"INSERT INTO rollups (level, meter, {BUCKET}) VALUES ({columns}) {ANEW}",  # noqa: S608
                [(int(level), number, *dataclasses.astuple(bucket)) for bucket in buckets],
            )

    def between(self, meter: str, quantity: Quantity, start: int, end: int, points: int) -> list[Point]:
        """A chart of one quantity."""
        first, length = slices(start, end, points)
        query = f"""
            SELECT (taken - ?) / ? AS slice, min({quantity}), sum({quantity}), count(*), max({quantity})
            FROM samples WHERE meter = {METER} AND taken >= ? AND taken < ? AND {quantity} IS NOT NULL
            GROUP BY slice ORDER BY slice
            """  # noqa: S608 - the column is one of Quantity's words
        with self._connection() as connection:
            rows = self._rows(connection, query, (first, length, meter, start, end))
        return [
            Point(first + part * length, low, round(total / count), high)
            for part, low, total, count, high in rows
        ]

    def points(self, meter: str, quantity: Quantity, start: int, end: int, limit: int) -> list[Value]:
        """What was measured."""
        query = (
            f"SELECT taken, {quantity} FROM samples WHERE meter = {METER} AND taken >= ? AND taken < ? "  # noqa: S608
            f"AND {quantity} IS NOT NULL ORDER BY taken, batch LIMIT ?"
        )
        with self._connection() as connection:
            return [Value(*row) for row in self._rows(connection, query, (meter, start, end, limit))]

    def rollup(self, meter: str, level: Level, start: int, end: int) -> list[Rollup]:
        """The buckets of a span."""
        first = -(-start // level) * level
        with self._connection() as connection:
            buckets = self._buckets(connection, meter, level, first, end)
            rows = self._rows(
                connection,
                f"SELECT {BUCKET} FROM rollups WHERE level = ? AND meter = {METER} AND at < ? "  # noqa: S608
                "ORDER BY at DESC LIMIT 1",
                (level, meter, first),
            )
        return list(rollups(Bucket(*rows[0]) if rows else None, buckets))

    def chart(self, meter: str, start: int, end: int, points: int) -> list[Point]:
        """A chart of the power."""
        _, length = slices(start, end, points)
        level = rolled(length)
        if level is None:
            return self.between(meter, Quantity.POWER, start, end, points)
        length = -(-length // level) * level
        query = (
            f"SELECT at / ? * ? AS slice, {CHARTED} FROM rollups "  # noqa: S608
            f"WHERE level = ? AND meter = {METER} AND at >= ? AND at < ? GROUP BY slice ORDER BY slice"
        )
        first = start // level * level
        with self._connection() as connection:
            rows = self._rows(connection, query, (length, length, level, meter, first, end))
            tail = self._filling(connection, meter, level, first, end)
        return charted(fold([*(_bucket(row) for row in rows), *tail], length))

    def energy(self, meter: str, start: int, end: int) -> Flow | None:
        """What the meter's registers counted."""
        return self.counted(meter, (start, end))[0]

    def counted(self, meter: str, moments: Sequence[int]) -> list[Flow | None]:
        """What the meter's registers counted between each two moments."""
        with self._connection() as connection:
            registers = self._registers_by(connection, meter, moments)
            first = None if all(registers) else self._first_register(connection, meter)
        return [_flow(began or first, ended) for began, ended in pairwise(registers)]

    def spots(self, meter: str, moments: Sequence[int]) -> list[Sample | None]:
        """The newest sample by each moment."""
        with self._connection() as connection:
            found = [self._sample_by(connection, meter, moment) for moment in moments]
        return [None if row is None else sample_of(row[1:]) for row in found]

    def batches(self, start: int, end: int) -> list[Batch]:
        """The links of the chain with samples in this span."""
        query = "SELECT * FROM batches WHERE last >= ? AND first < ? ORDER BY number"
        with self._connection() as connection:
            return [Batch(*row) for row in self._rows(connection, query, (start, end))]

    def links(self, after: int, count: int) -> list[Batch]:
        """The batches that follow a number."""
        with self._connection() as connection:
            return self._links(connection, after, count)

    def newest(self, before: int | None = None) -> Batch | None:
        """The newest batch."""
        with self._connection() as connection:
            if before is None:
                return self._newest(connection)
            query = "SELECT * FROM batches WHERE number = (SELECT max(number) FROM batches WHERE last < ?)"
            rows = self._rows(connection, query, (before,))
        return Batch(*rows[0]) if rows else None

    def sample_at(self, meter: str, moment: int) -> tuple[Sample, int] | None:
        """The newest sample by a moment."""
        with self._connection() as connection:
            row = self._sample_by(connection, meter, moment)
        return None if row is None else (sample_of(row[1:]), row[0])

    def stored(self, last: int) -> int:
        """How many samples there are."""
        query = "SELECT count(*) FROM samples WHERE batch <= ? OR batch NOT IN (SELECT number FROM batches)"
        with self._connection() as connection:
            return int(self._rows(connection, query, (last,))[0][0])

    def meters(self) -> list[str]:
        """The names of all meters."""
        with self._connection() as connection:
            return sorted(row[0] for row in self._rows(connection, "SELECT name FROM meters"))

    def marked(self, spool: int) -> int:
        """How far a spool is stored."""
        with self._connection() as connection:
            return self._marked(connection, spool)

    def prune(self, before: int) -> int:
        """Delete a step of old samples, whole batches where it can; what is not rolled up yet is so first."""
        with self._connection() as connection, self._transaction(connection):
            meters = self._meter_ids(connection)
            keys = self._oldest(connection, meters, before)
            until = before + Level.MINUTE
            self._complete(connection, dict.fromkeys((key[0] for key in keys), until), until)
            self._change_each(
                connection, "DELETE FROM samples WHERE meter = ? AND taken = ? AND batch = ?", keys
            )
        return len(keys)

    def thin(self, level: Level, before: int) -> int:
        """Delete a step of old rollups."""
        deleted = 0
        query = (
            "DELETE FROM rollups WHERE (level, meter, at) IN (SELECT level, meter, at "
            "FROM rollups WHERE level = ? AND meter = ? AND at < ? ORDER BY at LIMIT ?)"
        )
        with self._connection() as connection, self._transaction(connection):
            meters = self._meter_ids(connection)
            for coarser in (each for each, finer in FINER.items() if finer == level):
                until = before + coarser
                self._complete(connection, dict.fromkeys(meters, until), until, [coarser])
            for meter in meters:
                deleted += self._change(connection, query, (level, meter, before, STEP_ROWS - deleted))
        return deleted

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _meters(self, connection: C, names: Iterable[str]) -> dict[str, int]:
        """The ids of all meters, these included."""
        query = "SELECT name, id FROM meters"
        known = dict(map(tuple, self._rows(connection, query)))
        fresh = sorted(set(names) - known.keys())  # an insert that conflicts would use an id up, too
        if not fresh:
            return known
        self._change_each(connection, "INSERT INTO meters (name) VALUES (?)", [(name,) for name in fresh])
        return dict(map(tuple, self._rows(connection, query)))

    def _meter_ids(self, connection: C) -> list[int]:
        return [row[0] for row in self._rows(connection, "SELECT id FROM meters ORDER BY id")]

    def _oldest(self, connection: C, meters: Sequence[int], before: int) -> list[tuple[int, int, int]]:
        """The keys of a step of samples: those of whole batches, if there are any among the oldest."""
        query = (
            f"SELECT {KEY}, batches.samples FROM samples JOIN batches ON number = batch "  # noqa: S608
            "WHERE meter = ? AND taken < ? AND last < ? ORDER BY taken, batch LIMIT ?"
        )
        share = max(STEP_ROWS // max(len(meters), 1), 1)
        rows = [
            row for meter in meters for row in self._rows(connection, query, (meter, before, before, share))
        ]
        found = Counter(row[2] for row in rows)
        whole = [row for row in rows if found[row[2]] == row[3]]
        return [(row[0], row[1], row[2]) for row in whole or rows]

    def _marked(self, connection: C, spool: int) -> int:
        rows = self._rows(connection, "SELECT number FROM spooled WHERE spool = ?", (spool,))
        return int(rows[0][0]) if rows else 0

    def _moved(self, connection: C, mark: Mark | None) -> bool:
        """Move a spool's mark, in the batch's transaction; whether there is anything to store before it."""
        if mark is None:
            return True
        if mark.number <= self._marked(connection, mark.spool):
            return False
        self._change(
            connection,
            "INSERT INTO spooled VALUES (?, ?) ON CONFLICT (spool) DO UPDATE SET number = excluded.number",
            (mark.spool, mark.number),
        )
        return True

    def _newest(self, connection: C) -> Batch | None:
        rows = self._rows(connection, "SELECT * FROM batches ORDER BY number DESC LIMIT 1")
        return Batch(*rows[0]) if rows else None

    def _links(self, connection: C, after: int, count: int) -> list[Batch]:
        query = "SELECT * FROM batches WHERE number > ? ORDER BY number LIMIT ?"
        return [Batch(*row) for row in self._rows(connection, query, (after, count))]

    def _roll_up(self, connection: C, ids: Mapping[str, int], samples: Sequence[Sample]) -> None:
        """Fold what a batch completed, and once more what it came late for; in the batch's transaction.

        The bucket of a meter's newest sample still fills up and is not kept yet.
        """
        since: dict[int, int] = {}
        for sample in samples:  # in canonical order: a meter's first is its earliest
            since.setdefault(ids[sample.meter], sample.taken)
        self._complete(connection, since)

    def _complete(
        self,
        connection: C,
        since: Mapping[int, int],
        until: int | None = None,
        levels: Iterable[Level] = Level,
    ) -> None:
        """Keep the buckets that ended by `until` (None: by each meter's newest sample): those not kept yet,
        and anew those from each meter's `since` on."""
        if not since:
            return
        rows = self._rows(connection, f"{ROLLED} WHERE id IN ({places(len(since))})", [*since])
        for level in levels:
            spans: dict[tuple[int, int], list[int]] = {}
            for meter, newest, *starts in rows:
                end = (newest if until is None else until) // level * level
                fresh = dict(zip(Level, starts, strict=True))[level]
                first = min(since[meter], end if fresh is None else fresh) // level * level
                if first < end:
                    spans.setdefault((first, end), []).append(meter)
            for span, meters in spans.items():
                self._fold(connection, level, meters, *span)

    def _fold(self, connection: C, level: Level, meters: Sequence[int], start: int, end: int) -> None:
        """Make buckets."""
        self._change(connection, folding(level, len(meters)), (*meters, start, end))

    def _buckets(self, connection: C, meter: str, level: Level, start: int, end: int) -> list[Bucket]:
        """Those that begin in [start, end), kept or still filling up."""
        rows = self._rows(
            connection,
            f"SELECT {BUCKET} FROM rollups WHERE level = ? AND meter = {METER} AND at >= ? AND at < ? "  # noqa: S608
            "ORDER BY at",
            (level, meter, start, end),
        )
        return [*(Bucket(*row) for row in rows), *self._filling(connection, meter, level, start, end)]

    def _filling(self, connection: C, meter: str, level: Level, start: int, end: int) -> list[Bucket]:
        """The buckets that are not kept yet, out of the next finer level, in the end out of samples."""
        query = f"SELECT max(at) FROM rollups WHERE level = ? AND meter = {METER}"  # noqa: S608
        rolled = self._rows(connection, query, (level, meter))[0][0]
        first = start if rolled is None else max(start, rolled + level)
        last = -(-end // level) * level
        if first >= last:
            return []
        finer = FINER.get(level)
        if finer is not None:
            return fold(self._buckets(connection, meter, finer, first, last), level)
        query = (
            f"SELECT taken / ? * ? AS bucket, {MEASURED} FROM samples "  # noqa: S608
            f"WHERE meter = {METER} AND taken >= ? AND taken < ? GROUP BY bucket ORDER BY bucket"
        )
        return [_bucket(row) for row in self._rows(connection, query, (level, level, meter, first, last))]

    def _sample_by(self, connection: C, meter: str, moment: int) -> Sequence[Any] | None:
        """The batch, and the sample, that were the newest by a moment."""
        query = (
            f"SELECT batch, {COLUMNS} FROM samples JOIN meters ON meters.id = samples.meter "  # noqa: S608
            f"WHERE meter = {METER} AND taken <= ? ORDER BY taken DESC, batch DESC LIMIT 1"
        )
        rows = self._rows(connection, query, (meter, moment))
        return rows[0] if rows else None

    def _registers_by(
        self, connection: C, meter: str, moments: Sequence[int]
    ) -> list[tuple[int, int] | None]:
        """The newest registers by each moment; where samples are gone, of a bucket that ended by then."""
        [known] = self._rows(connection, f"SELECT {METER}", (meter,))
        if not moments or known[0] is None:
            return [None] * len(moments)
        asked = ", ".join(["(?)"] * len(moments))
        forward, reverse = (newest_by(register, int(known[0])) for register in ("forward", "reverse"))
        rows = self._rows(
            connection,
            f"WITH asked (moment) AS (VALUES {asked}) SELECT moment, {forward}, {reverse} FROM asked",  # noqa: S608
            moments,
        )
        found = {moment: (there, back) for moment, there, back in rows if there is not None}
        return [found.get(moment) for moment in moments]

    def _first_register(self, connection: C, meter: str) -> tuple[int, int] | None:
        """The first registers that there are."""
        having = "forward IS NOT NULL AND reverse IS NOT NULL"
        found: list[Sequence[Any]] = []
        for level in Level:
            found += self._rows(
                connection,
                f"SELECT at, forward_from, reverse_from FROM rollups WHERE level = ? AND meter = {METER} "  # noqa: S608
                f"AND {having} ORDER BY at LIMIT 1",
                (level, meter),
            )
        found += self._rows(
            connection,
            f"SELECT taken, forward, reverse FROM samples WHERE meter = {METER} AND {having} "  # noqa: S608
            "ORDER BY taken, batch LIMIT 1",
            (meter,),
        )
        first = min(found, key=lambda row: row[0], default=None)
        return None if first is None else (first[1], first[2])


def _flow(began: tuple[int, int] | None, ended: tuple[int, int] | None) -> Flow | None:
    if began is None or ended is None:
        return None
    return Flow(max(ended[0] - began[0], 0), max(ended[1] - began[1], 0))


def sample_of(row: Sequence[Any]) -> Sample:
    """A sample of a row of `COLUMNS`."""
    return Sample(**dict(zip(SAMPLE, row, strict=True)))


def rows(samples: Sequence[Sample]) -> Iterator[tuple[Any, ...]]:
    """Samples as rows of `SAMPLE`."""
    return map(attrgetter(*SAMPLE), samples)


def _bucket(row: Sequence[Any]) -> Bucket:
    """A bucket of a row in which SQL has summed: PostgreSQL's sums are decimals."""
    whole: list[Any] = [None if value is None else int(value) for value in row]
    return Bucket(*whole)
