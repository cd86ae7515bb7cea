"""What the households and the world know about one trade, each by its own books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.client_interaction.trade import Trade
from node.client_interaction.trades import open_trades
from relay_server.errors import RelayError
from relay_server.records import open_records
from simulation.neighbourhood.folders import Neighbourhood
from store.errors import StoreError


@dataclass(frozen=True, kw_only=True)
class BuyersBook:
    """A purchase as the buyer's own client-interaction keeps it."""

    trade: Trade


def bought(neighbourhood: Neighbourhood, household: str) -> list[BuyersBook]:
    """All purchases of one household, oldest first; none while its database is not there."""
    try:
        with open_trades(neighbourhood.state(household) / "trade.db") as reader:
            trades = [trade for trade in reader.latest(1_000) if trade.side == "buyer"]
            return [BuyersBook(trade=trade) for trade in reversed(trades)]
    except StoreError:
        return []


def delivered(neighbourhood: Neighbourhood, household: str) -> dict[str, int]:
    """What a seller's own meter counted for each order, mWh, by its relay's records."""
    try:
        records = open_records(neighbourhood.state(household) / "relay.db").best_vouchers()
    except (RelayError, StoreError):
        return {}
    return {"0x" + best.order.hex(): best.delivered for best in records}


@dataclass(frozen=True, kw_only=True)
class Supply:
    """A tie that was closed once. Times are Unix seconds."""

    tie: str
    closed: float
    opened: float | None
    """None while it is closed."""


def supplies(switchings: Sequence[Mapping[str, Any]]) -> list[Supply]:
    """Every closing of every tie, from the world's log of its contacts."""
    found: list[Supply] = []
    closings: dict[str, Mapping[str, Any]] = {}
    for switching in switchings:
        contact = switching["contact"]
        if ".tie-" not in contact:
            continue
        if switching["closed"]:
            closings[contact] = switching
        elif (closing := closings.pop(contact, None)) is not None:
            found.append(Supply(tie=contact, closed=closing["at"], opened=switching["at"]))
    found += [Supply(tie=contact, closed=c["at"], opened=None) for contact, c in closings.items()]
    return sorted(found, key=lambda supply: supply.closed)


def during(supplied: Sequence[Supply], tie: str, begin: float, end: float) -> list[tuple[float, float]]:
    """The parts of a span of time in which one tie was closed."""
    spans = [(max(s.closed, begin), min(s.opened or end, end)) for s in supplied if s.tie == tie]
    return [(start, stop) for start, stop in spans if start < stop]


def reaction(
    events: Sequence[Mapping[str, Any]], household: str, began: float, closed: float
) -> float | None:
    """Seconds from the battery's true fall below its limit to the tie's closing; None without a fall.

    Args:
        events: of the world, `at` in world seconds.
        began: Unix seconds at world second 0.
        closed: Unix seconds.
    """
    falls = [
        began + event["at"]
        for event in events
        if event["kind"] == "below" and event["household"] == household and began + event["at"] <= closed
    ]
    return round(closed - max(falls), 3) if falls else None
