"""A process of its own with the real sender, the real journal and a real node, made to be killed.

Faults are injected from outside: journal and node are wrapped, the product knows nothing of it.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import structlog

from chain.client import ChainClient
from chain.errors import ChainError
from chain.keys import Account
from chain.transactions import Call
from contracts.bindings import Market, OrderArgs, State, Token
from node.wallet.database import Database
from node.wallet.journal import TABLES, VOIDS, Entry, Journal, Stage
from node.wallet.sender import Sender
from store.errors import Unwritable

DEPTH = 1
GAS = 400_000
THROUGH = "through"
"""A file that says that the victim came to its end: exit codes get lost where threads share a fork server."""
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True, kw_only=True)
class Life:
    """An order from its purchase to its refund."""

    name: str
    market: str
    token: str
    order: OrderArgs
    id: bytes


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a victim is to do, and where it is to die."""

    url: str
    folder: Path
    private: bytes
    chain_id: int
    intents: tuple[tuple[str, Call], ...]
    life: Life | None = None
    point: str = ""
    lossy: bool = False
    """The node takes bytes and forgets them, until the fee was raised."""
    room: int | None = None
    """Bytes that its files may grow by."""
    beat: float = 0.1


def start(script: Script) -> ForkServerProcess:
    """Begin; the process is the caller's to kill."""
    process = PROCESSES.Process(target=run, args=(script,), daemon=True)
    process.start()
    return process


def opened(folder: Path) -> Journal:
    return Journal(Database(folder / "trade.db", (TABLES, VOIDS)))


def run(script: Script) -> None:
    """Plan what is to be done and is not planned yet, and send until all is over."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    client, books = ChainClient(script.url), opened(script.folder)
    if script.room is not None:
        log = script.folder / "trade.db-wal"
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + script.room, resource.RLIM_INFINITY))
    journal: Any = books
    node: Any = client
    if script.lossy:
        node = Lossy(client, books)
    if script.point:
        journal, node = Dying("journal", journal, script.point), Dying("node", node, script.point)
    sender = Sender(journal, Account.of(script.private), script.chain_id, node)
    while True:
        try:
            for purpose, call in wishes(script, books, client):
                sender.plan(purpose, call)
            sender.step(client.block_number(), DEPTH)
        except (ChainError, Unwritable):
            pass
        if over(script, books):
            (script.folder / THROUGH).touch()
            return
        time.sleep(script.beat)


def over(script: Script, journal: Journal) -> bool:
    if journal.under_way() or any(journal.find(purpose) is None for purpose, _ in script.intents):
        return False
    return script.life is None or done(journal.find(f"reclaim:{script.life.name}"))


def done(entry: Entry | None) -> bool:
    return entry is not None and entry.stage is Stage.FINAL


def wishes(script: Script, journal: Journal, client: ChainClient) -> Iterator[tuple[str, Call]]:
    """What the household decides now: all that it wants, and what its order's state asks for."""
    for purpose, call in script.intents:
        if journal.find(purpose) is None:
            yield purpose, call
    if script.life is None:
        return
    life = script.life
    buy, close = f"buy:{life.name}", f"close:{life.name}"
    data = Token.encode_approve_and_call(life.market, life.order.cost, life.order)
    if open_to(journal, buy):
        yield buy, Call(to=life.token, data=data, gas=GAS)
    if done(journal.find(buy)) and open_to(journal, close):
        yield close, Call(to=life.market, data=Market.encode_request_close(life.id), gas=150_000)
    reclaim = f"reclaim:{life.name}"
    if done(journal.find(close)) and open_to(journal, reclaim):
        order = Market(client, life.market).order(life.id)
        if order and order.state is State.CLOSING and client.block_number() >= (order.reclaim_from or 0):
            yield reclaim, Call(to=life.market, data=Market.encode_reclaim(life.id), gas=200_000)


def open_to(journal: Journal, purpose: str) -> bool:
    entry = journal.find(purpose)
    return entry is None or entry.failed


class Dying:
    """Passes everything on, and kills its process at one point."""

    def __init__(self, name: str, real: Any, point: str) -> None:
        self._name = name
        self._real = real
        self._point = point

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._real, method)

        def passed_on(*given: Any, **named: Any) -> Any:
            step = f"{self._name}.{method}"
            if step == "journal.sign":
                step += " void" if named.get("void") else " again" if given[0].nonce is not None else ""
            self._die(f"before {step}")
            try:
                return real(*given, **named)
            finally:
                self._die(f"after {step}")

        return passed_on

    def _die(self, here: str) -> None:
        if here == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


class Lossy:
    """A node that takes the first bytes of everything and forgets them."""

    def __init__(self, real: ChainClient, journal: Journal) -> None:
        self._real = real
        self._journal = journal

    def __getattr__(self, method: str) -> Any:
        return getattr(self._real, method)

    def send_raw(self, raw: bytes) -> str:
        waiting = self._journal.under_way()
        if any(len(self._journal.signatures(entry)) > 1 for entry in waiting):
            return self._real.send_raw(raw)
        return ""
