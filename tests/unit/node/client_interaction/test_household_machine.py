"""A household that lives through anything: sellers, relays and chain come and go, the process restarts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.bindings import Order, State
from node.client_interaction.acts import (
    Act,
    Buy,
    CloseFeed,
    CloseTie,
    Done,
    Failed,
    Finish,
    GoHome,
    OpenFeed,
    Outcome,
    Reclaim,
    RequestClose,
)
from node.client_interaction.core import FORGOTTEN, decide
from node.client_interaction.memory import Memory, happened
from node.client_interaction.situation import Battery, Lease, Meter, Situation
from node.client_interaction.trade import FINAL, Side, Trade, TradeState
from quantities import SoC, Tokens
from tests.unit.node.client_interaction.made import NOW, WALL, chain, offer, on_chain, policy, seller

POLICY = policy(daily_budget="0.001")
CHALLENGE = 20
TICK = 0.5
LEASE = 10.0
POWER = 200_000
"""mW: an order is used up within a minute."""


class Household(RuleBasedStateMachine):
    """The rest of the world is as bad as it may be; the household's promises are the invariants."""

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.memory = Memory()
        self.trades: dict[str, Trade] = {}
        self.orders: dict[str, Order] = {}
        self.asked: set[str] = set()
        self.soc = 5_000
        self.forward = 0.0
        self.feed_until = float("-inf")
        """The seller's contact is closed until then, unless renewed."""
        self.tie_until = float("-inf")
        self.kept: float | None = None
        self.tie_kept: float | None = None
        self.relays = True
        self.own_relay = True
        self.chain_up = True
        self.offered = True
        self.head = 100
        self.began: list[float] = []

    # --- the world ------------------------------------------------------------------------------------------

    @property
    def feed(self) -> bool:
        return self.now < self.feed_until

    @property
    def tie(self) -> bool:
        return self.now < self.tie_until

    @rule(soc=st.integers(0, 10_000))
    def battery(self, soc: int) -> None:
        self.soc = soc
        self.turn(1)

    @rule(up=st.booleans())
    def sellers_relay(self, up: bool) -> None:
        self.relays = up
        self.turn(1)

    @rule(up=st.booleans())
    def households_relay(self, up: bool) -> None:
        self.own_relay = up
        self.turn(1)

    @rule(up=st.booleans())
    def node(self, up: bool) -> None:
        self.chain_up = up
        self.turn(1)

    @rule(offered=st.booleans())
    def offer(self, offered: bool) -> None:
        self.offered = offered
        self.turn(1)

    @rule(soc=st.none() | st.integers(0, 10_000))
    def restart(self, soc: int | None) -> None:
        """The process is killed: what is not on disk or on the chain is forgotten."""
        self.soc = self.soc if soc is None else soc
        self.memory, self.kept, self.tie_kept = Memory(), None, None
        self.turn(1)

    @rule(soc=st.integers(500, 2_900), after=st.integers(0, 80), full=st.booleans())
    def a_good_day(self, soc: int, after: int, full: bool) -> None:
        """The battery is low and everything works: a supply, for a while, perhaps until it is full."""
        self.relays = self.own_relay = self.chain_up = self.offered = True
        self.soc = soc
        self.turn(1)
        self.blocks()
        self.turn(after)
        if full:
            self.soc = 7_000
            self.turn(8)
            self.settle_all()

    def settle_all(self) -> None:
        for order, found in self.orders.items():
            if found.state.live and self.trades[order].state is TradeState.ENDED:
                self.orders[order] = replace(found, state=State.REDEEMED)
        self.turn(1)

    @precondition(lambda self: self.chain_up)
    @rule()
    def blocks(self) -> None:
        """Orders are mined and confirmed."""
        self.head += 5
        for order, trade in self.trades.items():
            if trade.state is TradeState.PLANNED and order not in self.orders:
                waits = any(o.state is State.OPEN for o in self.orders.values())
                self.orders[order] = on_chain(State.WAITING if waits else State.OPEN, trade)
                self.trades[order] = replace(trade, state=TradeState.CONFIRMED)
        self.turn(2)

    @precondition(lambda self: any(o.state.live for o in self.orders.values()))
    @rule(how=st.sampled_from([State.REDEEMED, State.RELEASED]))
    def seller_settles(self, how: State) -> None:
        for order, found in self.orders.items():
            if found.state.live and self.trades[order].state is TradeState.ENDED:
                self.orders[order] = replace(found, state=how)
                break
        self.turn(1)

    @rule(ticks=st.integers(1, 60))
    def time_passes(self, ticks: int) -> None:
        self.turn(ticks)

    # --- the household --------------------------------------------------------------------------------------

    def turn(self, ticks: int) -> None:
        for _ in range(ticks):
            self.now += TICK
            if self.feed and self.tie:
                self.forward += POWER * TICK / 3_600
            if self.kept is not None and self.relays and self.feed:
                self.kept, self.feed_until = self.now, self.now + LEASE
            if self.tie_kept is not None and self.own_relay and self.tie:
                self.tie_kept, self.tie_until = self.now, self.now + LEASE
            self.decide()

    def decide(self) -> None:
        for trade in self.trades.values():
            found = self.orders.get(trade.order)
            if trade.state is TradeState.ENDED and found is not None and not found.state.live:
                self.trades[trade.order] = replace(trade, state=TradeState.SETTLED, paid=trade.cost)
        decision = decide(self.situation(), POLICY, self.memory)
        self.memory = decision.memory
        for act in decision.acts:
            self.memory = happened(self.memory, self.carry_out(act), self.now)

    def situation(self) -> Situation:
        unfinished = tuple(t for t in self.trades.values() if t.state not in FINAL)
        trouble = "" if self.chain_up else "The chain node does not answer."
        spent = sum(t.cost.value for t in self.trades.values())
        return Situation(
            now=self.now,
            wall=WALL + self.now - NOW,
            battery=Battery(soc=SoC(self.soc), age=0.5),
            chain=chain(head=self.head, trouble=trouble),
            sellers=(
                seller(
                    offer=offer(open=b"\1" * 32 if any(o.state.live for o in self.orders.values()) else None)
                    if self.offered
                    else None,
                    trouble="" if self.relays else "its relay does not answer",
                ),
            ),
            trades=unfinished,
            on_chain=dict(self.orders),
            asked=frozenset(self.asked),
            spent=Tokens(spent),
            meter=Meter(
                forward=int(self.forward), power=POWER if self.tie and self.feed else 0, sampled=self.now
            ),
            feed=None if self.kept is None else Lease(granted=self.kept),
            tie=None if self.tie_kept is None else Lease(granted=self.tie_kept),
            relay="" if self.own_relay else "its relay does not answer",
        )

    def carry_out(self, act: Act) -> Outcome:
        match act:
            case Buy():
                self.buy(act)
            case CloseFeed():
                if not self.relays:
                    return Failed(act=act, why="its relay does not answer")
                assert self.orders[act.order].state in (State.OPEN, State.WAITING)
                self.feed_until, self.kept = self.now + LEASE, self.now
                before = self.trades[act.order]
                baseline = int(self.forward) if before.baseline is None else before.baseline
                self.trades[act.order] = replace(before, baseline=baseline)
            case CloseTie():
                if not self.own_relay:
                    return Failed(act=act, why="the own relay does not answer")
                assert self.feed, "the feed closes first"
                self.began.append(self.now)
                self.tie_until, self.tie_kept = self.now + LEASE, self.now
                for order, trade in self.trades.items():
                    if trade.state is TradeState.CONFIRMED and trade.baseline is not None:
                        self.trades[order] = replace(trade, state=TradeState.SUPPLIED)
            case GoHome():
                self.tie_kept = None
                if not self.own_relay:
                    return Failed(act=act, why="the own relay does not answer")
                self.tie_until = float("-inf")
            case OpenFeed():
                assert not self.tie, "home before the feed opens"
                self.kept = None
                if not self.relays:
                    return Failed(act=act, why="its relay does not answer", retry=0.5)
                self.feed_until = float("-inf")
            case Finish():
                assert not self.tie, "nothing is finished before the household is home"
                self.kept = None
                ended = replace(self.trades[act.order], state=TradeState.ENDED, changed=WALL + self.now - NOW)
                self.trades[act.order] = ended
            case RequestClose():
                self.asked.add(f"close:{act.order}")
                found = self.orders[act.order]
                self.orders[act.order] = replace(
                    found, state=State.CLOSING, reclaim_from=self.head + CHALLENGE
                )
            case Reclaim():
                found = self.orders[act.order]
                assert found.reclaim_from is not None
                assert self.head >= found.reclaim_from
                self.asked.add(f"reclaim:{act.order}")
                self.orders[act.order] = replace(found, state=State.RECLAIMED)
        return Done(act=act)

    def buy(self, act: Buy) -> None:
        live = [t for t in self.trades.values() if t.state not in FINAL and t.state is not TradeState.ENDED]
        assert all(t.order == act.previous for t in live), "one need, one order; a successor behind it"
        assert act.previous is not None or self.soc < POLICY.trading.limit.value
        assert act.price <= POLICY.trading.max_price
        order = f"0x{len(self.trades):064x}"
        self.trades[order] = Trade(
            order=order, side=Side.BUYER, market="0x" + "cc" * 20, partner="alder",
            account=act.seller.account, contact=1, energy=act.energy, price=act.price,
            cost=act.price.cost(act.energy),
            created=WALL, changed=WALL, channel=11, previous=act.previous,
        )  # fmt: skip

    # --- what it promises -----------------------------------------------------------------------------------

    @invariant()
    def never_above_the_budget(self) -> None:
        spent = sum(trade.cost.value for trade in self.trades.values())
        assert spent <= POLICY.trading.daily_budget.value

    @invariant()
    def never_tied_to_nobody_for_long(self) -> None:
        """A tie without a seller's contact behind it does not outlast what it takes to notice."""
        if not self.tie or self.feed:
            return
        before = self.now
        self.turn(int((LEASE + FORGOTTEN) / TICK))
        assert not (self.tie and not self.feed), f"still tied, {self.now - before:.0f} s later"

    @invariant()
    def no_flapping(self) -> None:
        """Each order leaves home a few times at most: once, and once more after each restart."""
        recent = [began for began in self.began if self.now - began < 2.0]
        assert len(recent) <= 3

    def teardown(self) -> None:
        """When everything fails at last, the household is at home."""
        if not hasattr(self, "now"):
            return
        self.relays = self.offered = False
        self.own_relay = True
        self.turn(int(90 / TICK))
        assert not self.tie


Household.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestHousehold = Household.TestCase
