"""The trades of the household, in `trade.db`: written by client-interaction, read by the DApp."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from node.client_interaction.trade import FINAL, Proof, Side, Step, Trade, TradeState
from node.wallet.database import Database
from quantities import Energy, Price, Tokens
from store import sqlite

TABLES = """
CREATE TABLE trades (
    "order" TEXT PRIMARY KEY, side TEXT NOT NULL, market TEXT NOT NULL, partner TEXT NOT NULL,
    account TEXT NOT NULL, contact INTEGER NOT NULL, energy INTEGER NOT NULL,
    price TEXT NOT NULL, cost TEXT NOT NULL,  -- base units are larger than SQLite's integers
    created REAL NOT NULL, changed REAL NOT NULL, state TEXT NOT NULL, ref TEXT NOT NULL,
    channel INTEGER, previous TEXT,
    baseline INTEGER, received INTEGER NOT NULL, vouchered INTEGER NOT NULL, voucher TEXT NOT NULL,
    paid TEXT NOT NULL, refunded TEXT NOT NULL, reason TEXT NOT NULL, ending TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trades_by_age ON trades (created);
CREATE TABLE steps (
    number INTEGER PRIMARY KEY, "order" TEXT NOT NULL REFERENCES trades ("order"),
    name TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, proof TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_trade ON steps ("order", number);
"""

METERED = """
ALTER TABLE trades ADD COLUMN metered INTEGER;
ALTER TABLE trades ADD COLUMN metered_at INTEGER NOT NULL DEFAULT 0;
"""
"""Another migration, for files of before."""

UNFINISHED = "state NOT IN ('failed', 'refunded', 'settled')"
"""Every state but those of `FINAL`; word for word as in the index, or SQLite does not use it."""

UNFINISHED_INDEX = f"CREATE INDEX trades_unfinished ON trades (created) WHERE {UNFINISHED};"
"""Another migration: what is unfinished is asked for in every turn, and what is over stays for years."""

COLUMNS = (
    "order", "side", "market", "partner", "account", "contact", "energy", "price", "cost", "created",
    "changed", "state", "ref", "channel", "previous", "baseline", "received", "vouchered", "voucher", "paid",
    "refunded", "reason", "ending", "metered", "metered_at",
)  # fmt: skip
AMOUNTS = {"price": Price, "cost": Tokens, "paid": Tokens, "refunded": Tokens}
ENERGIES = frozenset({"energy", "received", "vouchered"})


class Trades:
    """The repository, for the one process that writes it."""

    def __init__(self, database: Database) -> None:
        """Use an open database that has `TABLES`."""
        self._database = database
        self.came_home: float | None = self._last_end()
        """Unix seconds at which the household's last supply ended; None: it had none."""

    def together(self) -> AbstractContextManager[sqlite3.Connection]:
        """Everything inside becomes durable together, the journal's part included."""
        return self._database.transaction()

    def add(self, trade: Trade, step: Step | None = None) -> None:
        """Keep a new trade; nothing happens when it is known already."""
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        marks = ", ".join("?" * len(COLUMNS))
        with self._database.transaction() as connection:
            added = connection.execute(
                f"INSERT OR IGNORE INTO trades ({names}) VALUES ({marks})",  # noqa: S608 - our own names
                [_stored(name, getattr(trade, name)) for name in COLUMNS],
            )
            if step is not None and added.rowcount:
                self.step(trade.order, step)

    def change(self, order: str, step: Step | None = None, **fields: object) -> None:
        """Change some fields of a trade, and note the step that changed them, together."""
        unknown = set(fields) - set(COLUMNS)
        if unknown:
            raise TypeError(f"a trade has no {sorted(unknown)}")
        with self._database.transaction() as connection:
            if fields:
                names = ", ".join(f'"{name}" = ?' for name in fields)
                values = [_stored(name, value) for name, value in fields.items()]
                connection.execute(f'UPDATE trades SET {names} WHERE "order" = ?', [*values, order])  # noqa: S608
            if step is not None:
                self.step(order, step)

    def step(self, order: str, step: Step) -> None:
        """Add one step to a trade's timeline."""
        with self._database.transaction() as connection:
            connection.execute(
                'INSERT INTO steps ("order", name, at, kind, proof, text) VALUES (?, ?, ?, ?, ?, ?)',
                (order, step.name, step.at, step.kind, step.proof, step.text),
            )
        if step.name == "ended":
            self.came_home = self._last_end()

    def get(self, order: str) -> Trade | None:
        """One trade."""
        found = self._database.rows('SELECT * FROM trades WHERE "order" = ?', (order,))
        return _trade(found[0]) if found else None

    def handed_over(self, order: str) -> bool:
        """Whether the seller has the last voucher: with the OPEN, or because the next order took over."""
        rows = self._database.rows(
            "SELECT 1 FROM steps WHERE \"order\" = ? AND name = 'feed-opened'"
            " UNION ALL SELECT 1 FROM trades WHERE previous = ? AND baseline IS NOT NULL LIMIT 1",
            (order, order),
        )
        return bool(rows)

    def unfinished(self) -> list[Trade]:
        """Every trade to which something can still happen, oldest first."""
        rows = self._database.rows(f"SELECT * FROM trades WHERE {UNFINISHED} ORDER BY created")  # noqa: S608
        return [_trade(row) for row in rows]

    def _last_end(self) -> float | None:
        """Of the own purchases under which a seller's contact was closed; the last one written, whatever the
        clock said."""
        rows = self._database.rows(
            'SELECT at FROM steps JOIN trades USING ("order")'
            " WHERE name = 'ended' AND side = ? AND baseline IS NOT NULL ORDER BY number DESC LIMIT 1",
            (Side.BUYER,),
        )
        return rows[0]["at"] if rows else None

    def spent_since(self, start: float) -> Tokens:
        """What purchases since `start` (Unix seconds) cost; what may still come back counts as spent."""
        spent = 0
        query = "SELECT state, cost, paid FROM trades WHERE side = ? AND created >= ?"
        for row in self._database.rows(query, (Side.BUYER, start)):
            spent += int(row["paid"] if TradeState(row["state"]) in FINAL else row["cost"])
        return Tokens(spent)


class Mark(NamedTuple):
    """A place between two trades: after this one."""

    created: float
    order: str


class TradesReader:
    """The trades as another process sees them. Short-lived: one a request, see `store.sqlite.open_reader`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use an open, read-only connection."""
        self._connection = connection

    def latest(self, count: int = 50, before: float | None = None, since: float = 0.0) -> list[Trade]:
        """The newest trades first; `before` (Unix seconds) turns the page, none is older than `since`."""
        rows = self._connection.execute(
            'SELECT * FROM trades WHERE created < ? AND created >= ? ORDER BY created DESC, "order" LIMIT ?',
            (float("inf") if before is None else before, since, count),
        )
        return [_trade(row) for row in rows]

    def after(self, mark: Mark | None, count: int) -> list[Trade]:
        """The `count` trades that come after a place, the newest first; None: from the newest on."""
        mark = mark or Mark(float("inf"), "")
        rows = self._connection.execute(
            'SELECT * FROM trades WHERE created <= ? AND (created < ? OR "order" > ?) '
            'ORDER BY created DESC, "order" LIMIT ?',
            (mark.created, mark.created, mark.order, count),
        )
        return [_trade(row) for row in rows]

    def trade(self, order: str) -> Trade | None:
        """One trade."""
        row = self._connection.execute('SELECT * FROM trades WHERE "order" = ?', (order,)).fetchone()
        return None if row is None else _trade(row)

    def steps(self, order: str) -> list[Step]:
        """What happened in a trade, in order."""
        rows = self._connection.execute('SELECT * FROM steps WHERE "order" = ? ORDER BY number', (order,))
        return [
            Step(
                name=row["name"], at=row["at"], kind=Proof(row["kind"]), proof=row["proof"], text=row["text"]
            )
            for row in rows
        ]

    def count(self) -> int:
        """How many trades there are."""
        return int(self._connection.execute("SELECT count(*) FROM trades").fetchone()[0])


@contextmanager
def open_trades(path: Path) -> Iterator[TradesReader]:
    """Read `trade.db`, whether client-interaction runs or not.

    Raises:
        store.errors.Unopenable: absent (client-interaction has never run), no permission, or not a database.
    """
    connection = sqlite.open_reader(path)
    try:
        yield TradesReader(connection)
    finally:
        connection.close()


def _stored(name: str, value: Any) -> object:
    if name in AMOUNTS:
        return str(value.value)
    if name in ENERGIES:
        return value.mwh
    return value


def _trade(row: sqlite3.Row) -> Trade:
    fields: dict[str, Any] = {name: row[name] for name in COLUMNS}
    for name, kind in AMOUNTS.items():
        fields[name] = kind(int(fields[name]))
    for name in ENERGIES:
        fields[name] = Energy(fields[name])
    return Trade(**{**fields, "side": Side(fields["side"]), "state": TradeState(fields["state"])})
