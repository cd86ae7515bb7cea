"""Whether the chain, as this household's own node shows it, says that an order may be supplied. Pure.

A new order needs a fresh head and counts at depth only. A running one lives through a stalled chain for a
while, but not through a fresh head that speaks against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contracts.bindings.market import Offer, Order, State
from quantities import Energy
from relay_server.messages import CheckFrame, Code, Refused

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

RETRY_MS = 200
"""When to ask again for an order that is not at depth yet: about one poll of the chain view."""

STALE_RETRY_MS = 2_000

RENEWED = 5.0
"""Seconds: the view is renewed several times a second while the chain node answers."""


@dataclass(frozen=True, kw_only=True)
class View:
    """The chain as it was last seen."""

    head: int = 0
    hash: str = ""
    """Of the head, as `0x` and 64 digits; empty: none was seen."""
    period: float = 5.0
    """Seconds between blocks."""
    stale: str | None = "the chain was not seen yet"
    """Why nothing new may be closed; None: the head was fresh when it was judged."""
    judged: float = float("-inf")
    """Boottime seconds of that judgement; a view that is not renewed is stale, too."""
    advanced: float = float("-inf")
    """Boottime seconds when the head last advanced."""
    fresh: float = float("-inf")
    """Boottime seconds when it was last found fresh."""
    confirmed: Mapping[bytes, Order | None] = field(default_factory=dict)
    """Orders in the state at depth; None: not there. An order that was not looked up is absent."""
    latest: Mapping[bytes, Order | None] = field(default_factory=dict)
    """The same orders in the newest state."""
    offers: Mapping[int, Offer | None] = field(default_factory=dict)
    """Of this household, by contact, in the newest state."""
    paused: bool = False
    """Whether the neighbourhood's authority has paused new orders."""

    def staleness(self, now: float) -> str | None:
        """Why the chain cannot be relied on for anything new; None: it can."""
        if self.stale is None and now - self.judged > RENEWED:
            return f"the chain node does not answer since {now - self.judged:.0f} s"
        return self.stale


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who wants which order supplied where."""

    order: bytes
    buyer: str
    """Whoever signed the frame; checksummed."""
    contact: int
    seller: str
    """Whoever owns this relay; checksummed."""


def authorise(view: View, claim: Claim, now: float) -> Order | Refused:
    """The order, if the chain says that it may be supplied to this buyer at this contact."""
    stale = view.staleness(now)
    if stale:
        return Refused(code=Code.STALE_CHAIN, text=stale, retry_ms=STALE_RETRY_MS)
    found, newest = view.confirmed.get(claim.order), view.latest.get(claim.order)
    if found is None:
        text = "the order is not confirmed yet" if newest else "no such order yet"
        return Refused(code=Code.NOT_FUNDED, text=text, retry_ms=RETRY_MS)
    if found.buyer != claim.buyer:
        return Refused(code=Code.BAD_SIG, text="not signed by the order's buyer")
    if (found.seller, found.contact) != (claim.seller, claim.contact):
        where = f"contact {found.contact} of {found.seller}"
        return Refused(code=Code.WRONG_CONTACT, text=f"the order is for {where}")
    against = against_supply(view, newest)
    return Refused(code=Code.ENDED, text=against) if against else found


def redeemable(view: View, order: bytes, now: float) -> Refused | None:
    """Why a higher voucher under an order that is not supplied now could not be redeemed; None: it could."""
    stale = view.staleness(now)
    if stale:
        return Refused(code=Code.STALE_CHAIN, text=stale, retry_ms=STALE_RETRY_MS)
    newest = view.latest.get(order)
    if newest is None or not newest.state.live:
        return Refused(code=Code.ENDED, text="the order is settled: a voucher pays for nothing any more")
    return None


def settlement(view: View, order: bytes) -> Energy | None:
    """What the seller was paid for under an order that is over, at depth; None: it is not."""
    found = view.confirmed.get(order)
    if found is None or found.state.live:
        return None
    return found.paid_energy


def against_supply(view: View, newest: Order | None) -> str | None:
    """What the newest block says against supplying an order; None: nothing."""
    if newest is None:
        return "the order is gone from the chain"
    if newest.state is State.CLOSING:
        return "the buyer has asked the market to close the order"
    if not newest.state.live:
        return "the order is settled"
    if newest.supply_end and view.head >= newest.supply_end:
        return f"the order's supply ended with block {newest.supply_end}"
    return None


def over(view: View, order: bytes, limits: RelaySettings, now: float) -> str | None:
    """Why a running supply has to end now, for what the chain says or no longer says; None: it goes on."""
    if now - view.advanced > limits.stalled_chain:
        return f"the chain stands still since {limits.stalled_chain:g} s"
    if now - view.fresh > limits.stalled_chain:
        return f"what the chain says cannot be relied on since {limits.stalled_chain:g} s: {view.stale}"
    if view.staleness(now) or order not in view.latest:
        return None
    return against_supply(view, view.latest[order])


def until(view: View, order: bytes, now: float) -> float:
    """Seconds until the order's supply is expected to end on chain; infinite while it waits."""
    found = view.latest.get(order)
    if found is None or not found.supply_end:
        return float("inf")
    left = (found.supply_end - view.head) * view.period - max(now - view.advanced, 0.0)
    return max(left, 0.0)


def check(view: View, asked: CheckFrame, now: float) -> Refused | None:
    """Why an order on these terms would not be taken; None: it would."""
    stale = view.staleness(now)
    if stale:
        return Refused(code=Code.STALE_CHAIN, text=stale, retry_ms=STALE_RETRY_MS)
    offer = view.offers.get(asked.contact)
    if view.paused or offer is None or not offer.live(view.head):
        paused, nothing = (
            "the neighbourhood's authority has paused new orders",
            "nothing is offered at this contact",
        )
        return Refused(code=Code.NO_OFFER, text=paused if view.paused else nothing)
    if offer.price.value != asked.price:
        return Refused(code=Code.NO_OFFER, text=f"the price is {offer.price.value}")
    if not offer.min_energy.mwh <= asked.energy <= offer.max_energy.mwh:
        return Refused(
            code=Code.NO_OFFER, text=f"orders here are from {offer.min_energy} to {offer.max_energy}"
        )
    holder = view.latest.get(offer.open) if offer.open else None
    if offer.open and (offer.next or holder is None or holder.buyer != asked.buyer):
        return Refused(code=Code.BUSY, text="another order is open here", retry_ms=STALE_RETRY_MS)
    return None
