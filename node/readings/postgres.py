"""Readings in PostgreSQL: for those who keep years of them, or those of many homes on one server.

Each household has a database, or a schema of its own (append `?options=-csearch_path%3Dbirch` to the URL).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Lock
from typing import Any

import psycopg

from node.readings import chain
from node.readings.interface import Batch, Sample
from node.readings.rollups import FIRST_LEVELS
from node.readings.sql import COLUMNS, SqlReadings, rows, sample_of
from node.readings.statements import backfill
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
    f"""
    CREATE TABLE rollups (
        at           bigint NOT NULL,
        total        bigint,
        lowest       bigint,
        highest      bigint,
        forward_from bigint,
        forward      bigint,
        reverse_from bigint,
        reverse      bigint,
        level        integer NOT NULL,  -- ms
        samples      integer NOT NULL,
        counted      integer NOT NULL,
        meter        smallint NOT NULL REFERENCES meters (id),
        PRIMARY KEY (level, meter, at)
    );
    {"".join(map(backfill, FIRST_LEVELS))}
    """,
    """
    CREATE TABLE spooled (spool bigint PRIMARY KEY, number bigint NOT NULL);
    """,
    # A look at two tables for each sample took as long as all else; the chain finds samples of no batch.
    """
    ALTER TABLE samples DROP CONSTRAINT samples_batch_fkey, DROP CONSTRAINT samples_meter_fkey;
    """,
)


class PostgresReadings(SqlReadings[postgres.Connection]):
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

    def latest(self) -> dict[str, Sample]:
        """The newest sample of every meter."""
        query = f"""
            SELECT {COLUMNS} FROM meters CROSS JOIN LATERAL (
                SELECT * FROM samples WHERE meter = meters.id ORDER BY taken DESC, batch DESC LIMIT 1
            ) AS newest
            """  # noqa: S608
        with self._connection() as connection:
            found = connection.execute(query.encode()).fetchall()
        return {row[0]: sample_of(row) for row in found}

    def pages(self, after: int, count: int) -> list[tuple[Batch, list[Sample]]]:
        """Batches with their samples."""
        query = f"""
            SELECT batch, {COLUMNS} FROM samples JOIN meters ON meters.id = samples.meter
            WHERE meter = ANY(%s) AND taken BETWEEN %s AND %s AND batch BETWEEN %s AND %s
            ORDER BY meters.name COLLATE "C", taken
            """  # noqa: S608
        with self._connection() as connection:
            batches = self._links(connection, after, count)
            if not batches:
                return []
            found: dict[int, list[Sample]] = {batch.number: [] for batch in batches}
            meters = [row[0] for row in connection.execute("SELECT id FROM meters").fetchall()]
            times = (min(batch.first for batch in batches), max(batch.last for batch in batches))
            where = (meters, *times, batches[0].number, batches[-1].number)  # as the primary key goes
            for number, *sample in connection.execute(query.encode(), where).fetchall():
                if number in found:
                    found[number].append(sample_of(sample))
        return [(batch, found[batch.number]) for batch in batches]

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

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

    def _alone(self, connection: postgres.Connection) -> None:
        connection.execute("LOCK TABLE batches IN SHARE ROW EXCLUSIVE MODE")

    def _insert(
        self, connection: postgres.Connection, pages: Sequence[tuple[Batch, Sequence[Sample]]]
    ) -> dict[str, int]:
        for b, _ in pages:
            facts = (b.number, b.first, b.last, b.samples, b.content, b.digest)
            connection.execute("INSERT INTO batches VALUES (%s, %s, %s, %s, %s, %s)", facts)
        meters = self._meters(connection, {sample.meter for _, own in pages for sample in own})
        postgres.copy(
            connection,
            f"samples (meter, taken, batch, {', '.join(chain.FIELDS)})",
            (
                (meters[meter], taken, batch.number, *values)
                for batch, own in pages
                for meter, taken, *values in rows(own)
            ),
        )
        return meters

    def _rows(
        self, connection: postgres.Connection, query: str, values: Sequence[object] = ()
    ) -> Sequence[Sequence[Any]]:
        return connection.execute(_asked(query), _plain(values)).fetchall()

    def _change(self, connection: postgres.Connection, query: str, values: Sequence[object]) -> int:
        return connection.execute(_asked(query), _plain(values)).rowcount

    def _change_each(
        self, connection: postgres.Connection, query: str, values: Sequence[Sequence[object]]
    ) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(_asked(query), values)

    def _transaction(self, connection: postgres.Connection) -> AbstractContextManager[object]:
        return connection.transaction()


def _asked(query: str) -> bytes:
    return query.replace("?", "%s").encode()


def _plain(values: Sequence[object]) -> tuple[object, ...]:
    """An IntEnum would be sent as a text."""
    return tuple(int(value) if isinstance(value, int) else value for value in values)
