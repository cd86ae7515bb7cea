"""What the operator tells a relay on its own host: forgive a buyer, clear a fault, lock a contact out.

They are written into relay.db, where the running relay finds them within a second, or the next one at its
start; each ends up in the audit log. One counts as done when what came of it is on disk: a relay that dies
before that obeys it once more, which changes nothing. Whoever may write that file may switch the contacts
anyway.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from chain.keys import checksum
from relay_server.errors import RecordsMissing
from store.sqlite import transaction

KEPT = 200
"""Answers to the pages: twenty minutes of as many as are done at most, and a request lasts one."""


AT_ONCE = "a relay that is stopped (sudo systemctl stop commonwatt-relay) lets go of every coil all the same"
"""What is said to whoever wants everything at rest and cannot have it written down."""


class What(StrEnum):
    """The instructions there are."""

    FORGIVE = "forgive"
    CLEAR = "clear"
    LOCK = "lock"
    UNLOCK = "unlock"
    HOME = "home"
    RENEW = "renew"


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction."""

    what: What
    contact: int
    buyer: str = ""
    reason: str = ""


def forgive(path: Path, buyer: str, contact: int, reason: str = "") -> None:
    """Write off what this buyer owes at this feed.

    Args:
        path: relay.db.

    Raises:
        RecordsMissing: no relay has run here yet, or the file is not ours to write.
        ValueError: `buyer` is no address.
    """
    _give(path, Instruction(what=What.FORGIVE, contact=contact, buyer=checksum(buyer), reason=reason))


def clear(path: Path, contact: int, reason: str = "") -> None:
    """Clear a latched fault, having looked at the contact; 0 is home.

    Raises:
        RecordsMissing: no relay has run here yet, or the file is not ours to write.
    """
    _give(path, Instruction(what=What.CLEAR, contact=contact, reason=reason))


def lock(path: Path, contact: int, reason: str) -> None:
    """Open a contact and keep it open, whoever commands otherwise; 0 is home, which then is not left.

    Raises:
        RecordsMissing: no relay has run here yet, or the file is not ours to write.
    """
    _give(path, Instruction(what=What.LOCK, contact=contact, reason=reason))


def unlock(path: Path, contact: int, reason: str = "") -> None:
    """Take a lock-out off.

    Raises:
        RecordsMissing: no relay has run here yet, or the file is not ours to write.
    """
    _give(path, Instruction(what=What.UNLOCK, contact=contact, reason=reason))


def everything_home(path: Path, reason: str) -> None:
    """Open every feed, go home, and lock all of it.

    Raises:
        RecordsMissing: no relay has run here yet, or the file is not ours to write.
    """
    try:
        _give(path, Instruction(what=What.HOME, contact=0, reason=reason))
    except RecordsMissing as error:
        raise RecordsMissing(f"{error}; {AT_ONCE}") from error


def renew(path: Path, contact: int, reason: str = "") -> None:
    """Count a contact's operations from zero, for it was replaced; 0 is home.

    Raises:
        RecordsMissing: no relay has run here yet, or the file is not ours to write.
    """
    _give(path, Instruction(what=What.RENEW, contact=contact, reason=reason))


def answer(path: Path, id: str, by: str, instruction: Instruction | None, problem: str = "") -> None:
    """Give the instruction that the pages ask for, or write down why not: together with that it was answered.

    Args:
        path: relay.db.
        id: of their request, which is answered once.
        by: who asked there.
        instruction: None: it is not given.

    Raises:
        RecordsMissing: the file cannot be written.
    """
    try:
        with closing(_opened(path)) as database, database:
            database.execute(
                "INSERT INTO asked (id, by, at, problem) VALUES (?, ?, ?, ?)", (id, by, time.time(), problem)
            )
            database.execute("DELETE FROM asked WHERE number <= (SELECT max(number) FROM asked) - ?", (KEPT,))
            if instruction is not None:
                _insert(database, instruction)
    except sqlite3.Error as error:
        raise RecordsMissing(f"{path}: {error}") from error


def waiting(database: sqlite3.Connection) -> tuple[int, list[Instruction]]:
    """The instructions that are not done, and the number of the last of them; 0: there are none."""
    rows = database.execute("SELECT * FROM instructions WHERE NOT done ORDER BY number").fetchall()
    known = tuple(What)
    return rows[-1]["number"] if rows else 0, [
        Instruction(what=What(row["what"]), contact=row["contact"], buyer=row["buyer"], reason=row["reason"])
        for row in rows
        if row["what"] in known
    ]


def done(database: sqlite3.Connection, last: int) -> None:
    """They are obeyed up to this number, and what came of it is on disk; called by relay.db's one writer."""
    with transaction(database):
        database.execute("UPDATE instructions SET done = 1 WHERE number <= ?", (last,))


def _give(path: Path, instruction: Instruction) -> None:
    try:
        there = path.exists()
    except OSError as error:
        raise RecordsMissing(f"{path}: {error.strerror}; run this as the relay's user") from error
    if not there:
        raise RecordsMissing(f"{path} is not there: no relay has run with this configuration yet")
    try:
        with closing(_opened(path)) as database, database:
            _insert(database, instruction)
    except sqlite3.Error as error:
        raise RecordsMissing(f"{path}: {error}; run this as the relay's user") from error


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=5.0)


def _insert(database: sqlite3.Connection, instruction: Instruction) -> None:
    database.execute(
        "INSERT INTO instructions (at, what, contact, buyer, reason) VALUES (?, ?, ?, ?, ?)",
        (time.time(), instruction.what.value, instruction.contact, instruction.buyer, instruction.reason),
    )
