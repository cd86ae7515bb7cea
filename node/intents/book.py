"""The book of what is asked for: written by the DApp in `dapp.db`, read by client-interaction.

When something was asked is on the boot clock, with the id of the boot: a clock that is set does not make an
intent younger, and none outlives a reboot. The wall clock's time is for people.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from node.intents.errors import AskedAlready
from node.intents.kinds import Intent, write
from store import requests, sqlite
from store.requests import BY, ID, YEAR_2100, Stamp, new_id
from store.shared import Shared

TABLES = """
CREATE TABLE intents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, body TEXT NOT NULL, asked_by TEXT NOT NULL,
    at REAL NOT NULL, boot TEXT NOT NULL, boottime REAL NOT NULL
) STRICT;
CREATE INDEX intents_by_boottime ON intents (boot, boottime);
"""

LASTING = 60.0
"""Seconds after which what was asked is not done any more."""

AT_ONCE = 64
"""Letters read at a time: more than are answered in the minute that one lasts."""

EFFORT = 200_000
"""Steps of SQLite's machine for one look: thousands of times what it takes. The file is somebody else's."""

LARGEST = 4_096
"""Characters of one value."""

SOMEBODY = "somebody"

COLUMNS = "id, kind, body, asked_by, at, boot, boottime"


@dataclass(frozen=True, kw_only=True)
class Letter(Stamp):
    """One intent as it was asked, not yet read: nothing in it is trusted."""

    kind: str
    body: str


class IntentBook(Shared):
    """The DApp's side, in `dapp.db`, whose migrations have these tables among them. Threads share it."""

    def ask(self, intent: Intent, *, by: str, id: str | None = None) -> Letter:
        """Write down what somebody asks for, now.

        Args:
            by: who asks, for the record.
            id: of the form; a new one when not given.

        Raises:
            AskedAlready: this form was sent before.
        """
        kind, body = write(intent)
        letter = Letter(id=id or new_id(), kind=kind, body=body, by=by, **requests.now())
        try:
            with self._lock, sqlite.transaction(self._db):
                self._db.execute(
                    f"INSERT INTO intents ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                    (letter.id, kind, body, by, letter.at, letter.boot, letter.boottime),
                )
        except sqlite3.IntegrityError:
            raise AskedAlready("This was asked already: the form was sent twice.") from None
        return letter

    def latest(self, count: int) -> list[Letter]:
        """What was asked last, the newest first."""
        with self._lock:
            rows = self._db.execute(
                f"SELECT {COLUMNS} FROM intents ORDER BY number DESC LIMIT ?",  # noqa: S608 - our own names
                (count,),
            ).fetchall()
        return [letter for row in rows if (letter := _letter(tuple(row))) is not None]


def live(path: Path, now: float, boot: str) -> list[Letter]:
    """What was asked in the last minute, the oldest first, by a process that is not trusted.

    Its file may hold anything: whatever costs too much to read, or is no row of ours, is not read.

    Args:
        now: boottime seconds.
        boot: id of this boot.

    Raises:
        store.errors.StoreError: the file cannot be read.
    """
    with sqlite.strangers(path, EFFORT) as connection:
        if not sqlite.has_table(connection, "intents"):
            return []
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM intents WHERE boot = ? AND boottime >= ? ORDER BY boottime LIMIT ?",  # noqa: S608
            (boot, now - LASTING, AT_ONCE),
        ).fetchall()
    return [letter for row in rows if (letter := _letter(tuple(row))) is not None]


def _letter(row: tuple[object, ...]) -> Letter | None:
    match row:
        case (str(number), str(kind), str(body), str(by), float(at), str(boot), float(boottime)):
            if not ID.match(number) or max(map(len, (kind, body, boot))) > LARGEST or not 0 <= at < YEAR_2100:
                return None
            return Letter(
                id=number, kind=kind, body=body, by=by if BY.match(by) else SOMEBODY, at=at, boot=boot,
                boottime=boottime,
            )  # fmt: skip
        case _:
            return None
