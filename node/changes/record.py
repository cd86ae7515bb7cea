"""What came of each request: `settings.db` in the state folder. Who applies them writes, the pages read.

A request is written down before the family's file is replaced, with the file's former and new content, and
once more afterwards. So whoever is killed in between knows at the next start what has happened.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from node.changes.places import FILE
from node.changes.request import LASTING, Request, author
from quantities.said import packed, unpacked
from store import sqlite

MIGRATIONS = (
    """
    CREATE TABLE changes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        asked_by TEXT NOT NULL,
        asked_at REAL NOT NULL,
        at REAL NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('writing', 'applied', 'refused', 'conflict')),
        said TEXT NOT NULL,      -- what changes, a JSON list of sentences
        problems TEXT NOT NULL,  -- a JSON list of [key, what]
        undo TEXT,               -- the id of the change that this one takes back
        former BLOB,             -- of the file, as long as it may be needed
        written BLOB,
        restart TEXT NOT NULL    -- processes that still have to start anew, a JSON list
    ) STRICT;
    """,
)

KEPT = 200
"""Rows; younger ones than a request lasts are kept in any case, so that none is answered twice."""

CONTENTS = 20
"""Rows whose file contents are kept."""


class Outcome(StrEnum):
    """What came of a request."""

    WRITING = "writing"
    """The file is being replaced."""
    APPLIED = "applied"
    REFUSED = "refused"
    CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One request that was answered."""

    id: str
    by: str
    asked_at: float
    at: float
    """Unix seconds, both."""

    outcome: Outcome
    said: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]
    """Key and what is wrong with it."""

    undo: str | None
    restart: tuple[str, ...]
    """Processes that still have to start anew."""


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A change of the file that was begun, or made."""

    id: str
    former: bytes
    written: bytes
    restart: tuple[str, ...]


class Record:
    """The writer's side."""

    def __init__(self, state: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: it cannot be written.
        """
        self._db = sqlite.open_writer(state / FILE, "full")
        sqlite.migrate(self._db, MIGRATIONS)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def knows(self, id: str) -> bool:
        """Whether this request was answered, or begun."""
        return self._db.execute("SELECT 1 FROM changes WHERE id = ?", (id,)).fetchone() is not None

    def refuse(
        self, asked: Request, at: float, problems: Sequence[tuple[str, str]], *, conflict: bool
    ) -> None:
        """Write down that it cannot be done."""
        outcome = Outcome.CONFLICT if conflict else Outcome.REFUSED
        self._insert(asked, at, outcome, problems=problems)

    def begin(
        self,
        asked: Request,
        at: float,
        *,
        said: Sequence[str],
        former: bytes,
        written: bytes,
        units: Sequence[str],
    ) -> None:
        """Write down what is about to be done."""
        self._insert(asked, at, Outcome.WRITING, said=said, former=former, written=written, units=units)

    def finish(self, id: str) -> None:
        """The file says it."""
        with sqlite.transaction(self._db):
            self._db.execute("UPDATE changes SET outcome = 'applied' WHERE id = ?", (id,))
            self._db.execute(
                "UPDATE changes SET former = NULL, written = NULL WHERE number <= (SELECT number "
                "FROM changes WHERE outcome = 'applied' ORDER BY number DESC LIMIT 1 OFFSET ?)",
                (CONTENTS,),
            )

    def give_up(self, id: str, why: str, *, conflict: bool) -> None:
        """What was begun was not done."""
        outcome = Outcome.CONFLICT if conflict else Outcome.REFUSED
        with sqlite.transaction(self._db):
            self._db.execute(
                "UPDATE changes SET outcome = ?, problems = ?, former = NULL, written = NULL, restart = '[]' "
                "WHERE id = ?",
                (outcome, json.dumps([["", packed(why)]]), id),
            )

    def begun(self) -> list[Writing]:
        """What was begun and not finished: one at most, unless somebody else wrote the file."""
        rows = self._db.execute("SELECT * FROM changes WHERE outcome = 'writing' ORDER BY number").fetchall()
        return [_writing(row) for row in rows]

    def last(self) -> Writing | None:
        """The last change that was made, with the file's content before."""
        row = self._db.execute(
            "SELECT * FROM changes WHERE outcome = 'applied' ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return None if row is None or row["former"] is None else _writing(row)

    def unstarted(self) -> list[Writing]:
        """Changes whose processes still have to start anew."""
        rows = self._db.execute(
            "SELECT * FROM changes WHERE outcome = 'applied' AND restart != '[]' ORDER BY number"
        ).fetchall()
        return [_writing(row) for row in rows]

    def started(self, id: str) -> None:
        """Its processes have started anew."""
        with sqlite.transaction(self._db):
            self._db.execute("UPDATE changes SET restart = '[]' WHERE id = ?", (id,))

    def prune(self, now: float) -> None:
        """Forget what is old."""
        with sqlite.transaction(self._db):
            self._db.execute(
                "DELETE FROM changes WHERE at < ? AND outcome != 'writing' AND restart = '[]' AND "
                "number NOT IN (SELECT number FROM changes ORDER BY number DESC LIMIT ?) AND number != "
                "(SELECT coalesce(max(number), 0) FROM changes WHERE outcome = 'applied')",
                (now - 2 * LASTING, KEPT),
            )

    def _insert(
        self,
        asked: Request,
        at: float,
        outcome: Outcome,
        *,
        said: Sequence[str] = (),
        problems: Sequence[tuple[str, str]] = (),
        former: bytes | None = None,
        written: bytes | None = None,
        units: Sequence[str] = (),
    ) -> None:
        with sqlite.transaction(self._db):
            self._db.execute(
                "INSERT INTO changes (id, asked_by, asked_at, at, outcome, said, problems, undo, former, "
                "written, restart) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    asked.id, author(asked), asked.at, at, outcome, json.dumps(list(said)),
                    json.dumps([[key, packed(what)] for key, what in problems]), asked.undo, former, written,
                    json.dumps(list(units)),
                ),
            )  # fmt: skip


def latest(state: Path, count: int) -> list[Entry]:
    """The newest answers, for the pages; none where nothing was ever applied."""
    if not (state / FILE).exists():
        return []
    with closing(sqlite.open_reader(state / FILE)) as connection:
        rows = connection.execute("SELECT * FROM changes ORDER BY number DESC LIMIT ?", (count,)).fetchall()
    return [_entry(row) for row in rows]


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        by=row["asked_by"],
        asked_at=row["asked_at"],
        at=row["at"],
        outcome=Outcome(row["outcome"]),
        said=tuple(json.loads(row["said"])),
        problems=tuple((key, unpacked(what)) for key, what in json.loads(row["problems"])),
        undo=row["undo"],
        restart=tuple(json.loads(row["restart"])),
    )


def _writing(row: sqlite3.Row) -> Writing:
    return Writing(
        id=row["id"], former=row["former"], written=row["written"], restart=tuple(json.loads(row["restart"]))
    )
