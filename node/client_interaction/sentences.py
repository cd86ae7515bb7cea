"""What the household reads: the state, why it is so, and what comes next, in whole sentences.

No times in them: a page that shows them knows its reader's clock, and has `since`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.client_interaction.acts import Buy
from node.client_interaction.memory import Supply
from node.client_interaction.situation import Situation
from node.client_interaction.status import State
from node.client_interaction.trade import Trade, TradeState
from node.intents.wishes import Asked, Stopped
from quantities import SoC

if TYPE_CHECKING:
    from node.client_interaction.settings import TradingSettings


@dataclass(frozen=True, kw_only=True)
class View:
    """What to tell the household."""

    state: State
    reason: str
    next: str
    trade: Trade | None = None
    since: float | None = None
    """Unix seconds at which this state began, where that is on disk; None: as it is remembered."""


def home(s: Situation, trading: TradingSettings, soc: SoC) -> View:
    """On the own battery, and nothing is needed."""
    reason = f"On its own battery, which is at {soc}."
    if s.selling:
        reason = f"On its own battery, which is at {soc}, and supplies {_names(s.selling)}."
    plan = f"Buys when the battery falls below {trading.limit}." if s.sellers else "No seller is configured."
    return View(state=State.HOME, reason=reason, next=plan)


def resting(soc: SoC, trading: TradingSettings) -> View:
    """At home after a supply, though the battery is low again."""
    return View(
        state=State.HOME,
        reason=f"The battery is at {soc} again, soon after the last supply.",
        next=f"Buys {trading.dwell:.0f} s after that supply, or when the battery falls below "
        f"{min(trading.urgent, trading.limit)}.",
    )


def off(s: Situation) -> View:
    """The household does not want to trade."""
    if s.stopping:
        return View(
            state=State.OFF, reason="Trading is being stopped.", next="It begins with the next start."
        )
    return View(
        state=State.OFF,
        reason="Trading is switched off in the configuration (trading.enabled).",
        next="The household stays on its own battery.",
    )


def paused(asked: Asked) -> View:
    """The household switched trading off, by its pages."""
    return View(
        state=State.OFF,
        reason=f"Trading was switched off by {asked.by}: nothing is bought or sold.",
        next="It stays off, after a restart too, until it is switched on again: on the pages, under Control.",
        since=asked.at,
    )


ON_THE_PAGES = "The first run goes on on the household's pages."

SETTING_UP = View(
    state=State.OFF,
    reason="This household is being set up: nobody has looked at when it buys yet.",
    next=ON_THE_PAGES,
)


def stopped(wish: Stopped, soc: SoC) -> View:
    """Energy is needed, and the household said stop a while ago."""
    return View(
        state=State.HOME,
        reason=f"On its own battery, which is at {soc}: {wish.asked.by} stopped buying.",
        next=f"Buys by itself again in {max(math.ceil(wish.left / 60), 1)} min, or when it is asked to.",
    )


def waiting(what: str) -> View:
    """The neighbourhood's contracts are not known here yet: a start, not a fault."""
    return View(
        state=State.OFF,
        reason=f"Waiting for the neighbourhood's contracts: {what}.",
        next="Trading begins by itself then; until then the household stays on its own battery.",
    )


def fault(trouble: str) -> View:
    """The household cannot trade at all."""
    return View(
        state=State.FAULT, reason=trouble, next="It is tried again; the household stays on its own battery."
    )


def no_battery(s: Situation) -> View:
    """Nobody knows how full the battery is."""
    if s.battery is None:
        reason = "The battery's state of charge is not known: the logger has published none yet."
    else:
        reason = f"The battery's state of charge is not known: the last one is {s.battery.age:.0f} s old."
    return View(
        state=State.FAULT,
        reason=reason,
        next="Nothing is bought until it is known again: check the battery's sensor and the logger.",
    )


def no_supply(soc: SoC, why: Sequence[str]) -> View:
    """Energy is needed and nobody can supply."""
    return View(
        state=State.NO_SUPPLY,
        reason=f"The battery is at {soc}, and nobody can supply. {listed(why)}",
        next="It is tried again all the time; until then the household stays on its own battery.",
    )


def listed(why: Sequence[str]) -> str:
    """Why each seller cannot supply, as a sentence."""
    clauses = "; ".join(clause.rstrip(".") for clause in why) or "no seller is configured"
    return f"{clauses[:1].upper()}{clauses[1:]}."


def ordering(buy: Buy) -> View:
    """An order is made with this very decision."""
    return View(
        state=State.BUYING,
        reason=f"Buying {buy.energy} from {buy.seller.name.capitalize()} at {buy.price}, {buy.reason}.",
        next="The order goes to the chain.",
    )


def buying(trade: Trade) -> View:
    """An order is on its way into the chain."""
    plan = (
        "The order waits for its block in the chain."
        if trade.state is TradeState.PLANNED
        else "The order is in the chain and waits for its confirmation."
    )
    return View(state=State.BUYING, reason=_bought(trade), next=plan, trade=trade)


def starting(trade: Trade, supply: Supply, trading: TradingSettings) -> View:
    """The order is confirmed; contacts close."""
    plan = f"The order is confirmed: {trade.partner.capitalize()}'s contact closes, then the own tie."
    if supply.trouble:
        plan = f"It is tried for {trading.start_within:.0f} s: {supply.trouble}."
    return View(state=State.BUYING, reason=_bought(trade), next=plan, trade=trade)


def supplied(s: Situation, trade: Trade, enough: SoC) -> View:
    """Energy flows."""
    until = f"the battery is at {enough}"
    if trade.order in s.wishes.by_hand:
        until = f"all of it is received, or {until}"
    soc = "" if s.battery is None else f"; the battery is at {s.battery.soc}"
    name = trade.partner.capitalize()
    return View(
        state=State.SUPPLIED,
        reason=f"Supplied by {name}, {trade.reason}: {trade.received} of {trade.energy} received{soc}.",
        next=f"Goes home when {until}.",
        trade=trade,
    )


def returning(trade: Trade, supply: Supply) -> View:
    """On the way home."""
    name = trade.partner.capitalize()
    return View(
        state=State.RETURNING,
        reason=f"Going home: {supply.ending}.",
        next=f"Then {name}'s contact opens with the last voucher, and {name} settles the order.",
        trade=trade,
    )


def _bought(trade: Trade) -> str:
    return f"Buying {trade.energy} from {trade.partner.capitalize()} at {trade.price}, {trade.reason}."


def _names(names: Sequence[str]) -> str:
    shown = [name.capitalize() for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
