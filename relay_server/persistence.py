"""relay.db: what a relay must know again after a power cut. Never the state of a contact.

One thread writes, so that a slow disk holds up neither the safety loop nor another client. What is urgent is
synced at once and the caller waits for it; the rest is kept back and written together every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import structlog

from quantities import Energy
from relay_server import audit, instructions
from relay_server.accounts import Account, Order
from relay_server.acts import Act, Baseline, Cycle, Latch, Lock, Renewal, Save, Tell
from relay_server.instructions import Instruction
from store.sqlite import migrate, open_writer, transaction

log = structlog.get_logger()

MIGRATIONS = (
    """
    CREATE TABLE accounts (
        buyer TEXT NOT NULL, contact INTEGER NOT NULL,
        delivered INTEGER NOT NULL, vouchered INTEGER NOT NULL, forgiven INTEGER NOT NULL,
        unpaid INTEGER NOT NULL,
        PRIMARY KEY (buyer, contact)
    );
    CREATE TABLE orders (
        id BLOB PRIMARY KEY, buyer TEXT NOT NULL, contact INTEGER NOT NULL, energy INTEGER NOT NULL,
        delivered INTEGER NOT NULL, vouchered INTEGER NOT NULL, signature BLOB, ended INTEGER NOT NULL,
        changed REAL NOT NULL
    );
    CREATE INDEX orders_changed ON orders (changed);
    CREATE TABLE baselines (contact INTEGER PRIMARY KEY, "order" BLOB NOT NULL, forward INTEGER NOT NULL);
    CREATE TABLE faults (contact INTEGER PRIMARY KEY, fault TEXT NOT NULL, since REAL NOT NULL);
    CREATE TABLE cycles (contact INTEGER PRIMARY KEY, operations INTEGER NOT NULL);
    CREATE TABLE boots (number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL);
    CREATE TABLE instructions (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, what TEXT NOT NULL,
        contact INTEGER NOT NULL, buyer TEXT NOT NULL, reason TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, contact INTEGER NOT NULL,
        facts TEXT NOT NULL, hash BLOB NOT NULL
    );
    """,
    """
    ALTER TABLE orders ADD COLUMN market TEXT NOT NULL DEFAULT '';
    ALTER TABLE orders ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
    """,
    """
    CREATE TABLE locks (contact INTEGER PRIMARY KEY, reason TEXT NOT NULL, since REAL NOT NULL);
    """,
    """
    CREATE INDEX audit_by_time ON audit (at);
    """,
    """
    -- only adds
    CREATE TABLE asked (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, by TEXT NOT NULL, at REAL NOT NULL,
        problem TEXT NOT NULL  -- why it was not done; empty: it was
    );
    """,
)

REMEMBERED = 1_000
"""Orders held in memory, the newest first: at most two are open a feed, so every live one is among them."""

LOOK_EVERY = 1.0
"""Seconds between looks for instructions of the operator."""

LET_GO = 0.8
"""Seconds that a stop waits for the disk: the contacts are home by then, and a daemon ends within 3 s."""


Kept: TypeAlias = Latch | Lock | Cycle | Renewal | Tell
"""What is written in the order in which it happened."""


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What was on disk at boot."""

    boot: int
    accounts: Mapping[tuple[str, int], Account] = field(default_factory=dict)
    orders: Mapping[bytes, Order] = field(default_factory=dict)
    baselines: Mapping[int, Baseline] = field(default_factory=dict)
    faults: Mapping[int, str] = field(default_factory=dict)
    locks: Mapping[int, str] = field(default_factory=dict)
    cycles: Mapping[int, int] = field(default_factory=dict)


