"""The order that continues a supply when the running one is used up: whether to fund one now. Pure.

One that is not needed after all is money that lies in escrow for a while and a line in the household's books
that nobody understands. So it is funded late, and only if the running order will not do.
"""

from __future__ import annotations

from contracts.bindings import State
from node.client_interaction.acts import Buy
from node.client_interaction.amount import NotEnough, amount, purse
from node.client_interaction.choice import alone
from node.client_interaction.lift import Start, lifts
from node.client_interaction.situation import Chain, Policy, Situation
from node.client_interaction.trade import Trade
from node.client_interaction.vouchers import used_up

LEAD_BLOCKS = 3
"""Blocks to be mined in, beside the confirmations, when a successor is funded in time."""

LEAD = 5.0
"""Seconds of margin beside them."""


def successor(s: Situation, policy: Policy, current: Trade, start: Start | None) -> Buy | None:
    """Fund the next order when this one will be used up before the battery is full enough.

    Args:
        start: of this supply.
    """
    seller = next((seller for seller in s.sellers if seller.name == current.partner), None)
    if s.chain is None or s.chain.trouble or s.chain.barred or s.chain.paused or s.battery is None:
        return None
    if seller is None or seller.offer is None or alone(seller, s.wall, policy.trading):
        return None
    offer = seller.offer
    live = seller.admitted and offer.live(s.chain.head + LEAD_BLOCKS)
    if not live or offer.price > policy.trading.max_price or _queued(s, current):
        return None
    if not _in_time(s, s.chain, current) or lifts(s, policy, current, start):
        return None
    energy = amount(s.battery.soc, policy, offer, purse(s, s.chain, policy))
    if isinstance(energy, NotEnough):
        return None
    reason = f"to go on, the battery being at {s.battery.soc} (until {policy.trading.resume})"
    return Buy(seller=seller, energy=energy, price=offer.price, reason=reason, previous=current.order)


def _queued(s: Situation, current: Trade) -> bool:
    """The contract takes one successor, and this order may still be one itself."""
    on_chain = s.on_chain.get(current.order)
    return on_chain is None or on_chain.state is not State.OPEN


def _in_time(s: Situation, chain: Chain, current: Trade) -> bool:
    """Late enough to know better, early enough to be mined in the next block and confirmed."""
    if s.meter is None or current.baseline is None:
        return False

    def used_up_within(seconds: float) -> bool:
        assert s.meter is not None  # noqa: S101
        return used_up(s.meter.forward, current.baseline or 0, current.energy, s.meter.power, seconds)

    soonest = LEAD + chain.period * (chain.depth + LEAD_BLOCKS)
    latest = chain.period * (chain.depth + 1)
    return used_up_within(soonest) and not used_up_within(latest)
