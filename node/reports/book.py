"""What each report covered, in `trade.db`: written by client-interaction, read by the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.readings.chain import Span
from node.reports.covering import Covered
from node.wallet.database import Database
from node.wallet.journal import Stage
from quantities import Energy
from store import sqlite
from store.errors import Unopenable

TABLES = """
CREATE TABLE reports (
    start INTEGER PRIMARY KEY, "end" INTEGER NOT NULL, first INTEGER NOT NULL, batches INTEGER NOT NULL,
    before BLOB NOT NULL, root BLOB NOT NULL, produced INTEGER NOT NULL, consumed INTEGER NOT NULL,
    purpose TEXT NOT NULL
) STRICT;
"""

ENTRY = """
SELECT reports.*, journal.state, journal.hash, journal.block, journal.error, journal."to" FROM reports
LEFT JOIN journal ON journal.id = (SELECT max(id) FROM journal WHERE purpose = reports.purpose)
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One report, and how far its transaction is."""

    covered: Covered
    purpose: str
    """In the journal; one transaction may carry several reports."""

    stage: Stage | None
    """None: the journal knows nothing of it."""

    market: str
    """The contract that it went to; empty as above."""

    transaction: str | None
    block: int | None
    error: str = ""


class Book:
    """The repository, for the one process that writes it."""

    def __init__(self, database: Database) -> None:
        """Use an open database that has `TABLES` and the journal's."""
        self._database = database

    def add(self, reports: Sequence[Covered], purpose: str) -> None:
        """Keep what one transaction reports; call it in one transaction with the journal's plan."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (r.span.start, r.span.end, r.span.first, r.span.batches, r.span.before, r.root,
                     r.produced.mwh, r.consumed.mwh, purpose)
                    for r in reports
                ],
            )  # fmt: skip

    def forget(self, purpose: str) -> None:
        """Drop reports whose transaction failed: they were never made."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM reports WHERE purpose = ?", (purpose,))

    def last(self) -> Entry | None:
        """The newest interval."""
        found = self._database.rows(f"{ENTRY} ORDER BY start DESC LIMIT 1")
        return _entry(found[0]) if found else None


class BookReader:
    """The reports as another process sees them. Short-lived, see `store.sqlite.open_reader`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use an open, read-only connection."""
        self._connection = connection

    def all(self, count: int = -1) -> list[Entry]:
        """The newest reports, the oldest of them first; without a count, all."""
        rows = self._connection.execute(f"{ENTRY} ORDER BY start DESC LIMIT ?", (count,)).fetchall()
        return [_entry(row) for row in reversed(rows)]

    def covering(self, batch: int) -> Entry | None:
        """The report that covers a batch."""
        row = self._connection.execute(
            f"{ENTRY} WHERE first <= ? AND ? < first + batches ORDER BY start LIMIT 1", (batch, batch)
        ).fetchone()
        return None if row is None else _entry(row)


@contextmanager
def open_book(path: Path) -> Iterator[BookReader]:
    """Read the reports in `trade.db`.

    Raises:
        store.errors.Unopenable: absent (client-interaction has never run), no permission, or not a database.
    """
    connection = sqlite.open_reader(path)
    try:
        yield BookReader(connection)
    except sqlite3.Error as error:
        raise Unopenable(f"cannot read the reports in {path}: {error}") from error
    finally:
        connection.close()


def _entry(row: sqlite3.Row) -> Entry:
    span = Span(
        start=row["start"], end=row["end"], first=row["first"], batches=row["batches"], before=row["before"]
    )
    return Entry(
        covered=Covered(
            span=span, root=row["root"], produced=Energy(row["produced"]), consumed=Energy(row["consumed"])
        ),
        purpose=row["purpose"],
        stage=None if row["state"] is None else Stage(row["state"]),
        market=row["to"] or "",
        transaction=row["hash"],
        block=row["block"],
        error=row["error"] or "",
    )
