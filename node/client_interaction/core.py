"""What to do now: the household's trader as one pure function over what is known and what is remembered.

    need ── choose ── Buy ── mined ── confirmed ── CloseFeed ── CloseTie ── supplied
                                                                              │ any reason to end
    settled ◀── seller redeems ◀── Finish ◀── OpenFeed (last voucher) ◀── GoHome
                               ◀── HandOver, where the seller could not be reached then

A need begins when the battery is below `limit` and lasts as long as its order; after a supply the household
stays at home for a while (`rest`). So it does not flap between home and a seller. At most one order runs,
with at most one successor behind it. docs/trading-policy.md tells every rule with an example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from node.client_interaction import sentences
from node.client_interaction.acts import Act, Buy, CloseFeed, CloseTie, Finish, GoHome, OpenFeed
from node.client_interaction.amount import purse
from node.client_interaction.behaviour import Conduct
from node.client_interaction.choice import Chosen, NoSeller, Terms, choose
from node.client_interaction.ending import Ending, called_off, ending, enough
from node.client_interaction.lift import Start
from node.client_interaction.memory import Memory, Phase, Supply
from node.client_interaction.rest import rests
from node.client_interaction.sentences import View
from node.client_interaction.settlement import handings_over, settlements
from node.client_interaction.situation import Policy, Situation
from node.client_interaction.successor import successor
from node.client_interaction.trade import Side, Trade, TradeState
from quantities import Energy, SoC

if TYPE_CHECKING:
    from node.client_interaction.settings import TradingSettings

LIVE = frozenset({TradeState.PLANNED, TradeState.ORDERED, TradeState.CONFIRMED, TradeState.SUPPLIED})
READY = frozenset({TradeState.CONFIRMED, TradeState.SUPPLIED})

LAST_SAMPLE = 2.5
"""Seconds to wait at home for the meter's sample that holds the last of the energy: one a second."""

FORGOTTEN = 12.0
"""Seconds after which an own relay that does not answer has let go of the tie: its lease is 10 s."""

LAST_VOUCHER = 10.0
"""Seconds to go on trying to hand over the last voucher; else the highest one that was answered counts."""

TIE_WITHIN = 15.0
"""Seconds to get from a closed feed to a closed tie: the transfer's dwell of 10 s, and some."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do, what to remember, and what to tell the household."""

    memory: Memory
    view: View
    acts: tuple[Act, ...] = ()


def decide(s: Situation, policy: Policy, memory: Memory) -> Decision:
    """One decision. The same arguments always give the same one."""
    current, successor = running(s.trades)
    if current is None:
        decision = _at_home(s, policy, replace(memory, supply=None))
    elif current.state not in READY:
        decision = Decision(memory=replace(memory, supply=None), view=sentences.buying(current))
    else:
        decision = _supply(s, policy, memory, current, successor)
    kept = decision.memory
    if decision.view.state is not kept.state or not kept.since:
        kept = replace(kept, state=decision.view.state, since=s.wall)
    if decision.view.since is not None:
        kept = replace(kept, since=decision.view.since)
    acts = (*handings_over(s), *settlements(s, policy.trading), *decision.acts)
    return replace(decision, memory=kept, acts=acts)


def running(trades: Sequence[Trade]) -> tuple[Trade | None, Trade | None]:
    """The order that counts now, and its successor. Others wait to be settled."""
    live = [trade for trade in trades if trade.side is Side.BUYER and trade.state in LIVE]
    if not live:
        return None, None
    supplied = [trade for trade in live if trade.state is TradeState.SUPPLIED]
    current = (supplied or live)[0]
    return current, next((trade for trade in live if trade.previous == current.order), None)


# --- at home ------------------------------------------------------------------------------------------------


def _at_home(s: Situation, policy: Policy, memory: Memory) -> Decision:
    """No order runs: is one needed, and from whom?"""
    trading, battery = policy.trading, s.battery
    if barred := bar(s, policy):
        return Decision(memory=memory, view=barred)
    if battery is None or battery.age > trading.stale_battery:
        return Decision(memory=memory, view=sentences.no_battery(s))
    if patient := _patient(s, trading, battery.soc):
        return Decision(memory=memory, view=patient)
    chosen = choice(s, policy, battery.soc)
    if isinstance(chosen, NoSeller):
        return Decision(memory=memory, view=sentences.no_supply(battery.soc, chosen.why))
    reason = f"because the battery fell to {battery.soc} (limit {trading.limit})"
    buy = Buy(seller=chosen.seller, energy=chosen.energy, price=chosen.price, reason=reason)
    return Decision(memory=memory, view=sentences.ordering(buy), acts=(buy,))


