"""A household that lives through anything: sellers, relays, chain and clock do their worst; it restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

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
from node.client_interaction.back_off import FAILURES
from node.client_interaction.behaviour import Conduct, Deed
from node.client_interaction.choice import alone
from node.client_interaction.core import FORGOTTEN, LAST_SAMPLE, LAST_VOUCHER, decide
from node.client_interaction.day import midnight
from node.client_interaction.memory import Memory, happened
from node.client_interaction.settlement import BEGINNING, advance, conduct
from node.client_interaction.situation import Battery, Lease, Meter, Seller, Situation
from node.client_interaction.trade import FINAL, Side, Trade, TradeState
from node.wallet.journal import Entry, Stage
from quantities import Price, SoC, Tokens
from tests.unit.node.client_interaction.made import (
    ALDER,
    CEDAR,
    NOW,
    PRICE,
    WALL,
    chain,
    offer,
    on_chain,
    policy,
    seller,
)
from tests.unit.node.client_interaction.test_settlement import entry

PRICES = [Price.parse(price) for price in ("0.25", "0.26", "0.30", "0.40", "0.41")]
BUDGETS = ("0.0005", "0.001", "0.01")
CHALLENGE = 20
TICK = 0.5
LEASE = 10.0
NO_VOLTAGE = 2.0
POWER = 200_000
"""mW: an order is used up within half a minute."""

WINDOW, MOST = 600.0, 6
"""Of a seller that fails every time at most so many departures in so many seconds: 0, 30, 90, 210, 450 s."""


@dataclass
class Neighbour:
    """A seller and its whims."""

    name: str
    account: str
    price: Price = PRICE
    offered: bool = True
    answers: bool = True
    refuses: bool = False
    lies: bool = False
    """Its relay says that it has closed its contact, and has not."""
    ends: bool = False
    """It announces the end of whatever it supplies."""
    apart: bool = False
    """By its meter it gave more than the household signs for."""


class Household(RuleBasedStateMachine):
    """The rest of the world is as bad as it may be; the household's promises are asserted on every act."""

    @initialize()
    def begin(self) -> None:
        self.policy = policy(daily_budget=BUDGETS[1])
        self.now, self.offset = NOW, 0.0
        self.memory = Memory()
        self.trades: dict[str, Trade] = {}
        self.sellers = [Neighbour("alder", ALDER), Neighbour("cedar", CEDAR, price=PRICES[2])]
        self.deeds: dict[str, list[Deed]] = {ALDER: [], CEDAR: []}
        self.came_home: float | None = None
        self.soc = 5_000
        self.forward = 0.0
        # The chain
        self.chain_up, self.head, self.losing = True, 100, False
        self.pool: list[str] = []
        self.orders: dict[str, Order] = {}
        self.mined: dict[str, int] = {}
        self.entries: dict[str, Entry] = {}
        self.asked: set[str] = set()
        self.balance = 100
        # The contacts
        self.supplier = self.sellers[0]
        self.feed_until = float("-inf")
        """The seller's contact is closed until then, unless renewed."""
        self.tie_until = float("-inf")
        self.dead_since: float | None = None
        self.feed_lease: Lease | None = None
        self.tie_lease: Lease | None = None
        self.own_relay = True
        # What is asserted
        self.departures: list[tuple[float, str]] = []
        self.failures: list[tuple[float, str]] = []
        self.upsets: list[float] = []
        """Restarts and clock steps: each may cost one more try."""

    @property
    def wall(self) -> float:
        return WALL + self.now - NOW + self.offset

    @property
    def feed(self) -> bool:
        return self.now < self.feed_until

    @property
    def tie(self) -> bool:
        return self.now < self.tie_until

    # --- the world ------------------------------------------------------------------------------------------

    @rule(soc=st.integers(0, 10_000))
    def battery(self, soc: int) -> None:
        self.soc = soc
        self.turn(1)

    @rule(which=st.integers(0, 1), price=st.sampled_from(PRICES))
    def reprices(self, which: int, price: Price) -> None:
        self.sellers[which].price = price
        self.turn(1)

    @rule(
        which=st.integers(0, 1),
        whim=st.sampled_from(["offered", "answers", "refuses", "lies", "ends", "apart"]),
        how=st.booleans(),
    )
    def seller_changes_its_ways(self, which: int, whim: str, how: bool) -> None:
        setattr(self.sellers[which], whim, how)
        self.turn(1)

    @rule(up=st.booleans())
    def households_relay(self, up: bool) -> None:
        self.own_relay = up
        self.turn(1)

    @rule(up=st.booleans(), losing=st.booleans())
    def node(self, up: bool, losing: bool) -> None:
        """The chain stalls, or what is sent is lost before it is in a block."""
        self.chain_up, self.losing = up, losing
        self.turn(1)

    @rule(again=st.booleans())
    def reorganisation(self, again: bool) -> None:
        """The newest order is in no block any more, and comes back or not."""
        live = [name for name, order in self.orders.items() if order.state.live]
        if not live or self.head - self.mined[live[-1]] > 3:
            return
        del self.orders[live[-1]]
        self.asked -= {f"close:{live[-1]}", f"reclaim:{live[-1]}"}
        self.entries[live[-1]] = (
            entry(Stage.BROADCAST) if again else entry(Stage.FAILED, "reverted in block 5")
        )
        if again:
            self.pool.append(live[-1])
        self.turn(1)

    @rule(step=st.sampled_from([-3_600.0, 3_600.0, 86_400.0, 43_200.0, -90.0]))
    def clock_step(self, step: float) -> None:
        """The wall clock is set: an hour, to the next day, or a little back."""
        self.offset += step
        self.upsets.append(self.now)
        self.turn(1)

    @rule(budget=st.sampled_from(BUDGETS))
    def budget(self, budget: str) -> None:
        self.policy = policy(daily_budget=budget)
        self.turn(1)

    @rule(tokens=st.sampled_from([0, 100]))
    def purse(self, tokens: int) -> None:
        self.balance = tokens
        self.turn(1)

    @rule(soc=st.none() | st.integers(0, 10_000))
    def restart(self, soc: int | None) -> None:
        """The process is killed: what is not on disk or on the chain is forgotten."""
        self.soc = self.soc if soc is None else soc
        self.memory, self.feed_lease, self.tie_lease = Memory(), None, None
        self.upsets.append(self.now)
        self.turn(1)

    @rule(soc=st.integers(500, 2_900), after=st.integers(0, 80), full=st.booleans())
    def a_good_day(self, soc: int, after: int, full: bool) -> None:
        """The battery is low and everything works: a supply, for a while, perhaps until it is full."""
        self.all_is_well()
        self.soc = soc
        self.turn(1)
        self.blocks(2)
        self.turn(after)
        if full:
            self.soc = 7_000
            self.turn(8)
            self.seller_settles(State.REDEEMED)

    @rule(count=st.integers(1, 30))
    def blocks(self, count: int) -> None:
        for _ in range(count):
            self.block()
        self.turn(1)

    @rule(how=st.sampled_from([State.REDEEMED, State.RELEASED]))
    def seller_settles(self, how: State) -> None:
        """The ended orders, or gives back one that runs."""
        for name, found in self.orders.items():
            ended = self.trades[name].state is TradeState.ENDED
            if found.state.live and (ended or how is State.RELEASED):
                self.orders[name] = replace(found, state=how, paid_energy=self.trades[name].vouchered)
        self.turn(1)

    @rule(ticks=st.integers(1, 120))
    def time_passes(self, ticks: int) -> None:
        self.turn(ticks)

    def all_is_well(self) -> None:
        for each in self.sellers:
            each.offered = each.answers = True
            each.refuses = each.lies = each.ends = each.apart = False
        self.own_relay = self.chain_up = True
        self.losing, self.balance = False, 100

    def block(self) -> None:
        """Orders are mined, or revert as the market would have them."""
        if not self.chain_up:
            return
        self.head += 1
        for order in [] if self.losing else list(self.pool):
            self.pool.remove(order)
            trade = self.trades[order]
            at = next(each for each in self.sellers if each.name == trade.partner)
            live = [name for name, o in self.orders.items()
                    if o.state.live and self.trades[name].partner == at.name]  # fmt: skip
            if not at.offered or at.price != trade.price or len(live) > (trade.previous in live):
                self.entries[order] = entry(Stage.FAILED, f"reverted in block {self.head}")
                continue
            self.orders[order] = on_chain(State.WAITING if live else State.OPEN, trade)
            self.mined[order] = self.head
            self.entries[order] = entry(Stage.MINED)
        for order, found in self.orders.items():
            before = self.trades[order].previous
            if found.state is State.WAITING and not (
                before in self.orders and self.orders[before].state.live
            ):
                self.orders[order] = replace(found, state=State.OPEN)

    def turn(self, ticks: int) -> None:
        for _ in range(ticks):
            self.now += TICK
            if self.feed and self.tie:
                self.forward += POWER * TICK / 3_600
            self.keep()
            self.follow()
            self.decide()

    def keep(self) -> None:
        """The leases, as the relays renew or refuse them."""
        at = self.supplier
        if self.feed_lease is not None and at.answers and not self.feed_lease.refused:
            if at.apart and self.tie and self.feed:
                self.feed_lease = replace(self.feed_lease, refused="it does not keep pace", gap=True)
                self.feed_until = float("-inf")
            elif self.feed or at.lies:
                until = self.now + (3 if at.ends else 1_000)
                self.feed_lease = Lease(granted=self.now, until=until)
                self.feed_until = float("-inf") if at.lies else self.now + LEASE
            else:
                self.feed_lease = replace(self.feed_lease, refused="the lease ran out")
        self.dead_since = (self.dead_since or self.now) if self.tie and not self.feed else None
        if self.dead_since is not None and self.now - self.dead_since >= NO_VOLTAGE and self.own_relay:
            self.tie_until = float("-inf")
            if self.tie_lease is not None:
                self.tie_lease = replace(self.tie_lease, refused="the line is dead")
        if self.tie_lease is not None and self.own_relay and self.tie:
            self.tie_lease, self.tie_until = Lease(granted=self.now), self.now + LEASE

    # --- the household --------------------------------------------------------------------------------------

    def seen(self) -> dict[str, Order]:
        """The orders at confirmation depth."""
        return {name: order for name, order in self.orders.items() if self.head > self.mined[name]}

    def follow(self) -> None:
        """As `actors.orders` does, by the same pure functions."""
        for trade in [t for t in self.trades.values() if not t.final]:
            order = self.seen().get(trade.order)
            lost = trade.state is TradeState.ENDED and order is None
            journal = self.entries[trade.order] if trade.state in BEGINNING or lost else None
            at = next(each for each in self.sellers if each.name == trade.partner)
            step = advance(trade, journal, order, self.known(at).offer)
            if step is None:
                continue
            fields = {"state": step.state, "changed": self.wall, "paid": step.paid or Tokens(0)}
            known = frozenset(d.what for d in self.deeds[at.account] if d.order == trade.order)
            done = conduct(trade, step, frozenset(self.asked), known) if step.state in FINAL else None
            if done is not None:
                self.record(trade, done)
            self.trades[trade.order] = replace(trade, **fields)  # type: ignore[arg-type]

    def record(self, trade: Trade, what: Conduct) -> None:
        self.deeds[trade.account].append(
            Deed(account=trade.account, order=trade.order, what=what, at=self.wall, why=what.value)
        )

    def decide(self) -> None:
        decision = decide(self.situation(), self.policy, self.memory)
        self.memory = decision.memory
        assert decision.view.reason.endswith("."), decision.view
        assert decision.view.next.endswith("."), decision.view
        for act in decision.acts:
            self.memory = happened(self.memory, self.carry_out(act), self.now)

    def known(self, at: Neighbour) -> Seller:
        taken = any(o.state.live and self.trades[name].partner == at.name for name, o in self.orders.items())
        terms = offer(seller=at.account, price=at.price, open=b"\1" * 32 if taken else None)
        return seller(
            at.name, account=at.account, offer=terms if at.offered else None,
            trouble="" if at.answers else "its relay does not answer", deeds=tuple(self.deeds[at.account]),
        )  # fmt: skip

    def spent(self) -> Tokens:
        """As `Trades.spent_since` has it."""
        day = midnight(self.wall)
        today = [t for t in self.trades.values() if t.created >= day]
        return Tokens(sum((t.paid if t.final else t.cost).value for t in today))

    def situation(self) -> Situation:
        flows = self.tie and self.feed
        return Situation(
            now=self.now,
            wall=self.wall,
            battery=Battery(soc=SoC(self.soc), age=0.5),
            chain=chain(
                head=self.head, balance=Tokens.parse(self.balance),
                trouble="" if self.chain_up else "The chain stands still.",
            ),
            sellers=tuple(self.known(each) for each in self.sellers),
            trades=tuple(t for t in self.trades.values() if not t.final),
            on_chain=self.seen(),
            asked=frozenset(self.asked),
            spent=self.spent(),
            came_home=self.came_home,
            meter=Meter(forward=int(self.forward), power=POWER if flows else 0, sampled=self.now),
            feed=self.feed_lease,
            tie=self.tie_lease,
            relay="" if self.own_relay else "its relay does not answer",
        )  # fmt: skip

    def carry_out(self, act: Act) -> Outcome:
        match act:
            case Buy():
                self.buy(act)
            case CloseFeed():
                return self.close_feed(act)
            case CloseTie():
                if not self.own_relay:
                    return Failed(act=act, why="the own relay does not answer")
                assert self.feed or self.supplier.lies or not self.supplier.answers, "the feed closes first"
                self.departures.append((self.now, self.supplier.name))
                self.tie_until, self.tie_lease = self.now + LEASE, Lease(granted=self.now)
                for name, trade in self.trades.items():
                    if trade.state is TradeState.CONFIRMED and trade.baseline is not None:
                        self.trades[name] = replace(trade, state=TradeState.SUPPLIED)
            case GoHome():
                self.tie_lease = None
                if not self.own_relay:
                    return Failed(act=act, why="the own relay does not answer")
                self.tie_until = float("-inf")
            case OpenFeed():
                assert not self.tie, "home before the feed opens"
                self.feed_lease = None
                if not self.supplier.answers:
                    return Failed(act=act, why="its relay does not answer", retry=0.5)
                self.feed_until = float("-inf")
            case Finish():
                self.finish(act)
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
        trading = self.policy.trading
        live = [t for t in self.trades.values() if not t.final and t.state is not TradeState.ENDED]
        assert all(t.order == act.previous for t in live), "one need, one order; a successor behind it"
        assert act.previous is not None or self.soc < trading.limit.value
        assert act.price <= trading.max_price
        cost = act.price.cost(act.energy)
        assert self.spent() + cost <= trading.daily_budget, "never above the day's budget"
        assert cost <= Tokens.parse(self.balance)
        assert alone(act.seller, self.wall, trading) is None, "a seller that failed is left alone"
        if act.previous is None and self.came_home is not None and self.soc >= trading.urgent.value:
            assert not 0 <= self.wall - self.came_home < trading.dwell, "it stays at home for a while"
        order = f"0x{len(self.trades):064x}"
        self.pool.append(order)
        self.entries[order] = entry(Stage.BROADCAST)
        self.trades[order] = Trade(
            order=order, side=Side.BUYER, market="0x" + "cc" * 20, partner=act.seller.name,
            account=act.seller.account, contact=1, energy=act.energy, price=act.price, cost=cost,
            created=self.wall, changed=self.wall, channel=11, previous=act.previous,
        )  # fmt: skip

    def close_feed(self, act: CloseFeed) -> Outcome:
        trade = self.trades[act.order]
        at = next(each for each in self.sellers if each.name == trade.partner)
        if not at.answers:
            return Failed(act=act, why="its relay does not answer")
        if at.refuses:
            return Failed(act=act, why="the contact has a fault", hopeless=True)
        order = self.orders.get(act.order)
        if order is None or order.state not in (State.OPEN, State.WAITING):
            return Failed(act=act, why="the order is not in the chain", retry=0.1)
        self.supplier = at
        self.feed_lease = Lease(granted=self.now)
        self.feed_until = float("-inf") if at.lies else self.now + LEASE
        if trade.baseline is None:
            self.trades[act.order] = replace(trade, baseline=int(self.forward))
        return Done(act=act)

    def finish(self, act: Finish) -> None:
        assert not self.tie, "nothing is finished before the household is home"
        self.feed_lease = None
        trade = self.trades[act.order]
        if act.fault is not None:
            assert act.fault in FAILURES
            self.record(trade, act.fault)
            self.failures.append((self.now, trade.partner))
        if trade.baseline is not None:
            self.came_home = self.wall
            received = min(max(int(self.forward) - trade.baseline, 0), trade.energy.mwh)
            trade = replace(
                trade, received=type(trade.energy)(received), vouchered=type(trade.energy)(received)
            )
        self.trades[act.order] = replace(trade, state=TradeState.ENDED, changed=self.wall)

    # --- what it promises -----------------------------------------------------------------------------------

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
        """A seller that fails again and again is left for it less and less often."""
        for each in self.sellers:
            failed = [at for at, name in self.failures if name == each.name and self.now - at < WINDOW]
            upsets = [at for at in self.upsets if self.now - at < WINDOW]
            assert len(failed) <= MOST + len(upsets), failed

    @invariant()
    def at_most_one_order_with_one_successor(self) -> None:
        live = [t for t in self.trades.values() if not t.final and t.state is not TradeState.ENDED]
        assert len(live) <= 2
        assert len([t for t in live if t.previous is None]) <= 1

    def teardown(self) -> None:
        """When all sellers fail at last it is at home; when the chain goes on, every order ends."""
        if not hasattr(self, "now"):
            return
        for each in self.sellers:
            each.answers = each.offered = False
        self.own_relay = True
        self.turn(int((FORGOTTEN + LAST_SAMPLE + LAST_VOUCHER + 70) / TICK))
        assert not self.tie
        self.all_is_well()
        self.soc = 10_000
        self.offset = max(self.offset, 0.0) + 7 * 86_400.0
        for _ in range(3):
            self.blocks(CHALLENGE)
            self.turn(int((FORGOTTEN + LAST_SAMPLE + LAST_VOUCHER + 70) / TICK))
        unfinished = [(t.state.value, self.orders.get(t.order)) for t in self.trades.values() if not t.final]
        assert unfinished == []
        assert not self.tie


Household.TestCase.settings = settings(
    max_examples=settings().max_examples // 4,  # a step is up to a minute of decisions
    stateful_step_count=30,
    deadline=None,
)
TestHousehold = Household.TestCase
