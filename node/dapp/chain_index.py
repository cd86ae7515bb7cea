"""Where on the chain an account occurs, and which blocks hold anything at all: `state/index.db`.

The index keeps places, never contents: a page asks the index which blocks to look at, and the household's
own node what is in them. So it is small (a chain is mostly empty blocks, which take no row), and whatever it
says, no page shows what the chain does not hold. The file may be deleted at any time; it is made anew.

It goes up from block 0 and remembers the hash of every thousandth block and of the last ones. Before each
step these are held against the chain: what the chain took back is taken out again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from store import sqlite
from store.errors import StoreError

FILE = "index.db"

STEP = 64
"""Blocks asked for at once: of empty ones some 100 kB."""

EVERY = 1_000
"""Of the old blocks' hashes one in so many is kept, to find where the chain was put back to."""

RECENT = 128
"""Of the newest blocks every hash is kept."""

SMALLEST_ADDRESS = 2**96
"""A topic of 32 bytes is taken for an address where it fits 20 bytes and is no small number."""

MIGRATIONS = (
    """
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, address BLOB NOT NULL UNIQUE) STRICT;
    CREATE TABLE touches (account INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (account, block))
        STRICT, WITHOUT ROWID;
    CREATE TABLE busy (block INTEGER PRIMARY KEY, transactions INTEGER NOT NULL, events INTEGER NOT NULL)
        STRICT;
    CREATE TABLE hashes (block INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
    """,
)


class Node(Protocol):
    """What is asked of a chain client."""

    def block_number(self) -> int:
        """Height of the head."""
        ...

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Several calls at once, their results as JSON."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far the index is."""

    done: int
    """The last block that is in it; -1: none."""

    head: int
    """Of the chain, as last seen."""

    @property
    def percent(self) -> int:
        """Of the chain."""
        return 100 if self.head <= self.done else 100 * (self.done + 1) // (self.head + 1)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one block adds to the index."""

    number: int
    hash: str
    parent: str
    transactions: int
    events: int
    accounts: frozenset[bytes]


