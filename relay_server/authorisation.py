"""Whether the chain, as this household's own node shows it, says that an order may be supplied. Pure.

A new order needs a fresh head and counts at depth only. A running one lives through a stalled chain for a
while, but not through a fresh head that speaks against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from quantities import Energy
from relay_server.messages import CheckFrame, Code, Refused
from relay_server.settings import RelaySettings

RETRY_MS = 200
"""When to ask again for an order that is not at depth yet: about one poll of the chain view."""

STALE_RETRY_MS = 2_000


class Stage(StrEnum):
    """Of an order on chain, as far as a relay cares."""

    WAITING = "waiting"
    """Funded, behind the same buyer's open order."""
    OPEN = "open"
    CLOSING = "closing"
    """Its buyer has asked to close it."""
    SETTLED = "settled"
    """Redeemed, released or reclaimed."""


@dataclass(frozen=True, kw_only=True)
class ChainOrder:
    """One order at one block."""

    buyer: str
    seller: str
    contact: int
    energy: Energy
    supply_end: int
    """Block number; 0 while it waits."""
    stage: Stage


@dataclass(frozen=True, kw_only=True)
class ChainOffer:
    """What this household offers at one feed, and who holds it."""

    price: int
    """Token base units per kWh."""
    min_energy: Energy
    max_energy: Energy
    """Per order; 0: nothing is offered."""
    valid_until: int
    """Block number."""
    open: bytes | None
    next: bytes | None


@dataclass(frozen=True, kw_only=True)
class View:
    """The chain as it was last seen."""

    head: int = 0
    period: float = 5.0
    """Seconds between blocks."""
    fresh: bool = False
    why_stale: str = "the chain was not seen yet"
    advanced: float = float("-inf")
    """Boottime seconds when the head last advanced."""
    confirmed: Mapping[bytes, ChainOrder | None] = field(default_factory=dict)
    """Orders in the state at depth; None: not there. An order that was not looked up is absent."""
    latest: Mapping[bytes, ChainOrder | None] = field(default_factory=dict)
    """The same orders in the newest state."""
    offers: Mapping[int, ChainOffer | None] = field(default_factory=dict)
    """Of this household, by contact, in the newest state."""


def authorise(view: View, order: bytes, buyer: str, contact: int, seller: str) -> ChainOrder | Refused:
    """The order's terms, if it may be supplied at this contact to whoever signed as `buyer`.

    Args:
        seller: the household that owns this relay.
    """
    if not view.fresh:
        return Refused(code=Code.STALE_CHAIN, text=view.why_stale, retry_ms=STALE_RETRY_MS)
    found = view.confirmed.get(order)
    if found is None:
        text = "the order is not confirmed yet" if view.latest.get(order) else "no such order yet"
        return Refused(code=Code.NOT_FUNDED, text=text, retry_ms=RETRY_MS)
    if found.buyer != buyer:
        return Refused(code=Code.BAD_SIG, text="not signed by the order's buyer")
    if found.seller != seller or found.contact != contact:
        return Refused(
            code=Code.WRONG_CONTACT, text=f"the order is for contact {found.contact} of {found.seller}"
        )
    newest = view.latest.get(order)
    against = against_supply(view, newest)
    return Refused(code=Code.ENDED, text=against) if against or newest is None else newest


def against_supply(view: View, newest: ChainOrder | None) -> str | None:
    """What the newest block says against supplying an order; None: nothing."""
    if newest is None:
        return "the order is gone from the chain"
    if newest.stage is Stage.CLOSING:
        return "the buyer has asked the market to close the order"
    if newest.stage is Stage.SETTLED:
        return "the order is settled"
    if newest.supply_end and view.head >= newest.supply_end:
        return f"the order's supply ended with block {newest.supply_end}"
    return None


def over(view: View, order: bytes, limits: RelaySettings, now: float) -> str | None:
    """Why a running supply has to end now, for what the chain says or no longer says; None: it goes on."""
    if now - view.advanced > limits.stalled_chain:
        return f"the chain stands still since {limits.stalled_chain:g} s"
    if not view.fresh or order not in view.latest:
        return None
    return against_supply(view, view.latest[order])


def until(view: View, order: bytes, now: float) -> float:
    """Seconds until the order's supply is expected to end on chain; infinite while it waits."""
    found = view.latest.get(order)
    if found is None or not found.supply_end:
        return float("inf")
    left = (found.supply_end - view.head) * view.period - max(now - view.advanced, 0.0)
    return max(left, 0.0)


def check(view: View, asked: CheckFrame) -> Refused | None:
    """Why an order on these terms would not be taken; None: it would."""
    if not view.fresh:
        return Refused(code=Code.STALE_CHAIN, text=view.why_stale, retry_ms=STALE_RETRY_MS)
    offer = view.offers.get(asked.contact)
    if offer is None or not offer.max_energy or view.head > offer.valid_until:
        return Refused(code=Code.NO_OFFER, text="nothing is offered at this contact")
    if offer.price != asked.price:
        return Refused(code=Code.NO_OFFER, text=f"the price is {offer.price}")
    if not offer.min_energy.mwh <= asked.energy <= offer.max_energy.mwh:
        return Refused(
            code=Code.NO_OFFER, text=f"orders here are from {offer.min_energy} to {offer.max_energy}"
        )
    holder = view.latest.get(offer.open) if offer.open else None
    if offer.open and (offer.next or holder is None or holder.buyer != asked.buyer):
        return Refused(code=Code.BUSY, text="another order is open here", retry_ms=STALE_RETRY_MS)
    return None
