"""The audit log: every transition of every contact, each entry holding the hash of the one before it.

Entry n: hash = SHA-256(hash of n − 1 ‖ canonical JSON of seq, at, event, contact, facts). Whoever changes,
removes or inserts an entry breaks every later hash; whoever cuts the end off is found by the hash that was
noted elsewhere (each entry's is in the daemon's log as well).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from relay_server.errors import RecordsMissing
from store.errors import Unopenable
from store.sqlite import open_reader

GENESIS = bytes(32)
"""What the first entry follows."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One transition."""

    seq: int
    at: int
    """Unix microseconds, by a clock that nobody vouches for; the order is `seq`'s."""
    event: str
    contact: int
    facts: Mapping[str, str | int]


@dataclass(frozen=True, kw_only=True)
class Written:
    """An entry as it stands in the log."""

    entry: Entry
    hash: bytes


@dataclass(frozen=True, kw_only=True)
class Intact:
    """Every entry follows from the one before."""

    entries: int
    head: bytes
    """Hash of the last entry."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """An entry does not follow from the one before."""

    seq: int
    why: str


def digest(before: bytes, entry: Entry) -> bytes:
    """The hash of an entry that follows another."""
    fields = [entry.seq, entry.at, entry.event, entry.contact, dict(entry.facts)]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(before + text.encode()).digest()


def append(database: sqlite3.Connection, entry: Entry, before: bytes) -> bytes:
    """Write an entry within the caller's transaction; answers its hash."""
    hashed = digest(before, entry)
    database.execute(
        "INSERT INTO audit (seq, at, event, contact, facts, hash) VALUES (?, ?, ?, ?, ?, ?)",
        (entry.seq, entry.at, entry.event, entry.contact, json.dumps(dict(entry.facts)), hashed),
    )
    return hashed


def last(database: sqlite3.Connection) -> tuple[int, bytes]:
    """Number and hash of the newest entry."""
    row = database.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return (row["seq"], row["hash"]) if row else (0, GENESIS)


def between(path: Path, since: float, until: float, most: int) -> list[Written]:
    """What a relay.db has of a time (Unix seconds), in its order; at most so many entries, the first ones.

    Raises:
        RecordsMissing: relay.db cannot be read.
    """
    try:
        with closing(open_reader(path)) as database:
            rows = database.execute(
                "SELECT * FROM audit WHERE at BETWEEN ? AND ? ORDER BY at, seq LIMIT ?",
                (int(since * 1_000_000), int(until * 1_000_000), most),
            ).fetchall()
            return [Written(entry=_entry(row, json.loads(row["facts"])), hash=row["hash"]) for row in rows]
    except (Unopenable, sqlite3.Error, ValueError) as error:
        raise RecordsMissing(f"{path}: {error}") from error


def verify(path: Path) -> Intact | Broken:
    """Recompute the chain of a relay.db, which may be in use.

    Raises:
        RecordsMissing: relay.db cannot be read.
    """
    try:
        with closing(open_reader(path)) as database:
            return _verified(database)
    except (Unopenable, sqlite3.Error) as error:
        raise RecordsMissing(f"{path}: {error}") from error


def _verified(database: sqlite3.Connection) -> Intact | Broken:
    before, seq = GENESIS, 0
    for row in database.execute("SELECT seq, at, event, contact, facts, hash FROM audit ORDER BY seq"):
        seq += 1
        if row["seq"] != seq:
            return Broken(seq=seq, why=f"entry {seq} is missing")
        try:
            facts = json.loads(row["facts"])
        except ValueError:
            return Broken(seq=seq, why="its facts are no JSON")
        before = digest(before, _entry(row, facts))
        if before != row["hash"]:
            return Broken(seq=seq, why="it was changed, or an entry before it")
    return Intact(entries=seq, head=before)


def _entry(row: sqlite3.Row, facts: Mapping[str, str | int]) -> Entry:
    return Entry(seq=row["seq"], at=row["at"], event=row["event"], contact=row["contact"], facts=facts)