class Persistence:
    """The one writer of relay.db."""

    def __init__(self, path: Path, every: float, obey: Callable[[Instruction], None] | None = None) -> None:
        """Open, migrate, count this boot.

        Args:
            every: seconds between writes of what is not urgent.
            obey: called on the writer's thread with each instruction of the operator.

        Raises:
            StoreError: the file cannot be used.
        """
        self._database = open_writer(path, "full")
        migrate(self._database, MIGRATIONS)
        self._every = every
        self._obey = obey
        self._lock = threading.Condition()
        self._accounts: dict[tuple[str, int], Account] = {}
        self._orders: dict[bytes, Order] = {}
        self._baselines: dict[int, Baseline] = {}
        self._others: list[tuple[float, Kept]] = []
        self._waiting: list[Future[None]] = []
        self._written_accounts: dict[tuple[str, int], Account] = {}
        self._written_orders: dict[bytes, Order] = {}
        """What of both this process has written, as it stands on the disk."""
        self._oldest: float | None = None
        self._ending = False
        self._seq, self._hash = audit.last(self._database)
        self.remembered = self._read()
        self._thread = threading.Thread(target=self._run, name="persistence", daemon=True)

    def start(self, obey: Callable[[Instruction], None]) -> None:
        """Begin writing, and obeying the operator."""
        self._obey = obey
        self._thread.start()

    def keep(self, acts: Sequence[Act]) -> Future[None] | None:
        """Take what acts ask to keep. If any of it is urgent: a future that is done once it is on disk."""
        urgent = False
        with self._lock:
            for act in acts:
                match act:
                    case Save() if self._is_written(act):
                        pass  # a buyer that repeats itself costs the disk nothing
                    case Save():
                        self._accounts[act.account.buyer, act.account.contact] = act.account
                        if act.order:
                            self._orders[act.order.id] = act.order
                        urgent |= act.urgent
                    case Baseline():
                        self._baselines[act.contact] = act
                    case Latch() | Lock() | Cycle() | Renewal() | Tell():
                        self._others.append((time.time(), act))
                        urgent |= isinstance(act, Latch | Lock)
            if self._pending and self._oldest is None:
                self._oldest = time.monotonic()
            if not urgent:
                return None
            written: Future[None] = Future()
            self._waiting.append(written)
            self._lock.notify()
        return written

    @property
    def _pending(self) -> bool:
        return bool(self._accounts or self._orders or self._baselines or self._others)

    def _is_written(self, act: Save) -> bool:
        """Whether just this is on disk already, and nothing newer waits."""
        account, order = act.account, act.order
        key = account.buyer, account.contact
        if order is None or key in self._accounts or order.id in self._orders:
            return False
        return self._written_accounts.get(key) == account and self._written_orders.get(order.id) == order

    @property
    def behind(self) -> float:
        """Seconds for which the oldest act that is not on disk has been waiting; 0 when all of them are."""
        oldest = self._oldest
        return 0.0 if oldest is None else time.monotonic() - oldest

    def close(self) -> None:
        """Write everything, and let go of the file; a disk that stands still is not waited for."""
        with self._lock:
            self._ending = True
            self._lock.notify()
        if self._thread.is_alive():
            self._thread.join(LET_GO)
        if self._thread.is_alive():
            log.warning("relay.db not closed", hint="the disk stands still: the last records may be lost")
            return
        self._database.close()

    def _run(self) -> None:
        due = time.monotonic() + self._every
        while not self._ending:
            with self._lock:
                if not self._waiting and not self._ending:
                    self._lock.wait(LOOK_EVERY)
            if self._waiting or self._ending or time.monotonic() >= due or self._others:
                self._write()
                due = time.monotonic() + self._every
            self._look()
        self._write()

    def _write(self) -> bool:
        """One transaction, one sync; what could not be written is tried again with the next: False."""
        begun = time.monotonic()
        with self._lock:
            accounts, self._accounts = self._accounts, {}
            orders, self._orders = self._orders, {}
            baselines, self._baselines = self._baselines, {}
            others, self._others = self._others, []
            waiting, self._waiting = self._waiting, []
            for key in accounts:
                self._written_accounts.pop(key, None)  # until the disk has the new one
            for id_ in orders:
                self._written_orders.pop(id_, None)
        if not (accounts or orders or baselines or others):
            _done(waiting)
            return True
        seq, hashed = self._seq, self._hash
        told: list[tuple[Tell, int, bytes]] = []
        try:
            with transaction(self._database):
                for account in accounts.values():
                    self._save_account(account)
                for order in orders.values():
                    self._save_order(order)
                for baseline in baselines.values():
                    self._mark(baseline)
                for at, other in others:
                    seq, hashed = self._note(at, other, seq, hashed)
                    if isinstance(other, Tell):
                        told.append((other, seq, hashed))
        except Exception as error:  # this thread has to live: without it nothing is remembered any more
            with self._lock:
                self._accounts = accounts | self._accounts
                self._orders = orders | self._orders
                self._baselines = baselines | self._baselines
                self._others = others + self._others
            _failed(waiting, error)
            log.warning("relay.db not written", error=str(error), hint="check the disk: full, or worn out")
            time.sleep(0.1)
            return False
        self._seq, self._hash = seq, hashed
        with self._lock:
            self._written_accounts |= accounts
            self._written_orders |= orders
            self._oldest = begun if self._pending else None
        _done(waiting)
        for act, number, known_by in told:
            log.info(act.event, contact=act.contact, **act.facts, audit=number, hash=known_by.hex())
        return True

    def _save_account(self, account: Account) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
            (
                account.buyer,
                account.contact,
                account.delivered.mwh,
                account.vouchered.mwh,
                account.forgiven.mwh,
                account.unpaid,
            ),
        )

    def _save_order(self, order: Order) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.id,
                order.buyer,
                order.contact,
                order.energy.mwh,
                order.delivered.mwh,
                order.vouchered.mwh,
                order.signature or None,
                order.ended,
                time.time(),
                order.market,
                order.settled,
            ),
        )

    def _mark(self, baseline: Baseline) -> None:
        if baseline.order is None:
            self._database.execute("DELETE FROM baselines WHERE contact = ?", (baseline.contact,))
            return
        self._database.execute(
            "INSERT OR REPLACE INTO baselines VALUES (?, ?, ?)",
            (baseline.contact, baseline.order, baseline.forward),
        )

    def _note(self, at: float, act: Kept, seq: int, hashed: bytes) -> tuple[int, bytes]:
        match act:
            case Latch(fault=None):
                self._database.execute("DELETE FROM faults WHERE contact = ?", (act.contact,))
            case Latch():
                self._database.execute(
                    "INSERT OR REPLACE INTO faults VALUES (?, ?, ?)", (act.contact, act.fault, at)
                )
            case Lock(reason=None):
                self._database.execute("DELETE FROM locks WHERE contact = ?", (act.contact,))
            case Lock():
                self._database.execute(
                    "INSERT OR REPLACE INTO locks VALUES (?, ?, ?)", (act.contact, act.reason, at)
                )
            case Cycle():
                self._database.execute(
                    "INSERT INTO cycles VALUES (?, 1) ON CONFLICT DO UPDATE SET operations = operations + 1",
                    (act.contact,),
                )
            case Renewal():
                self._database.execute("DELETE FROM cycles WHERE contact = ?", (act.contact,))
            case Tell():
                entry = audit.Entry(
                    seq=seq + 1,
                    at=int(at * 1_000_000),
                    event=act.event,
                    contact=act.contact,
                    facts=act.facts,
                )
                hashed = audit.append(self._database, entry, hashed)
                return entry.seq, hashed
        return seq, hashed

    def _look(self) -> None:
        """Have the operator obeyed; what could not be written by then is obeyed again at the next look."""
        try:
            last, given = instructions.waiting(self._database)
            if not last:
                return
            for instruction in given:
                self._pass_on(instruction)
            if self._write():
                instructions.done(self._database, last)
        except Exception as error:
            log.warning("instructions not done", error=str(error))

    def _pass_on(self, instruction: Instruction) -> None:
        try:
            if self._obey:
                self._obey(instruction)
        except Exception as error:  # those after it are obeyed all the same
            log.warning("instruction not obeyed", what=instruction.what.value, error=str(error))

    def _read(self) -> Remembered:
        database = self._database
        with transaction(database):
            boot = database.execute("INSERT INTO boots (at) VALUES (?)", (time.time(),)).lastrowid
        orders = database.execute("SELECT * FROM orders ORDER BY changed DESC LIMIT ?", (REMEMBERED,))
        return Remembered(
            boot=boot or 0,
            accounts={
                (row["buyer"], row["contact"]): Account(
                    buyer=row["buyer"],
                    contact=row["contact"],
                    delivered=Energy(row["delivered"]),
                    vouchered=Energy(row["vouchered"]),
                    forgiven=Energy(row["forgiven"]),
                    unpaid=bool(row["unpaid"]),
                )
                for row in database.execute("SELECT * FROM accounts")
            },
            orders={
                row["id"]: Order(
                    id=row["id"],
                    buyer=row["buyer"],
                    contact=row["contact"],
                    energy=Energy(row["energy"]),
                    delivered=Energy(row["delivered"]),
                    vouchered=Energy(row["vouchered"]),
                    signature=row["signature"] or b"",
                    ended=bool(row["ended"]),
                    market=row["market"],
                    settled=bool(row["settled"]),
                )
                for row in orders
            },
            baselines={
                row["contact"]: Baseline(contact=row["contact"], order=row["order"], forward=row["forward"])
                for row in database.execute("SELECT * FROM baselines")
            },
            faults={row["contact"]: row["fault"] for row in database.execute("SELECT * FROM faults")},
            locks={row["contact"]: row["reason"] for row in database.execute("SELECT * FROM locks")},
            cycles={row["contact"]: row["operations"] for row in database.execute("SELECT * FROM cycles")},
        )


def _done(waiting: list[Future[None]]) -> None:
    for future in waiting:
        future.set_result(None)


def _failed(waiting: list[Future[None]], error: Exception) -> None:
    for future in waiting:
        future.set_exception(error)
