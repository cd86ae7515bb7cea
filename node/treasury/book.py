"""The treasurer's book: one SQLite file, every commit synced (FULL), nothing ever removed.

An entry and the transaction that carries it out are written in one commit; the wallet's journal then takes
care that it is sent once, whatever crashes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from chain.transactions import Call
from node.treasury.entries import Entry, Kind
from node.treasury.errors import Refused
from node.treasury.gas import TRANSFER_GAS, Gift
from node.treasury.money import Money
from node.wallet import journal as journals
from node.wallet.database import Database
from node.wallet.journal import Journal, Stage
from quantities import Tokens

TABLES = """
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL,
    tokens TEXT NOT NULL, minor INTEGER, currency TEXT NOT NULL, reference TEXT NOT NULL,
    transfer TEXT NOT NULL, failed INTEGER NOT NULL DEFAULT 0, told INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX each_transfer_once ON entries (transfer) WHERE transfer <> '' AND NOT failed;
CREATE UNIQUE INDEX each_reference_once ON entries (kind, account, reference)
    WHERE reference <> '' AND NOT failed;
"""

GIFTS = """
CREATE TABLE gifts (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL, wei TEXT NOT NULL
) STRICT;
"""
"""Ether for fees, given to households; `at` is the time of the chain's head."""

MIGRATIONS = (journals.TABLES, journals.VOIDS, TABLES, GIFTS, journals.UNDER_WAY_INDEX)

ALL = """
SELECT entries.*, journal.state, journal.hash, journal.error FROM entries
LEFT JOIN journal ON journal.purpose = entries.kind || ':' || entries.id
"""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An entry before it has a number."""

    kind: Kind
    account: str
    name: str
    tokens: Tokens
    money: Money | None
    reference: str
    transfer: str = ""


class Book:
    """The repository. Close it."""

    def __init__(self, path: Path) -> None:
        """Open the book; begin one where there is none.

        Raises:
            store.errors.StoreError: it cannot be opened, or a newer version wrote it.
        """
        self._database = Database(path, MIGRATIONS)
        self.journal = Journal(self._database)

    def write(self, draft: Draft, call: Call | None, now: float) -> Entry:
        """Write an entry down, and the transaction that carries it out.

        Args:
            draft: what to write.
            call: the mint or burn; None: it needs none.
            now: Unix seconds.

        Raises:
            Refused: the transfer is used, or the reference was used for this household before.
        """
        money = draft.money
        try:
            with self._database.transaction() as connection:
                added = connection.execute(
                    "INSERT INTO entries (kind, at, account, name, tokens, minor, currency, reference,"
                    " transfer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        draft.kind, now, draft.account, draft.name, str(draft.tokens.value),
                        None if money is None else money.minor, "" if money is None else money.currency,
                        draft.reference, draft.transfer,
                    ),
                )  # fmt: skip
                number = int(added.lastrowid or 0)
                if call is not None:
                    self.journal.plan(f"{draft.kind}:{number}", call, now)
        except sqlite3.IntegrityError as error:
            what = "this transfer" if "transfer" in str(error) else f"the reference {draft.reference!r}"
            raise Refused(
                f"{what} is in the book already: nothing was done (see commonwatt tokens ledger)"
            ) from error
        return self.entry(number)

    def entry(self, number: int) -> Entry:
        """One entry."""
        return _entry(self._database.rows(f"{ALL} WHERE entries.id = ?", (number,))[0])

    def entries(self) -> list[Entry]:
        """All, oldest first, failed ones included."""
        return [_entry(row) for row in self._database.rows(f"{ALL} ORDER BY entries.id")]

    def give(self, gift: Gift, name: str, now: float) -> str:
        """Write a gift of ether down, and the transaction that carries it out.

        Args:
            gift: what to give to whom.
            name: the household's.
            now: Unix seconds.

        Returns:
            Its purpose in the journal.
        """
        with self._database.transaction() as connection:
            added = connection.execute(
                "INSERT INTO gifts (at, account, name, wei) VALUES (?, ?, ?, ?)",
                (gift.at, gift.account, name, str(gift.wei)),
            )
            purpose = f"gas:{added.lastrowid}"
            call = Call(to=gift.account, data=b"", gas=TRANSFER_GAS, value=gift.wei)
            self.journal.plan(purpose, call, now)
        return purpose

    def gifts(self) -> list[Gift]:
        """All that were given or are on their way, oldest first; failed ones are none."""
        rows = self._database.rows(
            "SELECT gifts.* FROM gifts JOIN journal ON journal.purpose = 'gas:' || gifts.id"
            " WHERE journal.state <> ? ORDER BY gifts.id",
            (Stage.FAILED,),
        )
        return [Gift(account=row["account"], wei=int(row["wei"]), at=row["at"]) for row in rows]

    def settle(self) -> None:
        """Free what failed entries had used: their transfer and their reference can be used anew."""
        for entry in self.entries():
            if entry.stage is Stage.FAILED:
                with self._database.transaction() as connection:
                    connection.execute("UPDATE entries SET failed = 1 WHERE id = ?", (entry.id,))

    def told(self, number: int) -> None:
        """Note that somebody knows how an entry ended."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE entries SET told = 1 WHERE id = ?", (number,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _entry(row: sqlite3.Row) -> Entry:
    money = None if row["minor"] is None else Money(row["minor"], row["currency"])
    return Entry(
        id=row["id"],
        kind=Kind(row["kind"]),
        at=row["at"],
        account=row["account"],
        name=row["name"],
        tokens=Tokens(int(row["tokens"])),
        money=money,
        reference=row["reference"],
        transfer=row["transfer"],
        stage=Stage.FINAL if row["state"] is None else Stage(row["state"]),
        transaction=row["hash"] or row["transfer"].partition(":")[0],
        error=row["error"] or "",
        told=bool(row["told"]),
    )
