"""The demo's report: every trade by everybody's books, the conservation of tokens, shorts, outages, costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.client_interaction.trade import TradeState
from simulation.demo.evidence import BuyersBook, Supply, during, reaction
from simulation.demo.ledger import Order
from simulation.neighbourhood.scenario import Scenario

CHANGEOVER = 0.5
"""Seconds without a source that going over to another one may take: dead time and both contacts' travel."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that the report is made of."""

    scenario: Scenario
    accounts: Mapping[str, str]
    """Household → account."""

    orders: Sequence[Order]
    """Those to report on, as the chain tells them."""

    bought: Mapping[str, Sequence[BuyersBook]]
    """By household."""

    delivered: Mapping[str, int]
    """Order → mWh by the seller's meter."""

    events: Sequence[Mapping[str, Any]]
    """Of the world; `at` in world seconds."""

    began: float
    """Unix seconds at world second 0."""

    supplies: Sequence[Supply]
    """Closings of ties in the world."""

    energy: Callable[[str, float, float], tuple[float, float]]
    """(delivered, received) in mWh over a line of the world between two Unix seconds."""


def trades(evidence: Evidence) -> list[dict[str, Any]]:
    """One entry a trade, in the order of settlement."""
    households = {account: name for name, account in evidence.accounts.items()}
    return [trade(evidence, order, households) for order in evidence.orders]


def trade(evidence: Evidence, order: Order, households: Mapping[str, str]) -> dict[str, Any]:
    """One trade: what was ordered, what flowed by everybody's meter, what was paid."""
    buyer, seller = households[order.buyer], households[order.seller]
    found = next((s for s in chains(evidence.bought[buyer]) if order.id in s.orders), None)
    book = None if found is None else found.book(order.id)
    world = None if found is None else flowed(evidence, found)
    first = found is not None and found.orders[0] == order.id
    return {
        "order": order.id,
        "state": order.state,
        "buyer": buyer,
        "seller": seller,
        "price": order.price,
        "energy_bought_mwh": order.energy,
        "energy_by_voucher_mwh": order.vouchered,
        "energy_by_buyers_meter_mwh": None if book is None else book.trade.received.mwh,
        "energy_by_sellers_meter_mwh": evidence.delivered.get(order.id),
        "energy_by_world_mwh": None if found is None or world is None else found.part(order.id, world),
        "escrowed": order.cost,
        "paid": order.paid,
        "refunded": order.refunded,
        "transactions": order.transactions,
        "continues": None if book is None else book.trade.previous,
        "limit_to_contact_s": world.reaction if world is not None and first else None,
    }


@dataclass(frozen=True)
class Chain:
    """A purchase, and those that continued it without the contact opening."""

    books: tuple[BuyersBook, ...]

    @property
    def orders(self) -> list[str]:
        """Their orders."""
        return [book.trade.order for book in self.books]

    @property
    def over(self) -> bool:
        """Whether no energy flows under them any more."""
        return all(b.trade.final or b.trade.state is TradeState.ENDED for b in self.books)

    def book(self, order: str) -> BuyersBook:
        """One of them."""
        return self.books[self.orders.index(order)]

    def part(self, order: str, world: Flowed) -> float:
        """The world's energy (mWh) under one of the orders: each is filled before the next begins."""
        left = world.received
        for book in self.books:
            mine = left if book is self.books[-1] else min(left, float(book.trade.energy.mwh))
            if book.trade.order == order:
                return round(mine, 3)
            left -= mine
        raise KeyError(order)


@dataclass(frozen=True, kw_only=True)
class Flowed:
    """What the world saw of a purchase and those that continued it."""

    delivered: float
    """mWh, at the seller's end."""

    received: float
    """mWh, at the buyer's end."""

    seconds: float
    """With the tie closed."""

    closings: int
    reaction: float | None
    """Seconds from the battery's fall below its limit to the tie's closing."""


def chains(books: Sequence[BuyersBook]) -> list[Chain]:
    """The purchases of one household, each with those that continued it."""
    found = []
    for first in (book for book in books if book.trade.previous is None):
        listed = [first]
        while following := next((b for b in books if b.trade.previous == listed[-1].trade.order), None):
            listed.append(following)
        found.append(Chain(tuple(listed)))
    return found


def flowed(evidence: Evidence, chain: Chain) -> Flowed:
    """What went through the tie between its closings and openings while the orders ran."""
    first, last = chain.books[0].trade, chain.books[-1].trade
    buyer = next(name for name, books in evidence.bought.items() if chain.books[0] in books)
    line = next(x for x in evidence.scenario.bought_by(buyer) if x.tie == first.channel)
    end = last.changed if chain.over else float("inf")
    spans = during(evidence.supplies, f"{buyer}.tie-{line.tie}", first.created, end)
    energies = [evidence.energy(line.name, start, stop) for start, stop in spans]
    return Flowed(
        delivered=round(sum(delivered for delivered, _ in energies), 3),
        received=round(sum(received for _, received in energies), 3),
        seconds=round(sum(stop - start for start, stop in spans), 3),
        closings=len(spans),
        reaction=reaction(evidence.events, buyer, evidence.began, spans[0][0]) if spans else None,
    )


def supplied(evidence: Evidence) -> list[dict[str, Any]]:
    """For each supply that is over (a purchase and those that continued it): the meters against the world."""
    found = []
    for chain in (c for books in evidence.bought.values() for c in chains(books)):
        if not chain.over or all(book.trade.state is TradeState.FAILED for book in chain.books):
            continue
        world = flowed(evidence, chain)
        metered = sum(book.trade.received.mwh for book in chain.books)
        off = abs(metered - world.received)
        found.append(
            {
                "orders": chain.orders,
                "seconds": world.seconds,
                "closings": world.closings,
                "delivered_by_world_mwh": world.delivered,
                "world_mwh": world.received,
                "buyers_meter_mwh": metered,
                "off_mwh": round(off, 3),
                "within_1_percent_or_20_mwh": off <= max(0.01 * world.received, 20.0),
            }
        )
    return found


def shorts(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every time that two sources met."""
    return [plain(event) for event in events if event["kind"] == "short"]


def outages(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Loads without a source: the changeovers summed up, longer ones one by one."""
    found = [event for event in events if event["kind"] == "outage"]
    longer = [plain(event) for event in found if event["seconds"] > CHANGEOVER]
    brief = [event["seconds"] for event in found if event["seconds"] <= CHANGEOVER]
    return {
        "changeover_limit_s": CHANGEOVER,
        "changeovers": len(brief),
        "longest_changeover_s": round(max(brief, default=0.0), 3),
        "longer": longer,
    }


def plain(event: Mapping[str, Any]) -> dict[str, Any]:
    """One event of the world."""
    return {
        "household": event["household"],
        "at_s": round(event["at"], 3),
        "seconds": round(event["seconds"], 3),
        "cause": event["cause"],
    }
