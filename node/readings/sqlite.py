"""Readings in a SQLite file: the default, made for one household and one writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from node.readings.interface import Batch, Sample
from node.readings.rollups import FIRST_LEVELS
from node.readings.sql import COLUMNS, SqlReadings, rows, sample_of
from node.readings.statements import backfill
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
    f"""
    CREATE TABLE rollups (
        level        INTEGER NOT NULL,  -- ms
        meter        INTEGER NOT NULL REFERENCES meters (id),
        at           INTEGER NOT NULL,
        samples      INTEGER NOT NULL,
        counted      INTEGER NOT NULL,
        lowest       INTEGER,
        total        INTEGER,
        highest      INTEGER,
        forward_from INTEGER,
        forward      INTEGER,
        reverse_from INTEGER,
        reverse      INTEGER,
        PRIMARY KEY (level, meter, at)
    ) STRICT, WITHOUT ROWID;
    {"".join(map(backfill, FIRST_LEVELS))}
    """,
    """
    CREATE TABLE spooled (spool INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
    """,
)


class SqliteReadings(SqlReadings[sqlite3.Connection]):
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
            # Unsynced, a power cut would take every batch since the last checkpoint, not only the last.
            self._writer = sqlite.open_writer(path, "full")
            try:
                sqlite.migrate(self._writer, MIGRATIONS)
            except StoreError:
                self._writer.close()
                raise

    def latest(self) -> dict[str, Sample]:
        """The newest sample of every meter."""
        query = (
            f"SELECT {COLUMNS} FROM meters JOIN samples ON samples.meter = meters.id "  # noqa: S608
            "WHERE meters.id = ? ORDER BY taken DESC, batch DESC LIMIT 1"
        )
        with self._connection() as connection:
            meters = connection.execute("SELECT id FROM meters").fetchall()
            rows = [connection.execute(query, (meter["id"],)).fetchone() for meter in meters]
        return {row["meter"]: sample_of(row) for row in rows if row is not None}

    def pages(self, after: int, count: int) -> list[tuple[Batch, list[Sample]]]:
        """Batches with their samples."""
        # The times lead to the rows by the primary key; a sample that was moved in time is missing.
        query = (
            f"SELECT batch, {COLUMNS} FROM meters CROSS JOIN samples ON samples.meter = meters.id "  # noqa: S608
            "WHERE taken BETWEEN ? AND ? AND batch BETWEEN ? AND ? ORDER BY meters.name, taken"
        )
        with self._connection() as connection:
            batches = self._links(connection, after, count)
            if not batches:
                return []
            found: dict[int, list[Sample]] = {batch.number: [] for batch in batches}
            times = (min(batch.first for batch in batches), max(batch.last for batch in batches))
            for number, *values in connection.execute(query, (*times, batches[0].number, batches[-1].number)):
                if number in found:
                    found[number].append(sample_of(values))
        return [(batch, found[batch.number]) for batch in batches]

    def close(self) -> None:
        """Close the file; its log is folded into it."""
        with self._lock:
            if self._writer is not None:
                with suppress(sqlite3.Error):
                    self._writer.close()

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

    def _alone(self, connection: sqlite3.Connection) -> None:
        """A transaction that writes is alone."""

    def _insert(
        self, connection: sqlite3.Connection, pages: Sequence[tuple[Batch, Sequence[Sample]]]
    ) -> dict[str, int]:
        connection.executemany(
            "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)",
            [(b.number, b.first, b.last, b.samples, b.content, b.digest) for b, _ in pages],
        )
        meters = self._meters(connection, {sample.meter for _, own in pages for sample in own})
        connection.executemany(
            "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (meters[meter], taken, batch.number, *values)
                for batch, own in pages
                for meter, taken, *values in rows(own)
            ],
        )
        return meters

    def _rows(
        self, connection: sqlite3.Connection, query: str, values: Sequence[object] = ()
    ) -> Sequence[Sequence[Any]]:
        return connection.execute(query, values).fetchall()

    def _change(self, connection: sqlite3.Connection, query: str, values: Sequence[object]) -> int:
        return connection.execute(query, values).rowcount

    def _change_each(
        self, connection: sqlite3.Connection, query: str, values: Sequence[Sequence[object]]
    ) -> None:
        connection.executemany(query, values)

    def _transaction(self, connection: sqlite3.Connection) -> AbstractContextManager[object]:
        return sqlite.transaction(connection)
