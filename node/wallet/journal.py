"""The journal: everything that the household means to send, on disk before it is sent.

planned → signed (nonce and raw bytes) → broadcast → mined → final | failed

An intent has a purpose ("buy:<order>"). Among all rows that did not fail a purpose is unique, and so is a
nonce among all rows: whatever crashes, an intent is signed at one nonce only, and so is done at most once.
Another fee adds another signature at the same nonce; so does giving up, by a void transaction that only uses
the nonce. Which of them is mined decides what became of the intent.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from chain.transactions import Call, Fees, Signed
from node.wallet.back_off import rest
from node.wallet.database import Database
from node.wallet.errors import AlreadyIntended

TABLES = """
CREATE TABLE journal (
    id INTEGER PRIMARY KEY, purpose TEXT NOT NULL, state TEXT NOT NULL,
    "to" TEXT NOT NULL, data BLOB NOT NULL, gas INTEGER NOT NULL, value TEXT NOT NULL,
    nonce INTEGER UNIQUE, hash TEXT, block INTEGER, error TEXT NOT NULL DEFAULT '',
    planned_at REAL NOT NULL, changed_at REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX intended_once ON journal (purpose) WHERE state <> 'failed';
CREATE INDEX journal_by_purpose ON journal (purpose);
CREATE TABLE signatures (
    number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, entry INTEGER NOT NULL REFERENCES journal (id),
    raw BLOB NOT NULL, tip TEXT NOT NULL, maximum TEXT NOT NULL, head INTEGER NOT NULL, at REAL NOT NULL
) STRICT;
CREATE INDEX signatures_of_entry ON signatures (entry);
"""

VOIDS = """
ALTER TABLE signatures ADD COLUMN void TEXT NOT NULL DEFAULT '';
CREATE INDEX journal_by_block ON journal (block);
"""
"""Another migration, for files of before."""

UNDER_WAY = "state NOT IN ('failed', 'final')"
"""Word for word as in the index: SQLite uses a partial one for that very condition only."""

UNDER_WAY_INDEX = f"CREATE INDEX journal_under_way ON journal (nonce, id) WHERE {UNDER_WAY};"
"""Another migration: what is under way is asked for in every turn, and what is over stays for years."""


class Stage(StrEnum):
    """How far an intent is."""

    PLANNED = "planned"
    SIGNED = "signed"
    BROADCAST = "broadcast"
    MINED = "mined"
    """In a block, not yet deep enough."""
    FINAL = "final"
    """Done, at confirmation depth."""
    FAILED = "failed"
    """Reverted at confirmation depth, or provably never done."""


WAITING = (Stage.SIGNED, Stage.BROADCAST)
"""On its way, in no block."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One intent."""

    id: int
    purpose: str
    stage: Stage
    call: Call
    nonce: int | None
    hash: str | None
    """Of the newest signature; once mined, of the one that was."""

    block: int | None
    """The one it is in; of a failed one, the block at which that was known."""

    error: str
    planned_at: float
    """Unix seconds."""

    @property
    def over(self) -> bool:
        """Nothing will happen to it any more."""
        return self.stage in (Stage.FINAL, Stage.FAILED)

    @property
    def failed(self) -> bool:
        """It was not done, and will not be."""
        return self.stage is Stage.FAILED


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One way in which an entry was signed."""

    signed: Signed
    fees: Fees
    head: int
    """The chain's height at that time."""

    void: str = ""
    """Why these bytes only use up the nonce, as a clause; empty: they do what was intended."""


class Journal:
    """The repository. Each method is one durable step; nothing is ever removed."""

    def __init__(self, database: Database) -> None:
        """Use an open database that has `TABLES`."""
        self._database = database

    def together(self) -> AbstractContextManager[sqlite3.Connection]:
        """Everything inside becomes durable together."""
        return self._database.transaction()

    def plan(self, purpose: str, call: Call, now: float) -> Entry:
        """Write an intent down. It will be sent; call it in one transaction with what it belongs to.

        Args:
            now: Unix seconds.

        Raises:
            AlreadyIntended: this purpose is planned, under way or done.
        """
        try:
            with self._database.transaction() as connection:
                added = connection.execute(
                    'INSERT INTO journal (purpose, state, "to", data, gas, value, planned_at, changed_at)'
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (purpose, Stage.PLANNED, call.to, call.data, call.gas, str(call.value), now, now),
                )
        except sqlite3.IntegrityError as error:
            raise AlreadyIntended(f"{purpose} is in the journal already; it is sent once") from error
        return self._entry(int(added.lastrowid or 0))

    def sign(
        self,
        entry: Entry,
        *,
        nonce: int,
        signed: Signed,
        fees: Fees,
        head: int,
        now: float,
        void: str = "",
    ) -> Entry:
        """Keep the bytes, for a first time or with another fee at the same nonce.

        Args:
            void: why these bytes only use up the nonce. An entry that failed stays so.
        """
        if entry.nonce not in (None, nonce):
            raise ValueError(f"{entry.purpose} has nonce {entry.nonce}; it is never signed at another")
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO signatures (hash, entry, raw, tip, maximum, head, at, void)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
                (signed.hash, entry.id, signed.raw, str(fees.tip), str(fees.maximum), head, now, void),
            )
            if entry.stage is not Stage.FAILED:
                self._set(entry, now, state=Stage.SIGNED, nonce=nonce, hash=signed.hash, error="")
        return self._entry(entry.id)

    def adopt(self, entry: Entry, *, nonce: int, signed: Signed, fees: Fees, block: int, now: float) -> Entry:
        """Take over what the chain has already: this journal is older than the chain, or another signed."""
        with self._database.transaction():
            self.sign(entry, nonce=nonce, signed=signed, fees=fees, head=block, now=now)
            return self.mined(entry, signed.hash, block, now)

    def broadcast(self, entry: Entry, now: float) -> Entry:
        """Note that a node took the bytes; nothing is noted twice, nor of what is over."""
        if entry.over or (entry.stage is Stage.BROADCAST and not entry.error):
            return entry
        return self._set(entry, now, state=Stage.BROADCAST, error="")

    def trouble(self, entry: Entry, error: str, now: float) -> Entry:
        """Note why it does not go on; it is tried again."""
        return entry if entry.error == error else self._set(entry, now, error=error)

    def mined(self, entry: Entry, transaction: str, block: int, now: float) -> Entry:
        """Note the block it is in for now."""
        return self._set(entry, now, state=Stage.MINED, hash=transaction, block=block, error="")

    def lost(self, entry: Entry, now: float) -> Entry:
        """Note that its block is no longer in the chain, not even if it was final."""
        return self._set(entry, now, state=Stage.BROADCAST, block=None)

    def done(self, entry: Entry, now: float) -> Entry:
        """Note that it is in the chain for good."""
        return self._set(entry, now, state=Stage.FINAL)

    def failed(self, entry: Entry, error: str, block: int, now: float) -> Entry:
        """Note that it will never be done, as `block` proves. Its purpose may be planned again."""
        return self._set(entry, now, state=Stage.FAILED, error=error, block=block)

    def under_way(self) -> list[Entry]:
        """Everything not over yet, in the order in which it has to reach the chain."""
        return [
            _entry(row)
            for row in self._database.rows(
                f"SELECT * FROM journal WHERE {UNDER_WAY} ORDER BY nonce IS NULL, nonce, id"  # noqa: S608
            )
        ]

    def find(self, purpose: str) -> Entry | None:
        """The newest entry with this purpose."""
        found = self._database.rows(
            "SELECT * FROM journal WHERE purpose = ? ORDER BY id DESC LIMIT 1", (purpose,)
        )
        return _entry(found[0]) if found else None

    def over_since(self, block: int) -> list[Entry]:
        """What was signed and is over, in a block from this one on: a reorganisation may undo it."""
        return [
            _entry(row)
            for row in self._database.rows(
                "SELECT * FROM journal WHERE block >= ? AND state IN (?, ?) AND +nonce IS NOT NULL"
                " ORDER BY +nonce",  # found by the block: by the nonce it would be all that ever were
                (block, Stage.FINAL, Stage.FAILED),
            )
        ]

    def highest_block(self) -> int:
        """The highest block that is known to have been in the chain; 0: none."""
        return int(self._database.rows("SELECT coalesce(max(block), 0) FROM journal")[0][0])

    def at_nonce(self, nonce: int) -> Entry | None:
        """The entry that was signed at a nonce."""
        found = self._database.rows("SELECT * FROM journal WHERE nonce = ?", (nonce,))
        return _entry(found[0]) if found else None

    def rests_until(self, purpose: str) -> int:
        """The block before which a purpose is not to be planned again, having failed; 0 when it has not.

        Args:
            purpose: whole, or the beginning of several ("offer:1:").
        """
        row = self._database.rows(
            "SELECT count(*) AS failures, max(block) AS last FROM journal"
            " WHERE purpose >= :it AND purpose < :beyond AND state = :failed AND id >"
            " (SELECT coalesce(max(id), 0) FROM journal"
            "  WHERE purpose >= :it AND purpose < :beyond AND state = :final)",
            {"it": purpose, "beyond": f"{purpose}\x7f", "failed": Stage.FAILED, "final": Stage.FINAL},
        )[0]
        return int(row["last"] or 0) + rest(row["failures"]) if row["failures"] else 0

    def next_nonce(self) -> int:
        """One above the highest nonce ever signed here; 0 when there is none."""
        return int(self._database.rows("SELECT coalesce(max(nonce) + 1, 0) FROM journal")[0][0])

    def signatures(self, entry: Entry) -> list[Signature]:
        """Every way in which an entry was signed, the newest first."""
        return [
            Signature(
                signed=Signed(hash=row["hash"], raw=row["raw"]),
                fees=Fees(tip=int(row["tip"]), maximum=int(row["maximum"])),
                head=row["head"],
                void=row["void"],
            )
            for row in self._database.rows(
                "SELECT * FROM signatures WHERE entry = ? ORDER BY number DESC", (entry.id,)
            )
        ]

    def _set(self, entry: Entry, now: float, **fields: object) -> Entry:
        names = ", ".join(f"{name} = ?" for name in fields)
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE journal SET {names}, changed_at = ? WHERE id = ?",  # noqa: S608 - our own names
                [*fields.values(), now, entry.id],
            )
        return self._entry(entry.id)

    def _entry(self, number: int) -> Entry:
        return _entry(self._database.rows("SELECT * FROM journal WHERE id = ?", (number,))[0])


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        purpose=row["purpose"],
        stage=Stage(row["state"]),
        call=Call(to=row["to"], data=row["data"], gas=row["gas"], value=int(row["value"])),
        nonce=row["nonce"],
        hash=row["hash"],
        block=row["block"],
        error=row["error"],
        planned_at=row["planned_at"],
    )
