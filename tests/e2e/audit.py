"""Whether a neighbourhood's books, contacts and tokens are as they must be, whatever was done to it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from chain.client import ChainClient
from chain.errors import ChainError
from node.client_interaction.trade import Side, Trade
from node.client_interaction.trades import open_trades
from simulation.demo import ledger
from simulation.demo.ledger import Order
from store import sqlite
from store.errors import StoreError
from tests.e2e.neighbourhood import Neighbourhood

T = TypeVar("T")

NOTICED = 5.0
"""Seconds after which a buyer whose own relay does not answer keeps the seller's feed no longer; then the
lease runs. No energy flows meanwhile, for its tie fell open with its relay."""

SLACK = 5.0
"""Seconds beyond both: what loops, and the restart of several processes at once, take on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Books:
    """Everybody's books at one moment."""

    orders: Mapping[str, Order]
    """By the chain."""

    trades: Mapping[str, Sequence[Trade]]
    """By household, in its own database."""

    accounts: Mapping[str, str]


def asked(street: Neighbourhood, question: Callable[[ChainClient], T]) -> T:
    """An answer of the first node that has one: any of them may just have been killed.

    Raises:
        ChainError: none answers.
    """
    failure: ChainError | None = None
    for name in street.names:
        try:
            return question(street.client(name))
        except ChainError as error:
            failure = error
    assert failure is not None
    raise failure


def orders(street: Neighbourhood) -> dict[str, Order]:
    """All final orders, by the chain."""
    signers = len(street.scenario.signers)
    return asked(street, lambda c: ledger.read(c, street.manifest, ledger.final(c, signers)))


def conservation(street: Neighbourhood) -> dict[str, Any]:
    """The tokens of the whole neighbourhood."""
    signers = len(street.scenario.signers)
    return asked(
        street,
        lambda c: ledger.conservation(c, street.manifest, street.accounts, ledger.final(c, signers)),
    )


def books(street: Neighbourhood) -> Books:
    """Everybody's books now."""
    return Books(
        orders=orders(street),
        trades={name: trades(street, name) for name in street.names},
        accounts=street.accounts,
    )


def trades(street: Neighbourhood, household: str) -> list[Trade]:
    """A household's trades by its own books."""
    with suppress(StoreError), open_trades(street.folder / household / "state" / "trade.db") as reader:
        return reader.latest(1_000)
    return []


def doubles(found: Books) -> list[str]:
    """Orders that were funded or ended more than once, or that their buyer does not know."""
    wrong = []
    for order in found.orders.values():
        what = [t["what"] for t in order.transactions]
        ends = sum(what.count(end) for end in ("redeem", "release", "reclaim"))
        if what.count("buy") != 1 or ends > 1:
            wrong.append(f"{order.id}: {what}")
    households = {account: name for name, account in found.accounts.items()}
    for order in found.orders.values():
        buyer = households[order.buyer]
        if not any(t.order == order.id and t.side is Side.BUYER for t in found.trades[buyer]):
            wrong.append(f"{order.id} of {buyer} is not in its own books")
    return wrong


def sent_twice(street: Neighbourhood) -> list[str]:
    """Intents that a household's journal has done more than once."""
    wrong = []
    for name in street.names:
        with suppress(StoreError):
            connection = sqlite.open_reader(street.folder / name / "state" / "trade.db")
            try:
                rows = connection.execute("SELECT purpose FROM journal WHERE state = 'final'").fetchall()
            except sqlite3.Error:
                rows = []
            finally:
                connection.close()
            counted = Counter(row[0] for row in rows)
            wrong += [f"{name}: {purpose} {n} times" for purpose, n in counted.items() if n > 1]
    return wrong


def differences(found: Books, listed: Iterable[str]) -> list[str]:
    """Where buyer's or seller's books say otherwise than the chain, of these ended orders."""
    households = {account: name for name, account in found.accounts.items()}
    wrong = []
    for order in (found.orders[each] for each in listed):
        for side, account in ((Side.BUYER, order.buyer), (Side.SELLER, order.seller)):
            name = households[account]
            trade = next((t for t in found.trades[name] if t.order == order.id and t.side is side), None)
            if trade is None:
                wrong.append(f"{order.id} is not in the books of {name}, its {side}")
            elif not trade.final or (trade.paid.value, trade.refunded.value) != (order.paid, order.refunded):
                wrong.append(
                    f"{order.id} by {name} ({side}): {trade.state}, {trade.paid.value} paid, "
                    f"{trade.refunded.value} back; by the chain: {order.state}, {order.paid} paid, "
                    f"{order.refunded} back"
                )
    return wrong


def open_feeds(street: Neighbourhood, now: float) -> list[tuple[str, float]]:
    """How long each feed stayed closed with nobody at its other end (name, seconds), by the world's own log.

    Args:
        street: the neighbourhood.
        now: Unix seconds, the end of what still lasts.
    """
    listed = street.world.ask("switchings")["switchings"]
    found = []
    for line in street.scenario.lines:
        feed, tie = f"{line.seller}.feed-{line.feed}", f"{line.buyer}.tie-{line.tie}"
        closed = {feed: False, tie: False}
        alone: float | None = None
        for switching in sorted((s for s in listed if s["contact"] in closed), key=lambda s: float(s["at"])):
            closed[switching["contact"]] = switching["closed"]
            lonely = closed[feed] and not closed[tie]
            if lonely and alone is None:
                alone = switching["at"]
            elif not lonely and alone is not None:
                found.append((feed, switching["at"] - alone))
                alone = None
        if alone is not None:
            found.append((feed, now - alone))
    return found
