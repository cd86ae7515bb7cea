"""The demo's report: every trade by everybody's books, the conservation of tokens, shorts, outages, costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulation.demo.evidence import BuyersBook, Supply, during, reaction
from simulation.demo.ledger import Order
from simulation.neighbourhood.scenario import Line, Scenario

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
    book = next((b for b in evidence.bought[buyer] if b.trade.order == order.id), None)
    line = next(x for x in evidence.scenario.sold_by(seller) if x.feed == order.contact)
    world = physical(evidence, book, line)
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
        "energy_by_world_mwh": world.get("received"),
        "delivered_by_world_mwh": world.get("delivered"),
        "escrowed": order.cost,
        "paid": order.paid,
        "refunded": order.refunded,
        "transactions": order.transactions,
        "continues": None if book is None else book.trade.previous,
        "limit_to_contact_s": world.get("reaction"),
        "supplied_s": world.get("seconds"),
        "closings": world.get("closings", 0),
    }


def physical(evidence: Evidence, book: BuyersBook | None, line: Line) -> dict[str, Any]:
    """What the world saw of one trade: what flowed while the order ran and its tie was closed."""
    if book is None:
        return {}
    tie = f"{line.buyer}.tie-{line.tie}"
    spans = during(evidence.supplies, tie, *running(evidence, book, line.buyer))
    flowed = [evidence.energy(line.name, start, end) for start, end in spans]
    answered = None
    if spans and book.trade.previous is None:
        answered = reaction(evidence.events, line.buyer, evidence.began, spans[0][0])
    return {
        "delivered": round(sum(delivered for delivered, _ in flowed), 3),
        "received": round(sum(received for _, received in flowed), 3),
        "seconds": round(sum(end - start for start, end in spans), 3),
        "closings": len(spans),
        "reaction": answered,
    }


def running(evidence: Evidence, book: BuyersBook, buyer: str) -> tuple[float, float]:
    """From when to when (Unix seconds) energy was the order's: where one continues another without the
    contact opening, from the buyer's own rolling over."""
    following = next((b for b in evidence.bought[buyer] if b.trade.previous == book.trade.order), None)
    began = book.at("supplied") if book.trade.previous is not None else None
    ended = following.at("supplied") if following is not None else None
    last = book.trade.changed if book.trade.final else float("inf")
    return began or book.trade.created, ended or last


def agreements(listed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each supply (an order and those that continued it): the meters held against the world."""
    found = []
    for first in (entry for entry in listed if entry["continues"] is None):
        chain = [first]
        while following := next((e for e in listed if e["continues"] == chain[-1]["order"]), None):
            chain.append(following)
        flowed = [entry["energy_by_world_mwh"] for entry in chain]
        metered = [entry["energy_by_buyers_meter_mwh"] for entry in chain]
        if None in flowed or None in metered:
            continue
        world = round(sum(flowed), 3)
        off = abs(sum(metered) - world)
        found.append(
            {
                "orders": [entry["order"] for entry in chain],
                "world_mwh": world,
                "buyers_meter_mwh": sum(metered),
                "off_mwh": round(off, 3),
                "within_1_percent_or_20_mwh": off <= max(0.01 * world, 20.0),
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
