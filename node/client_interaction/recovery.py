"""The household's own orders, read from the chain: what its books do not know is brought to its end as well.

Books are lost or old after a restored key or database, and an order that had failed may come back in a
reorganisation. So before the first signature, and now and then afterwards, every order that was funded by or
for this account and is still open is looked up. A purchase that is found is ended: its contacts, meter and
vouchers are not known any more, so its close is requested, the seller redeems what it holds vouchers for, and
the rest comes back. A sale that is found is booked like any other: redeemed by the voucher in relay.db, else
given back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

import structlog

from chain.client import ChainClient, Log
from contracts.bindings import Market, Order, Registry
from contracts.codec import interface
from contracts.manifest import Manifest
from node.client_interaction.trade import Proof, Side, Step, Trade, TradeState
from node.client_interaction.trades import Trades

log = structlog.get_logger()

TABLES = """
CREATE TABLE looked_up (market TEXT PRIMARY KEY, block INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""

EVERY_BLOCKS = 500
OVERLAP_BLOCKS = 128
"""Looked at again: a reorganisation may have brought something."""

ENDING = "It was found on the chain: this household's books did not have it."


class Books(Protocol):
    """`node.wallet.database.Database`."""

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Everything inside together, or not at all."""
        ...

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """Read."""
        ...


class Recovery:
    """Looks through the chain for orders of one account."""

    def __init__(self, client: ChainClient, database: Books, trades: Trades, account: str) -> None:
        """Keep in these books what is found."""
        self._client = client
        self._database = database
        self._trades = trades
        self._account = account
        self._next = -1
        self._relied_on = False

    def look(self, manifest: Manifest, head: int, depth: int, relied_on: bool) -> list[Trade]:
        """Look when it is time to; answers what was found.

        Args:
            manifest: of the contracts.
            head: height of the chain.
            depth: blocks on top of what counts.
            relied_on: whether the chain is at its newest block, as far as one can tell.
        """
        due = head >= self._next or (relied_on and not self._relied_on)
        if not due:
            return []
        counted = max(head - depth, 0)
        found = [trade for market in manifest.live for trade in self._through(manifest, market, counted)]
        self._next, self._relied_on = head + EVERY_BLOCKS, relied_on
        return found

    def _through(self, manifest: Manifest, market: str, block: int) -> list[Trade]:
        first = manifest.deployed(market)
        if block < first:
            return []
        before = self._database.rows("SELECT block FROM looked_up WHERE market = ?", (market,))
        since = max(first, before[0]["block"] - OVERLAP_BLOCKS) if before else first
        found = []
        for order, funded in self._live(market, since, block):
            trade = self._adopted(manifest, order, funded)
            if trade is not None:
                log.warning("order-found", order=trade.order, side=trade.side.value, partner=trade.partner)
                found.append(trade)
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO looked_up VALUES (?, ?)", (market, block))
        return found

    def _live(self, address: str, first: int, last: int) -> Iterator[tuple[Order, Log]]:
        """The open orders in which the account is buyer or seller, each with the record of its funding."""
        market = Market(self._client, address)
        topics = {entry.name: topic for topic, entry in interface("EnergyMarket").events.items()}
        own = bytes(12) + bytes.fromhex(self._account[2:])
        for parties in ([own], [None, own]):
            for funded in self._client.logs(address, [topics["OrderFunded"], None, *parties], first, last):
                order = market.order(funded.topics[1], last)
                if order is not None and order.state.live:
                    yield order, funded

    def _adopted(self, manifest: Manifest, order: Order, funded: Log) -> Trade | None:
        """None: the books know it, and are not through with it."""
        name = f"0x{order.id.hex()}"
        known = self._trades.get(name)
        at = float(self._client.block(funded.block).timestamp)
        step = Step(name="found", at=at, kind=Proof.TRANSACTION, proof=funded.transaction, text=ENDING)
        if known is not None:
            if not known.final:
                return None
            self._trades.change(name, step, state=TradeState.ENDED, ending=ENDING)
            return known
        buying = order.buyer == self._account
        account = order.seller if buying else order.buyer
        partner = Registry(self._client, manifest.registry).household(account)
        trade = Trade(
            order=name,
            side=Side.BUYER if buying else Side.SELLER,
            market=order.market,
            partner=account if partner is None else partner.name,
            account=account,
            contact=order.contact,
            energy=order.energy,
            price=order.price,
            cost=order.cost,
            created=at,
            changed=at,
            state=TradeState.ENDED if buying else TradeState.ORDERED,
            reason="found on the chain",
            ending=ENDING if buying else "",
        )
        self._trades.add(trade, step)
        return trade