def bar(s: Situation, policy: Policy) -> View | None:
    """Why there is no trade at all, whatever the battery needs; None: there may be one."""
    if s.trouble:
        return sentences.fault(s.trouble)
    if not policy.trading.enabled or s.stopping:
        return sentences.off(s)
    if s.wishes.paused:
        return sentences.paused(s.wishes.paused)
    if not s.set_up:
        return sentences.SETTING_UP
    return sentences.waiting(s.waiting) if s.waiting else None


def _patient(s: Situation, trading: TradingSettings, soc: SoC) -> View | None:
    """Why nothing is bought at this state of charge; None: there is a need."""
    if soc >= trading.limit:
        return sentences.home(s, trading, soc)
    if s.wishes.stopped:
        return sentences.stopped(s.wishes.stopped, soc)
    return sentences.resting(soc, trading) if rests(s, soc, trading) else None


def choice(s: Situation, policy: Policy, soc: SoC, asked: Energy | None = None) -> Chosen | NoSeller:
    """The purchase that a need would make now, or one of `asked`; or why there can be none."""
    if s.chain is None:
        return NoSeller(why=("The chain has not answered yet.",))
    if s.chain.trouble:
        return NoSeller(why=(s.chain.trouble,))
    if s.chain.paused:
        return NoSeller(why=("The neighbourhood's authority has paused new orders.",))
    if s.chain.barred:
        return NoSeller(why=(s.chain.barred,))
    if s.relay:
        return NoSeller(why=(f"The own relay: {s.relay}",))
    terms = Terms(soc=soc, head=s.chain.head, purse=purse(s, s.chain, policy), wall=s.wall, asked=asked)
    return choose(s.sellers, terms, policy)


# --- a supply -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Case:
    """One supply at one moment."""

    s: Situation
    policy: Policy
    memory: Memory
    supply: Supply
    current: Trade
    successor: Trade | None

    @property
    def due(self) -> bool:
        """Whether the phase's step is to be tried now."""
        return self.s.now >= self.supply.try_at

    def stay(self, view: View, *acts: Act) -> Decision:
        """In this phase."""
        return Decision(memory=replace(self.memory, supply=self.supply), view=view, acts=acts)

    def leave(self, reason: Ending, phase: Phase = Phase.RETURNING) -> Decision:
        """Home first, at once; or, where the tie never closed, straight to the last voucher."""
        leaving = replace(self.supply.to(phase, self.s.now), ending=reason.why, fault=reason.fault)
        acts = (GoHome(channel=leaving.channel),) if phase is Phase.RETURNING else ()
        view = sentences.returning(self.current, leaving)
        return Decision(memory=replace(self.memory, supply=leaving), view=view, acts=acts)


def _supply(
    s: Situation, policy: Policy, memory: Memory, current: Trade, successor: Trade | None
) -> Decision:
    """A confirmed order has a supply; so has one that was supplied when the process was restarted.

    When an order is used up its keeper rolls over to the successor, and the supply goes on under that one.
    """
    supply = memory.supply
    if supply is not None and supply.order == current.previous:
        supply = replace(supply, order=current.order)
    if supply is None or supply.order != current.order:
        channel = current.channel or 0
        supply = Supply(
            order=current.order, seller=current.partner, channel=channel, began=s.now, since=s.now
        )
    case = Case(s=s, policy=policy, memory=memory, supply=supply, current=current, successor=successor)
    return PHASES[supply.phase](case)


def _starting(c: Case) -> Decision:
    """The order is confirmed: the seller's contact first."""
    if reason := _not_begun(c):
        # After a restart the contacts may still be held: home first then, as from any other supply.
        held = c.current.baseline is not None
        phase = Phase.RETURNING if held else Phase.AT_HOME
        return c.leave(reason, phase)
    if c.s.age(c.s.meter) > c.policy.trading.stale_meter:
        waiting = replace(c.supply, trouble="the tie's meter is silent")
        return replace(c, supply=waiting).stay(sentences.starting(c.current, waiting, c.policy.trading))
    view = sentences.starting(c.current, c.supply, c.policy.trading)
    return c.stay(view, CloseFeed(order=c.current.order)) if c.due else c.stay(view)


