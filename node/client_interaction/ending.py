"""Why a running supply has to end now, the most pressing reason first. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from node.client_interaction.behaviour import Conduct
from node.client_interaction.situation import Lease, Policy, Situation
from node.client_interaction.trade import Trade, TradeState
from node.client_interaction.vouchers import used_up
from quantities import SoC

END_MARGIN = 2.5
"""Seconds between going home and the end that the seller announced, beside one voucher period."""

FULL = SoC(10_000)

REACTION = 0.5
"""Seconds from a decision to the open tie, with its dead time."""

NEARLY = (95, 100)
"""An order of which so much was received may be used up by the seller's meter: two meters differ."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Why, and what of it the seller or its line has to answer for."""

    why: str
    """A clause."""

    fault: Conduct | None = None


def ending(s: Situation, policy: Policy, trade: Trade, successor: Trade | None) -> Ending | None:
    """The reason to go home; None: the supply goes on."""
    name = trade.partner.capitalize()
    tie = _lost(s.tie, s.now, policy.trading.unanswered, "the own relay")
    feed = _lost(s.feed, s.now, policy.trading.unanswered, f"{name}'s relay")
    if s.meter is None or s.now - s.meter.sampled > policy.trading.stale_meter:
        return Ending(why="the tie's meter is silent")
    if tie:
        dead_line = s.tie is not None and bool(s.tie.refused)  # a line without voltage, say
        return Ending(why=tie, fault=Conduct.DROPPED if dead_line else None)
    if feed:
        return Ending(why=feed, fault=_broken(s.feed, trade))
    if planned := _announced(s, policy, trade, name) or _unwanted(s, policy, trade):
        return planned
    ready = successor is not None and successor.state is TradeState.CONFIRMED
    ahead = s.now - s.meter.sampled + REACTION
    if not ready and used_up(s.meter.forward, trade.baseline or 0, trade.energy, s.meter.power, ahead):
        return Ending(why="the order is used up")
    return None


def _broken(feed: Lease | None, trade: Trade) -> Conduct | None:
    """What a feed that is lost says of its seller. The two meters end an order not quite at the same time."""
    if feed is not None and feed.gap:
        return Conduct.GAP
    nearly = trade.received.mwh * NEARLY[1] >= trade.energy.mwh * NEARLY[0]
    return None if nearly and feed is not None and feed.refused else Conduct.DROPPED


def _announced(s: Situation, policy: Policy, trade: Trade, name: str) -> Ending | None:
    """The seller's end, by its relay or on the chain."""
    on_chain = s.on_chain.get(trade.order)
    if on_chain is not None and not on_chain.state.live:
        return Ending(why=f"{name} has settled the order", fault=Conduct.CURTAILED)
    if s.feed is not None and s.feed.until - s.now <= policy.trading.keep + END_MARGIN:
        return Ending(why=f"{name} ends the supply", fault=Conduct.CURTAILED)
    return None


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


def _unwanted(s: Situation, policy: Policy, trade: Trade) -> Ending | None:
    """Why this household wants no more."""
    if why := called_off(s, policy):
        return Ending(why=why)
    if s.battery is None or s.battery.age > policy.trading.stale_battery:
        return Ending(why="the battery's state of charge is unknown")
    if s.battery.soc >= enough(s, policy, trade):
        return Ending(why=f"the battery is at {s.battery.soc}")
    return None


def _lost(lease: Lease | None, now: float, unanswered: float, whose: str) -> str:
    """Why a contact must be taken for open, as a clause; empty: it is held."""
    if lease is None:
        return ""
    if lease.refused:
        return f"{whose} opened its contact: {lease.refused}"
    if now - lease.granted > unanswered:
        return f"{whose} does not answer"
    return ""
