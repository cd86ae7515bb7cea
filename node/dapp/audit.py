"""The record of who changed what about users and their factors, in `dapp.db`: only ever added to.

It is written in the transaction of the change itself, so neither is there without the other. What was asked
of the household is recorded by the intents' book, with who and when as well.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

TABLE = """
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        by TEXT NOT NULL,
        about TEXT NOT NULL,
        what TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
    CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change."""

    number: int
    at: float
    """Unix seconds."""

    by: str
    """A user of the pages, or a user of this host with "(shell)"."""

    about: str
    """Whom or what it concerned."""

    what: str
    """In words."""


def record(connection: sqlite3.Connection, *, at: float, by: str, about: str, what: str) -> None:
    """Add an entry, within the transaction of the change."""
    connection.execute("INSERT INTO audit (at, by, about, what) VALUES (?, ?, ?, ?)", (at, by, about, what))


def latest(connection: sqlite3.Connection, count: int, below: int | None = None) -> list[Entry]:
    """The newest entries, or those with a number below one."""
    rows = connection.execute(
        "SELECT number, at, by, about, what FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?",
        (2**62 if below is None else below, count),
    )
    return [Entry(**dict(row)) for row in rows]