def _not_begun(c: Case) -> Ending | None:
    """Why a confirmed order is given up before any energy flows."""
    trading, battery = c.policy.trading, c.s.battery
    on_chain = c.s.on_chain.get(c.current.order)
    if why := called_off(c.s, c.policy):
        return Ending(why=why)
    if on_chain is not None and not on_chain.state.live:
        name = c.current.partner.capitalize()
        return Ending(why=f"{name} has given the order back", fault=Conduct.REFUSED)
    if battery is not None and battery.soc >= enough(c.s, c.policy, c.current):
        return Ending(why=f"the battery is at {battery.soc}")
    if c.supply.hopeless or c.s.now - c.supply.began > trading.start_within:
        own = c.s.age(c.s.meter) > trading.stale_meter
        why = c.supply.trouble or "the seller did not close its contact"
        return Ending(why=why, fault=Conduct.LINE if own else Conduct.REFUSED)
    return None


def _closed(c: Case) -> Decision:
    """The feed is closed: now the own tie."""
    if reason := ending(c.s, c.policy, c.current, None):
        return c.leave(reason)
    if c.supply.hopeless or c.s.now - c.supply.since > TIE_WITHIN:
        why = c.supply.trouble or "the own relay did not close the tie"
        return c.leave(Ending(why=why, fault=Conduct.LINE))
    view = sentences.starting(c.current, c.supply, c.policy.trading)
    return c.stay(view, CloseTie(channel=c.supply.channel)) if c.due else c.stay(view)


def _tied(c: Case) -> Decision:
    """Energy flows: end it, fund what comes after it, or let it be."""
    if reason := ending(c.s, c.policy, c.current, c.successor):
        return c.leave(reason)
    start = c.supply.start or Start.of(c.s)
    tied = replace(c, supply=replace(c.supply, start=start))
    view = sentences.supplied(c.s, c.current, enough(c.s, c.policy, c.current))
    single = c.successor is not None or c.current.order in c.s.wishes.by_hand
    buy = None if single else successor(c.s, c.policy, c.current, start)
    return tied.stay(view, buy) if buy else tied.stay(view)


def _returning(c: Case) -> Decision:
    """The tie opens; an own relay that does not answer has let go of it by the end of its lease."""
    view = sentences.returning(c.current, c.supply)
    if c.s.now - c.supply.since > FORGOTTEN:
        return replace(c, supply=c.supply.to(Phase.AT_HOME, c.s.now)).stay(view)
    return c.stay(view, GoHome(channel=c.supply.channel)) if c.due else c.stay(view)


def _opening(c: Case) -> Decision:
    """At home: hand over the last voucher, then it is over, for the successor as well."""
    view = sentences.returning(c.current, c.supply)
    waited = c.s.now - c.supply.since
    if c.supply.hopeless or waited > LAST_SAMPLE + LAST_VOUCHER:
        return _over(c, view)
    counted = c.s.meter is not None and c.s.meter.sampled > c.supply.since
    nothing_flowed = c.current.baseline is None
    if c.due and (counted or nothing_flowed or waited >= LAST_SAMPLE or c.s.stopping):
        return c.stay(view, OpenFeed(order=c.current.order))
    return c.stay(view)


def _over(c: Case, view: View) -> Decision:
    why = f"{c.supply.ending[:1].upper()}{c.supply.ending[1:]}."
    finish = Finish(order=c.current.order, why=why, fault=c.supply.fault)
    unused = () if c.successor is None else (Finish(order=c.successor.order, why=why),)
    return Decision(memory=replace(c.memory, supply=None), view=view, acts=(finish, *unused))


PHASES: Mapping[Phase, Callable[[Case], Decision]] = {
    Phase.STARTING: _starting,
    Phase.CLOSED: _closed,
    Phase.TIED: _tied,
    Phase.RETURNING: _returning,
    Phase.AT_HOME: _opening,
}
