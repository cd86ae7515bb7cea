"""What the demo notices while it runs: settled trades on chain, states of the households, memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chain.client import ChainClient
from chain.errors import ChainError
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from neighbourhood.ports import RPC
from quantities import Energy, Tokens
from simulation.demo import ledger
from simulation.demo.ledger import Order
from simulation.demo.view import Row, rows
from simulation.neighbourhood.folders import Neighbourhood
from simulation.supervisor import Supervisor, memory
from simulation.world.client import WorldClient
from simulation.world.spec import WorldError

LEDGER_EVERY = 1.0
MEMORY_EVERY = 5.0
"""Seconds."""


@dataclass
class Watch:
    """The demo's eyes. Times are monotonic seconds."""

    neighbourhood: Neighbourhood
    world: WorldClient
    clients: list[ChainClient]
    orders: dict[str, Order] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    truth: Mapping[str, Any] | None = None
    began: float = 0.0
    """Unix seconds at world second 0."""

    used: dict[str, dict[str, memory.Memory]] = field(default_factory=dict)
    """By process and program, as last seen."""

    _ledger_due: float = 0.0
    _memory_due: float = 0.0
    _states: dict[str, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    @classmethod
    def over(cls, neighbourhood: Neighbourhood) -> Watch:
        """Watch a neighbourhood."""
        urls = [f"http://{m.address}:{RPC}" for m in neighbourhood.scenario.members]
        return cls(
            neighbourhood=neighbourhood,
            world=WorldClient(str(neighbourhood.run / "world.sock"), patience=0.2),
            clients=[ChainClient(url, timeout=2.0) for url in urls],
        )

    def look(self, supervisor: Supervisor, manifest: Manifest | None) -> Iterator[str]:
        """Look at everything that is due; what is new, in words."""
        now = time.monotonic()
        self._look_at_world()
        self.rows = rows(self.neighbourhood, self.truth)
        yield from self._changes()
        if manifest is not None and now >= self._ledger_due:
            self._ledger_due = now + LEDGER_EVERY
            self._look_at_chain(manifest)
            yield from self._new_orders()
        if now >= self._memory_due:
            self._memory_due = now + MEMORY_EVERY
            for name, process in supervisor.processes.items():
                self.used[name] = memory.group(process.pid)

    @property
    def settled(self) -> list[Order]:
        """The trades that are settled for good."""
        return ledger.settled(self.orders)

    def client(self) -> ChainClient:
        """A node that answers.

        Raises:
            ChainError: none does.
        """
        for client in self.clients[:-1]:
            try:
                client.block_number()
            except ChainError:
                continue
            return client
        return self.clients[-1]

    def close(self) -> None:
        """Let go of everything."""
        self.world.close()
        for client in self.clients:
            client.close()

    def _look_at_world(self) -> None:
        try:
            answer = self.world.ask("truth")
        except WorldError:
            return
        self.truth, self.began = answer["truth"], answer["began"]

    def _look_at_chain(self, manifest: Manifest) -> None:
        try:
            client = self.client()
            last = ledger.final(client, len(self.neighbourhood.scenario.signers))
            if last >= manifest.block:
                # One node may be behind the one that was asked before: what was final stays so.
                self.orders = {**self.orders, **ledger.read(client, manifest, last)}
        except (ChainError, ContractsError):
            return

    def _changes(self) -> Iterator[str]:
        for row in self.rows:
            if row.state != self._states.get(row.household):
                self._states[row.household] = row.state
                yield f"{row.household}: {row.state}" + (f" – {row.reason}" if row.reason else "")

    def _new_orders(self) -> Iterator[str]:
        names = {account: name.capitalize() for name, account in dict(self.neighbourhood.accounts).items()}
        for order in self.orders.values():
            seen = f"{order.id}{order.state}"
            if seen in self._told:
                continue
            self._told.add(seen)
            parties = f"{names[order.buyer]} from {names[order.seller]}"
            block = order.transactions[-1]["block"]
            match order.state:
                case "open":
                    yield f"block {block}: {parties}: {Energy(order.energy)} for {Tokens(order.cost)} ordered"
                case "settled":
                    yield (
                        f"block {block}: {parties}: {Energy(order.vouchered or 0)} settled, "
                        f"{Tokens(order.paid)} paid, {Tokens(order.refunded)} back"
                    )
                case state:
                    yield f"block {block}: {parties}: {state}"
