"""Readings in a SQLite file: the default, made for one household and one writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Self

from node.readings import chain
from node.readings.interface import Batch, Flow, Point, Sample, slices
from node.sensors.driver import Quantity
from store import sqlite
from store.errors import StoreError, Unopenable

MIGRATIONS = (
    """
    CREATE TABLE meters (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE batches (
        number  INTEGER PRIMARY KEY,
        first   INTEGER NOT NULL,
        last    INTEGER NOT NULL,
        samples INTEGER NOT NULL,
        content BLOB NOT NULL,
        digest  BLOB NOT NULL
    ) STRICT;
    CREATE INDEX batches_by_time ON batches (last);
    -- A wall clock may step back: the batch keeps two samples of one moment apart.
    CREATE TABLE samples (
        meter   INTEGER NOT NULL REFERENCES meters (id),
        taken   INTEGER NOT NULL,
        batch   INTEGER NOT NULL REFERENCES batches (number),
        voltage INTEGER,
        current INTEGER,
        power   INTEGER,
        forward INTEGER,
        reverse INTEGER,
        soc     INTEGER,
        PRIMARY KEY (meter, taken, batch)
    ) STRICT, WITHOUT ROWID;
    """,
)

SAMPLE = ("meter", "taken", *chain.FIELDS)
COLUMNS = "meters.name AS meter, taken, voltage, current, power, forward, reverse, soc"
PRUNE_ROWS = 20_000
"""Deleted in one transaction, so that the writer's lock is short."""


class SqliteReadings:
    """See `node.readings.interface.Readings`. The writer keeps one connection; a reader opens one a call."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file.

        Raises:
            StoreError: it cannot be opened, or is newer than this code.
        """
        self._path = path
        self._lock = Lock()
        self._writer: sqlite3.Connection | None = None
        if not read_only:
            self._writer = sqlite.open_writer(path, "normal")
            try:
                sqlite.migrate(self._writer, MIGRATIONS)
            except StoreError:
                self._writer.close()
                raise

    def append(self, samples: Sequence[Sample]) -> None:
        """Store one batch."""
        if not samples:
            return
        canonical = chain.ordered(samples)
        with self._connection() as connection, sqlite.transaction(connection):
            row = connection.execute("SELECT * FROM batches ORDER BY number DESC LIMIT 1").fetchone()
            previous = None if row is None else Batch(**row)
            batch = chain.next_batch(previous, canonical)
            if previous is not None and previous.content == batch.content:
                return
            connection.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)",
                (batch.number, batch.first, batch.last, batch.samples, batch.content, batch.digest),
            )
            meters = self._meters(connection, {sample.meter for sample in canonical})
            connection.executemany(
                "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(meters[sample.meter], batch.number, sample) for sample in canonical],
            )

    def between(self, meter: str, quantity: Quantity, start: int, end: int, points: int) -> list[Point]:
        """A chart of one quantity."""
        first, length = slices(start, end, points)
        with self._connection() as connection:
            rows = connection.execute(
                f"""
                SELECT (taken - :first) / :length AS slice, min({quantity}), sum({quantity}), count(*),
                       max({quantity})
                FROM samples
                WHERE meter = (SELECT id FROM meters WHERE name = :meter)
                      AND taken >= :start AND taken < :end AND {quantity} IS NOT NULL
                GROUP BY slice ORDER BY slice
                """,  # noqa: S608 - the column is one of Quantity's words
                {"first": first, "length": length, "meter": meter, "start": start, "end": end},
            ).fetchall()
        return [
            Point(first + part * length, low, round(total / count), high)
            for part, low, total, count, high in rows
        ]

    def latest(self) -> dict[str, Sample]:
        """The newest sample of every meter."""
        query = (
            f"SELECT {COLUMNS} FROM meters JOIN samples ON samples.meter = meters.id "  # noqa: S608
            "WHERE meters.id = ? ORDER BY taken DESC, batch DESC LIMIT 1"
        )
        with self._connection() as connection:
            meters = connection.execute("SELECT id FROM meters").fetchall()
            rows = [connection.execute(query, (meter["id"],)).fetchone() for meter in meters]
        return {row["meter"]: Sample(**row) for row in rows if row is not None}

    def energy(self, meter: str, start: int, end: int) -> Flow | None:
        """What the meter's registers counted."""
        with self._connection() as connection:
            at_start = self._register(connection, meter, "taken <= ?", "DESC", start)
            at_start = at_start or self._register(connection, meter, "taken >= ?", "ASC", start)
            at_end = self._register(connection, meter, "taken <= ?", "DESC", end)
        if at_start is None or at_end is None:
            return None
        return Flow(max(at_end[0] - at_start[0], 0), max(at_end[1] - at_start[1], 0))

    def batches(self, start: int, end: int) -> list[Batch]:
        """The links of the chain with samples in this span."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT * FROM batches WHERE last >= ? AND first < ? ORDER BY number", (start, end)
            ).fetchall()
        return [Batch(**row) for row in rows]

    def links(self, after: int, count: int) -> list[Batch]:
        """The batches that follow a number."""
        with self._connection() as connection:
            return _links(connection, after, count)

    def pages(self, after: int, count: int) -> list[tuple[Batch, list[Sample]]]:
        """Batches with their samples."""
        # The times lead to the rows by the primary key; a sample that was moved in time is missing.
        query = (
            f"SELECT batch, {COLUMNS} FROM meters CROSS JOIN samples ON samples.meter = meters.id "  # noqa: S608
            "WHERE taken BETWEEN ? AND ? AND batch BETWEEN ? AND ? ORDER BY meters.name, taken"
        )
        with self._connection() as connection:
            batches = _links(connection, after, count)
            if not batches:
                return []
            found: dict[int, list[Sample]] = {batch.number: [] for batch in batches}
            times = (min(batch.first for batch in batches), max(batch.last for batch in batches))
            for number, *values in connection.execute(query, (*times, batches[0].number, batches[-1].number)):
                if number in found:
                    found[number].append(Sample(**dict(zip(SAMPLE, values, strict=True))))
        return [(batch, found[batch.number]) for batch in batches]

    def newest(self, before: int | None = None) -> Batch | None:
        """The newest batch."""
        with self._connection() as connection:
            if before is None:
                query = "SELECT * FROM batches ORDER BY number DESC LIMIT 1"
                row = connection.execute(query).fetchone()
            else:
                query = (
                    "SELECT * FROM batches WHERE number = (SELECT max(number) FROM batches WHERE last < ?)"
                )
                row = connection.execute(query, (before,)).fetchone()
        return None if row is None else Batch(**row)

    def sample_at(self, meter: str, moment: int) -> tuple[Sample, int] | None:
        """The newest sample by a moment."""
        query = (
            f"SELECT batch, {COLUMNS} FROM meters JOIN samples ON samples.meter = meters.id "  # noqa: S608
            "WHERE meters.name = ? AND taken <= ? ORDER BY taken DESC, batch DESC LIMIT 1"
        )
        with self._connection() as connection:
            row = connection.execute(query, (meter, moment)).fetchone()
        return None if row is None else (Sample(**{name: row[name] for name in SAMPLE}), row["batch"])

    def stored(self, last: int) -> int:
        """How many samples there are."""
        query = "SELECT count(*) FROM samples WHERE batch <= ? OR batch NOT IN (SELECT number FROM batches)"
        with self._connection() as connection:
            row = connection.execute(query, (last,)).fetchone()
        return int(row[0])

    def prune(self, before: int) -> int:
        """Delete old samples, a part of them at a time."""
        with self._connection() as connection:
            meters = [row["id"] for row in connection.execute("SELECT id FROM meters")]
        return sum(self._prune(meter, before) for meter in meters)

    def close(self) -> None:
        """Close the file; its log is folded into it."""
        with self._lock:
            if self._writer is not None:
                with suppress(sqlite3.Error):
                    self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _prune(self, meter: int, before: int) -> int:
        deleted, gone = 0, PRUNE_ROWS
        while gone == PRUNE_ROWS:
            with self._connection() as connection, connection:
                gone = connection.execute(
                    "DELETE FROM samples WHERE (meter, taken, batch) IN (SELECT meter, taken, batch "
                    "FROM samples WHERE meter = ? AND taken < ? "
                    "AND batch IN (SELECT number FROM batches WHERE last < ?) LIMIT ?)",
                    (meter, before, before, PRUNE_ROWS),
                ).rowcount
            deleted += gone
        return deleted

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._writer is not None:
                with self._lock:
                    yield self._writer
                return
            connection = sqlite.open_reader(self._path)
            try:
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise Unopenable(f"{self._path}: {error}; see `commonwatt doctor`") from error

    @staticmethod
    def _meters(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
        connection.executemany(
            "INSERT INTO meters (name) VALUES (?) ON CONFLICT DO NOTHING", [(name,) for name in sorted(names)]
        )
        return dict(connection.execute("SELECT name, id FROM meters").fetchall())

    @staticmethod
    def _register(
        connection: sqlite3.Connection, meter: str, where: str, order: str, moment: int
    ) -> tuple[int, int] | None:
        row = connection.execute(
            "SELECT forward, reverse FROM samples WHERE meter = (SELECT id FROM meters WHERE name = ?) "  # noqa: S608
            f"AND {where} AND forward IS NOT NULL AND reverse IS NOT NULL "
            f"ORDER BY taken {order}, batch {order} LIMIT 1",
            (meter, moment),
        ).fetchone()
        return None if row is None else (row["forward"], row["reverse"])


def _links(connection: sqlite3.Connection, after: int, count: int) -> list[Batch]:
    rows = connection.execute(
        "SELECT * FROM batches WHERE number > ? ORDER BY number LIMIT ?", (after, count)
    )
    return [Batch(**row) for row in rows]


def _row(meter: int, batch: int, sample: Sample) -> tuple[int | None, ...]:
    return (meter, sample.taken, batch, *(getattr(sample, field) for field in chain.FIELDS))