class ChainIndex:
    """The index's one connection; the thread that writes and those that read share it behind a lock."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it; one that cannot be read is made anew.

        Raises:
            StoreError: the folder cannot be written.
        """
        path = path.resolve()  # Behind a link it lies in a folder of its writer: so do the files beside it.
        try:
            self._db = self._open(path)
        except (StoreError, sqlite3.DatabaseError):
            for tail in ("", "-wal", "-shm"):
                path.with_name(path.name + tail).unlink(missing_ok=True)
            self._db = self._open(path)
        self._lock = threading.Lock()
        self._head = 0

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        opened = sqlite.open_writer(path, "normal")
        sqlite.migrate(opened, MIGRATIONS)
        return opened

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    # --- what pages ask

    def reach(self) -> Reach:
        """How far it is."""
        with self._lock:
            return Reach(done=self._done(), head=self._head)

    def with_events(self, below: int, count: int) -> list[int]:
        """The newest blocks at or below a height in which contracts told something, newest first."""
        return self._numbers(
            "SELECT block FROM busy WHERE block <= ? AND events > 0 ORDER BY block DESC LIMIT ?", below, count
        )

    def with_transactions(self, below: int, count: int) -> list[int]:
        """The newest blocks at or below a height that are not empty, newest first."""
        return self._numbers(
            "SELECT block FROM busy WHERE block <= ? ORDER BY block DESC LIMIT ?", below, count
        )

    def of(self, account: str, below: int, count: int) -> list[int]:
        """The newest blocks at or below a height in which an account occurs, newest first."""
        return self._numbers(
            "SELECT block FROM touches WHERE account = (SELECT id FROM accounts WHERE address = ?) "
            "AND block <= ? ORDER BY block DESC LIMIT ?",
            _bytes(account),
            below,
            count,
        )

    def _numbers(self, query: str, *parameters: object) -> list[int]:
        with self._lock:
            return [row[0] for row in self._db.execute(query, parameters)]

    # --- what the writing thread does

    def step(self, node: Node) -> bool:
        """Take in the next blocks, after taking out what the chain took back.

        Returns:
            Whether there is more to do at once.

        Raises:
            ChainError: the node does not answer.
            StoreError, sqlite3.Error: the file cannot be written.
        """
        self._head = head = node.block_number()
        self._agree(node, head)
        with self._lock:
            first = self._done() + 1
        if first > head:
            return False
        last = min(first + STEP - 1, head)
        self._add(fetch(node, first, last))
        return last < head

    def _agree(self, node: Node, head: int) -> None:
        """Take out every block that the chain does not hold any more."""
        while True:
            with self._lock:
                row = self._db.execute(
                    "SELECT block, hash FROM hashes ORDER BY block DESC LIMIT 1"
                ).fetchone()
            if row is None:
                return
            if row["block"] <= head:
                [block] = node.batch([("eth_getBlockByNumber", (hex(row["block"]), False))])
                if block is not None and _bytes(block["hash"]) == row["hash"]:
                    return
            self._cut(row["block"])

    def _cut(self, block: int) -> None:
        """Go back to the newest hash below a block."""
        with self._lock, sqlite.transaction(self._db):
            self._db.execute("DELETE FROM hashes WHERE block >= ?", (block,))
            done = self._done()
            self._db.execute("DELETE FROM touches WHERE block > ?", (done,))
            self._db.execute("DELETE FROM busy WHERE block > ?", (done,))

    def _add(self, found: Sequence[Found]) -> None:
        with self._lock, sqlite.transaction(self._db):
            if not found or not self._follows(found[0]):
                return  # The chain changed meanwhile: the next step sees what it is now.
            for block in found:
                if block.transactions:
                    self._db.execute(
                        "INSERT INTO busy VALUES (?, ?, ?)", (block.number, block.transactions, block.events)
                    )
                self._db.executemany("INSERT OR IGNORE INTO accounts (address) VALUES (?)",
                                     [(each,) for each in sorted(block.accounts)])  # fmt: skip
                self._db.executemany(
                    "INSERT OR IGNORE INTO touches SELECT id, ? FROM accounts WHERE address = ?",
                    [(block.number, each) for each in sorted(block.accounts)],
                )
            self._db.executemany(
                "INSERT INTO hashes VALUES (?, ?)", [(block.number, _bytes(block.hash)) for block in found]
            )
            last = found[-1].number
            self._db.execute(
                "DELETE FROM hashes WHERE block < ? AND block > ? AND block % ? <> 0",
                (last - RECENT, last - RECENT - 2 * STEP, EVERY),
            )

    def _follows(self, block: Found) -> bool:
        row = self._db.execute("SELECT block, hash FROM hashes ORDER BY block DESC LIMIT 1").fetchone()
        if row is None:
            return block.number == 0
        return (row["block"] + 1, row["hash"]) == (block.number, _bytes(block.parent))

    def _done(self) -> int:
        row = self._db.execute("SELECT max(block) FROM hashes").fetchone()
        return -1 if row[0] is None else int(row[0])


def fetch(node: Node, first: int, last: int) -> list[Found]:
    """What these blocks hold, as far as one chain holds them all; at least one."""
    numbers = range(first, last + 1)
    blocks = node.batch([("eth_getBlockByNumber", (hex(number), True)) for number in numbers])
    kept: list[Mapping[str, Any]] = []
    for block in blocks:
        if block is None or (kept and block["parentHash"] != kept[-1]["hash"]):
            break
        kept.append(block)
    # By hash, so that no event of another block is taken for one of these.
    busy = [block["hash"] for block in kept if block["transactions"]]
    logs = node.batch([("eth_getLogs", ({"blockHash": each},)) for each in busy])
    events = dict(zip(busy, logs, strict=True))
    return [_found(block, events.get(block["hash"], ())) for block in kept]


def _found(block: Mapping[str, Any], logs: Iterable[Mapping[str, Any]]) -> Found:
    accounts: set[bytes] = set()
    count = 0
    for sent in block["transactions"]:
        accounts.update(_bytes(each) for each in (sent["from"], sent["to"]) if each)
    for entry in logs:
        count += 1
        accounts.add(_bytes(entry["address"]))
        accounts.update(topic[12:] for topic in map(_bytes, entry["topics"][1:]) if _is_address(topic))
    return Found(
        number=int(block["number"], 16),
        hash=block["hash"],
        parent=block["parentHash"],
        transactions=len(block["transactions"]),
        events=count,
        accounts=frozenset(accounts),
    )


def _is_address(topic: bytes) -> bool:
    return SMALLEST_ADDRESS <= int.from_bytes(topic) < 2**160


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
