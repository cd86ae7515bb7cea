"""Readings in PostgreSQL: for those who keep years of them, or those of many homes on one server.

Each household has a database, or a schema of its own (append `?options=-csearch_path%3Dbirch` to the URL).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, Self

import psycopg

from node.readings import chain
from node.readings.interface import Batch, Flow, Point, Sample, slices
from node.sensors.driver import Quantity
from store import postgres
from store.errors import StoreError, Unreachable

ROOM = "readings"

MIGRATIONS = (
    """
    CREATE TABLE meters (id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE batches (
        number  bigint PRIMARY KEY,
        first   bigint NOT NULL,
        last    bigint NOT NULL,
        samples integer NOT NULL,
        content bytea NOT NULL,
        digest  bytea NOT NULL
    );
    CREATE INDEX batches_by_time ON batches (last);
    -- A wall clock may step back: the batch keeps two samples of one moment apart.
    CREATE TABLE samples (
        taken   bigint NOT NULL,
        batch   bigint NOT NULL REFERENCES batches (number),
        voltage bigint,
        current bigint,
        power   bigint,
        forward bigint,
        reverse bigint,
        meter   smallint NOT NULL REFERENCES meters (id),
        soc     smallint,
        PRIMARY KEY (meter, taken, batch)
    );
    """,
)

COLUMNS = "meters.name, taken, voltage, current, power, forward, reverse, soc"


class PostgresReadings:
    """See `node.readings.interface.Readings`. One connection, made anew after it was lost."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Connect, and (for a writer) bring the tables to the newest version.

        Raises:
            StoreError: the server does not answer, or the database is newer than this code.
        """
        self._url = url
        self._read_only = read_only
        self._lock = Lock()
        self._open: postgres.Connection | None = None
        with self._connection() as connection:
            if not read_only:
                postgres.migrate(connection, ROOM, MIGRATIONS)

    def append(self, samples: Sequence[Sample]) -> None:
        """Store one batch."""
        if not samples:
            return
        canonical = chain.ordered(samples)
        with self._connection() as connection, connection.transaction():
            connection.execute("LOCK TABLE batches IN SHARE ROW EXCLUSIVE MODE")
            row = connection.execute("SELECT * FROM batches ORDER BY number DESC LIMIT 1").fetchone()
            previous = None if row is None else Batch(*row)
            batch = chain.next_batch(previous, canonical)
            if previous is not None and previous.content == batch.content:
                return
            connection.execute(
                "INSERT INTO batches VALUES (%s, %s, %s, %s, %s, %s)",
                (batch.number, batch.first, batch.last, batch.samples, batch.content, batch.digest),
            )
            meters = self._meters(connection, {sample.meter for sample in canonical})
            postgres.copy(
                connection,
                f"samples (meter, taken, batch, {', '.join(chain.FIELDS)})",
                (
                    (meters[s.meter], s.taken, batch.number, *(getattr(s, field) for field in chain.FIELDS))
                    for s in canonical
                ),
            )

    def between(self, meter: str, quantity: Quantity, start: int, end: int, points: int) -> list[Point]:
        """A chart of one quantity."""
        first, length = slices(start, end, points)
        query = f"""
            SELECT (taken - %(first)s) / %(length)s AS slice, min({quantity}), sum({quantity}), count(*),
                   max({quantity})
            FROM samples
            WHERE meter = (SELECT id FROM meters WHERE name = %(meter)s)
                  AND taken >= %(start)s AND taken < %(end)s AND {quantity} IS NOT NULL
            GROUP BY slice ORDER BY slice
            """  # noqa: S608 - the column is one of Quantity's words
        values = {"first": first, "length": length, "meter": meter, "start": start, "end": end}
        with self._connection() as connection:
            rows = connection.execute(query.encode(), values).fetchall()
        return [
            Point(first + part * length, low, round(total / count), high)
            for part, low, total, count, high in rows
        ]

    def latest(self) -> dict[str, Sample]:
        """The newest sample of every meter."""
        query = f"""
            SELECT {COLUMNS} FROM meters CROSS JOIN LATERAL (
                SELECT * FROM samples WHERE meter = meters.id ORDER BY taken DESC, batch DESC LIMIT 1
            ) AS newest
            """  # noqa: S608
        with self._connection() as connection:
            rows = connection.execute(query.encode()).fetchall()
        return {row[0]: _sample(row) for row in rows}

    def energy(self, meter: str, start: int, end: int) -> Flow | None:
        """What the meter's registers counted."""
        with self._connection() as connection:
            at_start = self._register(connection, meter, "taken <= %s", "DESC", start)
            at_start = at_start or self._register(connection, meter, "taken >= %s", "ASC", start)
            at_end = self._register(connection, meter, "taken <= %s", "DESC", end)
        if at_start is None or at_end is None:
            return None
        return Flow(max(at_end[0] - at_start[0], 0), max(at_end[1] - at_start[1], 0))

    def batches(self, start: int, end: int) -> list[Batch]:
        """The links of the chain with samples in this span."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT * FROM batches WHERE last >= %s AND first < %s ORDER BY number", (start, end)
            ).fetchall()
        return [Batch(*row) for row in rows]

    def links(self, after: int, count: int) -> list[Batch]:
        """The batches that follow a number."""
        with self._connection() as connection:
            return _links(connection, after, count)

    def pages(self, after: int, count: int) -> list[tuple[Batch, list[Sample]]]:
        """Batches with their samples."""
        query = f"""
            SELECT batch, {COLUMNS} FROM samples JOIN meters ON meters.id = samples.meter
            WHERE meter = ANY(%s) AND taken BETWEEN %s AND %s AND batch BETWEEN %s AND %s
            ORDER BY meters.name COLLATE "C", taken
            """  # noqa: S608
        with self._connection() as connection:
            batches = _links(connection, after, count)
            if not batches:
                return []
            found: dict[int, list[Sample]] = {batch.number: [] for batch in batches}
            meters = [row[0] for row in connection.execute("SELECT id FROM meters").fetchall()]
            times = (min(batch.first for batch in batches), max(batch.last for batch in batches))
            where = (meters, *times, batches[0].number, batches[-1].number)  # as the primary key goes
            for number, *sample in connection.execute(query.encode(), where).fetchall():
                if number in found:
                    found[number].append(_sample(sample))
        return [(batch, found[batch.number]) for batch in batches]

    def newest(self, before: int | None = None) -> Batch | None:
        """The newest batch."""
        query = "SELECT * FROM batches WHERE number = (SELECT max(number) FROM batches WHERE last < %s)"
        with self._connection() as connection:
            if before is None:
                row = connection.execute("SELECT * FROM batches ORDER BY number DESC LIMIT 1").fetchone()
            else:
                row = connection.execute(query, (before,)).fetchone()
        return None if row is None else Batch(*row)

    def sample_at(self, meter: str, moment: int) -> tuple[Sample, int] | None:
        """The newest sample by a moment."""
        query = f"""
            SELECT batch, {COLUMNS} FROM samples JOIN meters ON meters.id = samples.meter
            WHERE meter = (SELECT id FROM meters WHERE name = %s) AND taken <= %s
            ORDER BY taken DESC, batch DESC LIMIT 1
            """  # noqa: S608
        with self._connection() as connection:
            row = connection.execute(query.encode(), (meter, moment)).fetchone()
        return None if row is None else (_sample(row[1:]), row[0])

    def stored(self, last: int) -> int:
        """How many samples there are."""
        query = "SELECT count(*) FROM samples WHERE batch <= %s OR batch NOT IN (SELECT number FROM batches)"
        with self._connection() as connection:
            row = connection.execute(query, (last,)).fetchone()
        return 0 if row is None else int(row[0])

    def prune(self, before: int) -> int:
        """Delete old samples."""
        with self._connection() as connection:
            return connection.execute(
                "DELETE FROM samples USING batches "
                "WHERE batch = batches.number AND batches.last < %s AND taken < %s",
                (before, before),
            ).rowcount

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def _connection(self) -> Iterator[postgres.Connection]:
        with self._lock:
            if self._open is None:
                self._open = postgres.connect(self._url, read_only=self._read_only)
            try:
                yield self._open
            except psycopg.OperationalError as error:
                self._drop()
                raise Unreachable(
                    f"PostgreSQL at {postgres.shown(self._url)} went away: {postgres.line(error)}"
                ) from error
            except psycopg.Error as error:
                raise StoreError(
                    f"PostgreSQL at {postgres.shown(self._url)}: {postgres.line(error)}"
                ) from error

    def _drop(self) -> None:
        if self._open is not None:
            with suppress(psycopg.Error):
                self._open.close()
            self._open = None

    @staticmethod
    def _meters(connection: postgres.Connection, names: Iterable[str]) -> dict[str, int]:
        known = {row[0] for row in connection.execute("SELECT name FROM meters").fetchall()}
        for name in sorted(set(names) - known):  # an insert that conflicts would use an id up, too
            connection.execute("INSERT INTO meters (name) VALUES (%s)", (name,))
        return dict(connection.execute("SELECT name, id FROM meters").fetchall())

    @staticmethod
    def _register(
        connection: postgres.Connection, meter: str, where: str, order: str, moment: int
    ) -> tuple[int, int] | None:
        query = (
            "SELECT forward, reverse FROM samples WHERE meter = (SELECT id FROM meters WHERE name = %s) "  # noqa: S608
            f"AND {where} AND forward IS NOT NULL AND reverse IS NOT NULL "
            f"ORDER BY taken {order}, batch {order} LIMIT 1"
        )
        row = connection.execute(query.encode(), (meter, moment)).fetchone()
        return None if row is None else (row[0], row[1])


def _links(connection: postgres.Connection, after: int, count: int) -> list[Batch]:
    query = "SELECT * FROM batches WHERE number > %s ORDER BY number LIMIT %s"
    return [Batch(*row) for row in connection.execute(query, (after, count)).fetchall()]


def _sample(row: Sequence[Any]) -> Sample:
    meter, taken, *values = row
    return Sample(meter=meter, taken=taken, **dict(zip(chain.FIELDS, values, strict=True)))
