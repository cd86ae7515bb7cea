"""Why a running supply has to end now, the most pressing reason first. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from node.client_interaction.situation import Lease, Policy, Situation
from node.client_interaction.trade import Trade, TradeState
from node.client_interaction.vouchers import used_up
from quantities import SoC

END_MARGIN = 2.5
"""Seconds between going home and the end that the seller announced, beside one voucher period."""

FULL = SoC(10_000)

REACTION = 0.5
"""Seconds from a decision to the open tie, with its dead time."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Why, and whether the seller is to be left alone for a while."""

    why: str
    """A clause."""

    blamed: bool = False


def ending(s: Situation, policy: Policy, trade: Trade, successor: Trade | None) -> Ending | None:
    """The reason to go home; None: the supply goes on."""
    name = trade.partner.capitalize()
    tie = _lost(s.tie, s.now, policy.trading.unanswered, "the own relay")
    feed = _lost(s.feed, s.now, policy.trading.unanswered, f"{name}'s relay")
    if s.meter is None or s.now - s.meter.sampled > policy.trading.stale_meter:
        return Ending(why="the tie's meter is silent")
    if tie:
        return Ending(why=tie, blamed=bool(s.tie and s.tie.refused))  # a line without voltage, say
    if feed:
        return Ending(why=feed, blamed=True)
    if why := _announced(s, policy, trade, name) or _unwanted(s, policy, trade):
        return Ending(why=why)
    ready = successor is not None and successor.state is TradeState.CONFIRMED
    ahead = s.now - s.meter.sampled + REACTION
    if not ready and used_up(s.meter.forward, trade.baseline or 0, trade.energy, s.meter.power, ahead):
        return Ending(why="the order is used up")
    return None


def _announced(s: Situation, policy: Policy, trade: Trade, name: str) -> str:
    """The seller's end, by its relay or on the chain."""
    on_chain = s.on_chain.get(trade.order)
    if on_chain is not None and not on_chain.state.live:
        return f"{name} has settled the order"
    if s.feed is not None and s.feed.until - s.now <= policy.trading.keep + END_MARGIN:
        return f"{name} ends the supply"
    return ""


def called_off(s: Situation, policy: Policy) -> str:
    """Why there is to be no supply, however low the battery is, as a clause; empty: there may be one."""
    if s.stopping or not policy.trading.enabled:
        return "trading is being stopped"
    if s.wishes.paused:
        return f"trading was switched off by {s.wishes.paused.by}"
    return f"it was stopped by {s.wishes.stopped.asked.by}" if s.wishes.stopped else ""


def enough(s: Situation, policy: Policy, trade: Trade) -> SoC:
    """The state of charge at which an order is needed no more; full, where its amount was asked for."""
    return FULL if trade.order in s.wishes.by_hand else policy.trading.resume


def _unwanted(s: Situation, policy: Policy, trade: Trade) -> str:
    """Why this household wants no more."""
    if why := called_off(s, policy):
        return why
    if s.battery is None or s.battery.age > policy.trading.stale_battery:
        return "the battery's state of charge is unknown"
    if s.battery.soc >= enough(s, policy, trade):
        return f"the battery is at {s.battery.soc}"
    return ""


def _lost(lease: Lease | None, now: float, unanswered: float, whose: str) -> str:
    """Why a contact must be taken for open, as a clause; empty: it is held."""
    if lease is None:
        return ""
    if lease.refused:
        return f"{whose} opened its contact: {lease.refused}"
    if now - lease.granted > unanswered:
        return f"{whose} does not answer"
    return ""
