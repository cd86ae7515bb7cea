"""The whole house under hypothesis: whatever is commanded, lost, stuck or killed, the promises hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.bindings.market import State
from quantities import Energy
from relay_server.acts import HOME, Latch
from relay_server.authorisation import View
from relay_server.commanding import Seen
from relay_server.contacts.mending import TIMES, WITHIN
from relay_server.contacts.trouble import Trouble, kind
from relay_server.instructions import Instruction, What
from relay_server.lease import bound
from relay_server.messages import NO_ORDER, Code, Granted, Op, Opened, Refused
from relay_server.switchboard import Switchboard
from simulation.world.spec import DEFECTS, Defect
from tests.conftest import thorough
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    FEED_PIN,
    HOME_PIN,
    MARKET,
    NEXT,
    ORDER,
    OTHER,
    RATING,
    SECOND_TIE,
    SECOND_TIE_PIN,
    SELLER,
    SETTINGS,
    TIE,
    TIE_PIN,
    Memory,
    booted,
    frame,
    on_chain,
    register,
    seen,
    stale,
)
from tests.unit.relay_server.stalling import Stalling
from tests.unit.relay_server.worn_pins import WornPins

TURN = 0.08
COMMANDS = (Op.CLOSE, Op.KEEP, Op.OPEN)
PINS = {HOME: HOME_PIN, FEED: FEED_PIN, TIE: TIE_PIN, SECOND_TIE: SECOND_TIE_PIN}
LONGEST = 3.0
"""Seconds that the host stands still at once."""


class House(RuleBasedStateMachine):
    """Seconds pass by turns of the safety loop; commands come between them."""

    @initialize(unwired=st.booleans())
    def boot(self, unwired: bool) -> None:
        self.now = 1_000.0
        pins = (HOME_PIN, TIE_PIN, SECOND_TIE_PIN, FEED_PIN)
        self.pins = WornPins(
            HOME_PIN, (TIE_PIN, SECOND_TIE_PIN), pins if unwired else (), clock=lambda: self.now
        )
        self.memory = Memory()
        self.orders = {ORDER: on_chain(ORDER), NEXT: on_chain(NEXT, state=State.WAITING, supply_end=None)}
        self.fresh, self.advanced = True, self.now
        self.forward, self.power, self.meters = 10_000.0, 0, True
        self.forward_at = self.now
        self.signed = {ORDER: 0, NEXT: 0}
        self.taken = 0.0
        self.calls = Stalling(clock=lambda: self.now)
        self.stalls: list[float] = []
        self.stalled = 0.0
        self.blind = 0.0
        """Seconds since the last turn in which a host that stood still in a command could not look."""

        self.sound, self.looked_after = True, 0
        self.given_back: set[bytes] = set()
        self.faults_before: Mapping[int, str] = {}
        self.mended: dict[int, list[float]] = {contact: [] for contact in PINS}
        self.switchboard = self.started()
        self.last_keep = float("-inf")
        self.locked: set[int] = set()
        self.leaks = False
        self.settle_at_home()

    def started(self) -> Switchboard:
        """From what is on disk."""
        return booted(
            self.pins, self.memory, self.now, self.memory.remembered(), calls=self.calls, clock=self.looked
        )

    def looked(self) -> float:
        """The time when a look is over, before which the host may have stood still."""
        self.passes(self.stall())
        return self.now

    def stall(self) -> float:
        seconds = self.stalls.pop() if self.stalls else 0.0
        self.stalled += seconds
        return seconds

    def passes(self, seconds: float) -> None:
        """Time, for contacts and through cables."""
        self.now += seconds
        self.pins.move()
        if self.pins.contacts.get(FEED_PIN):
            flowed = self.power * seconds / 3_600
            self.forward += flowed
            self.taken += flowed

    def settle_at_home(self) -> None:
        """Until home may be left again; nothing moves meanwhile, so one long turn does for many."""
        for _ in range(4):
            self.turn()
        self.now += SETTINGS.dwell
        self.turn()
        self.promises()

    @property
    def view(self) -> View:
        view = replace(
            seen(*self.orders.values(), now=self.now), advanced=self.now if self.fresh else self.advanced
        )
        return view if self.fresh else stale(view)

    def turn(self) -> None:
        self.passes(TURN)
        if self.meters and self.now - self.forward_at >= 1.0:
            self.forward_at = self.now
        sampled = self.forward_at
        shown = getattr(self, "shown", int(self.forward))
        if sampled == self.now:
            shown = int(self.forward)
        self.shown = shown
        through = self.power if self.pins.contacts.get(FEED_PIN) else 0
        registers = {
            FEED: register(shown, sampled, through),
            TIE: register(0, sampled, 20_000, "tie-11"),
            SECOND_TIE: register(0, sampled, 20_000, "tie-12"),
        }
        began, view = self.now, self.view
        self.passes(self.stall())
        self.switchboard.turn(began, registers, view)
        self.blind = 0.0
        self.judge_mending()

    def judge_mending(self) -> None:
        """Without an operator's word a fault is cleared by proof that stands, and not again and again."""
        acts, self.looked_after = self.memory.acts[self.looked_after :], len(self.memory.acts)
        for act in acts:
            if isinstance(act, Latch) and act.fault is None:
                pin, times = PINS[act.contact], self.mended[act.contact]
                assert kind(self.faults_before[act.contact]) == Trouble.HUNG, "only a hang clears itself"
                assert pin not in self.pins.unwired, "not without an auxiliary contact"
                assert act.contact not in self.calls.hanging
                assert self.pins.contacts.get(pin, False) == self.pins.energised.get(pin, False), "it agrees"
                times.append(self.now)
                assert len([at for at in times if at > self.now - WITHIN]) <= TIMES
        self.faults_before = self.memory.remembered().faults

    def command(self, op: Op, contact: int, order: bytes, signer: str, energy: int | None = None) -> object:
        at = Seen(now=self.now, view=self.view)
        stood_still = self.stall()
        self.blind += stood_still
        self.passes(stood_still)
        vouched = set() if energy is None else {MARKET}
        return self.switchboard.switch(frame(op, order, contact, energy), signer, vouched, at).answer

    # --- what may happen

    @rule(turns=st.sampled_from([1, 2, 6, 13, 40]))
    def time_passes(self, turns: int) -> None:
        for _ in range(turns):
            self.turn()
            self.promises()

    @rule(stalls=st.lists(st.sampled_from([0.0, 0.12, 0.3, 0.6, LONGEST]), min_size=1, max_size=4))
    def the_host_gives_no_processor(self, stalls: list[float]) -> None:
        """In the next commands, before they are done, and in the next turns, before and after they look."""
        self.stalls = stalls

    @rule(tie=st.sampled_from([TIE, SECOND_TIE]), order=st.sampled_from([ORDER, ORDER, NEXT]))
    def a_trade_begins(self, tie: int, order: bytes) -> None:
        self.close_feed(order, BUYER)
        self.command_tie(Op.CLOSE, tie, own=True)
        self.time_passes(6)

    @rule(order=st.sampled_from([ORDER, ORDER, NEXT]), rounds=st.integers(1, 3))
    def a_trade_goes_on(self, order: bytes, rounds: int) -> None:
        for _ in range(rounds):
            live = self.switchboard._contacts.feeds[FEED].live
            delivered = live.order.delivered.mwh if live else 0
            self.keep_feed(order, delivered - self.signed[order])
            for tie in (TIE, SECOND_TIE):
                self.command_tie(Op.KEEP, tie, own=True)
            self.time_passes(25)

    @rule()
    @precondition(lambda self: self.switchboard.at_rest)
    def a_quiet_while_at_home(self) -> None:
        self.settle_at_home()

    @rule(order=st.sampled_from([ORDER, NEXT]), buyer=st.sampled_from([BUYER, BUYER, OTHER]))
    def close_feed(self, order: bytes, buyer: str) -> None:
        before = self.pins.energised.get(FEED_PIN, False)
        answer = self.command(Op.CLOSE, FEED, order, buyer)
        if not before and self.pins.energised.get(FEED_PIN):
            assert isinstance(answer, Granted)
            assert self.fresh, "never on a stale chain"
            assert self.orders[order].state in {State.OPEN, State.WAITING}
            assert buyer == BUYER
        if isinstance(answer, Granted) and answer.lease_ms >= 9_990:
            self.last_keep = self.now

    @rule(order=st.sampled_from([ORDER, NEXT]), more=st.integers(-5, 120))
    def keep_feed(self, order: bytes, more: int) -> None:
        energy = min(max(self.signed[order] + more, 0), 1_000)
        answer = self.command(Op.KEEP, FEED, order, BUYER, energy)
        if not (isinstance(answer, Refused) and answer.code in {Code.NOT_FUNDED, Code.STALE_CHAIN}):
            self.signed[order] = max(self.signed[order], energy)
        if isinstance(answer, Granted) and answer.lease_ms >= 9_990:
            self.last_keep = self.now

    @rule(order=st.sampled_from([ORDER, NEXT]), buyer=st.sampled_from([BUYER, SELLER, OTHER]))
    def open_feed(self, order: bytes, buyer: str) -> None:
        self.command(Op.OPEN, FEED, order, buyer)

    @rule(order=st.sampled_from([ORDER, NEXT, NEXT]))
    def the_seller_gives_back(self, order: bytes) -> None:
        if isinstance(self.command(Op.OPEN, FEED, order, SELLER), Opened):
            self.given_back.add(order)

    @rule(contact=st.sampled_from([HOME, FEED, TIE, SECOND_TIE]))
    @precondition(lambda self: not self.locked)
    def somebody_locks_a_contact_out(self, contact: int) -> None:
        self.switchboard.obey(Instruction(what=What.LOCK, contact=contact, reason="new fuse"), self.now)
        self.locked.add(contact)

    @rule()
    @precondition(lambda self: self.locked)
    def somebody_takes_the_locks_off(self) -> None:
        for contact in sorted(self.locked):
            self.switchboard.obey(Instruction(what=What.UNLOCK, contact=contact), self.now)
        self.locked.clear()

    @rule(own=st.booleans())
    @precondition(lambda self: not self.locked)
    def everything_home(self, own: bool) -> None:
        answer = self.command(Op.HOME, HOME, NO_ORDER, SELLER if own else BUYER)
        assert isinstance(answer, Opened if own else Refused)
        if own:
            self.locked |= {HOME, FEED}

    @rule(
        op=st.sampled_from([Op.CLOSE, Op.KEEP, Op.OPEN]),
        tie=st.sampled_from([TIE, SECOND_TIE]),
        own=st.booleans(),
    )
    def command_tie(self, op: Op, tie: int, own: bool) -> None:
        pin = {TIE: TIE_PIN, SECOND_TIE: SECOND_TIE_PIN}[tie]
        answer = self.command(op, tie, NO_ORDER, SELLER if own else BUYER)
        if not own:
            assert isinstance(answer, Refused)
        elif op is Op.OPEN and pin not in self.pins.broken and tie not in self.calls.hanging:
            assert not self.pins.energised.get(pin), "going home is never delayed"

    @rule(milliwatts=st.integers(0, 36_000))
    def load_changes(self, milliwatts: int) -> None:
        self.power = milliwatts

    @rule(on=st.booleans())
    def logger_dies_or_comes_back(self, on: bool) -> None:
        self.meters = on

    @rule(fresh=st.booleans())
    def chain_stalls_or_goes_on(self, fresh: bool) -> None:
        self.advanced = self.now
        self.fresh = fresh

    @rule(order=st.sampled_from([ORDER, NEXT]), state=st.sampled_from([State.CLOSING, State.REDEEMED]))
    def order_ends_on_chain(self, order: bytes, state: State) -> None:
        known = self.switchboard._books.orders.get(order)
        best = known.vouchered if known else Energy(0)
        self.orders[order] = replace(self.orders[order], state=state, paid_energy=best)

    @rule(order=st.sampled_from([ORDER, NEXT]))
    def order_is_live_after_all(self, order: bytes) -> None:
        self.orders[order] = replace(self.orders[order], state=State.OPEN, supply_end=1_000)

    @rule(
        pin=st.sampled_from([HOME_PIN, TIE_PIN, SECOND_TIE_PIN, FEED_PIN]),
        defect=st.sampled_from(DEFECTS),
        slower=st.sampled_from([0.2, 0.4, 0.8, 3.0]),
    )
    @precondition(lambda self: not self.pins.unwired and not self.pins.defective)
    def contact_breaks(self, pin: int, defect: Defect, slower: float) -> None:
        self.pins.break_(pin, defect, slower)
        self.sound = False
        self.leaks |= pin == FEED_PIN

    @rule(pin=st.sampled_from([HOME_PIN, TIE_PIN, FEED_PIN]))
    def output_breaks(self, pin: int) -> None:
        self.pins.broken.add(pin)
        self.sound = False
        self.leaks |= pin == FEED_PIN

    @rule(contact=st.sampled_from([HOME, TIE, SECOND_TIE, FEED]))
    @precondition(lambda self: len(self.calls.hanging) < 2)
    def the_driver_hangs_at_a_contact(self, contact: int) -> None:
        self.calls.hanging.add(contact)
        self.leaks |= contact == FEED

    @rule()
    @precondition(lambda self: self.calls.hanging)
    def the_driver_returns(self) -> None:
        """And does only now what it was called for; the next turn comes before anybody looks."""
        self.calls.let_go()
        self.turn()

    @rule(contact=st.sampled_from([HOME, TIE, SECOND_TIE, FEED]))
    @precondition(lambda self: len(self.calls.hanging) < 2)
    def the_driver_hangs_for_a_while(self, contact: int) -> None:
        """And then is back, on a host that looks four times a second, and nobody asks for anything."""
        self.the_driver_hangs_at_a_contact(contact)
        self.time_passes(30)
        self.the_driver_returns()
        for _ in range(52):
            self.passes(2 * TURN)
            self.turn()
            self.promises()

    @rule()
    @precondition(lambda self: self.pins.defective or self.pins.broken or self.calls.hanging)
    def everything_is_repaired(self) -> None:
        self.the_driver_returns()
        self.pins.broken.clear()
        self.pins.repair()
        self.judge_mending()
        for contact in PINS:
            self.switchboard.obey(Instruction(what=What.CLEAR, contact=contact), self.now)
            self.mended[contact].clear()
        self.looked_after, self.faults_before = len(self.memory.acts), {}
        self.sound = True
        self.turn()
        self.settle_at_home()

    @rule()
    def relay_is_killed_and_starts_again(self) -> None:
        hanging, self.calls = self.calls.hanging, Stalling(clock=lambda: self.now)
        self.calls.hanging |= hanging
        self.switchboard = self.started()
        self.last_keep = float("-inf")
        for times in self.mended.values():
            times.clear()

    # --- what must hold

    @invariant()
    def promises(self) -> None:
        if not hasattr(self, "pins"):
            return
        contacts = self.pins.contacts
        sources = [not contacts.get(HOME_PIN, False), contacts.get(TIE_PIN), contacts.get(SECOND_TIE_PIN)]
        assert sum(map(bool, sources)) <= 1, "two sources on one load"
        reached = FEED_PIN not in self.pins.broken and FEED not in self.calls.hanging
        if reached and self.pins.energised.get(FEED_PIN):
            late = 2 * TURN + self.blind
            assert self.now <= self.last_keep + SETTINGS.lease + late, "closed past its lease"

    @invariant()
    def nothing_is_supplied_under_an_order_that_was_given_back(self) -> None:
        if hasattr(self, "pins"):
            live = self.switchboard._contacts.feeds[FEED].live
            assert live is None or live.order.id not in self.given_back

    @invariant()
    def no_sound_contact_is_called_broken(self) -> None:
        """However late a host looks; at which the driver hangs, that is another matter."""
        if hasattr(self, "pins") and self.sound:
            faults = self.memory.remembered().faults.values()
            assert {kind(fault) for fault in faults} <= {Trouble.HUNG}

    @invariant()
    def a_source_closes_only_after_the_others_have_been_open_for_a_tenth_of_a_second(self) -> None:
        if hasattr(self, "pins"):
            assert all(gap >= SETTINGS.dead_time - 1e-9 for gap in self.pins.gaps), self.pins.gaps

    @invariant()
    def home_is_left_six_times_a_minute_at_most(self) -> None:
        """Over restarts, too; counted from the command, which a host may obey late."""
        left = self.pins.departures if hasattr(self, "pins") else []
        assert all(later - first > 60 - LONGEST - 1e-9 for first, later in zip(left, left[6:], strict=False))

    @invariant()
    def what_is_locked_out_is_not_energised(self) -> None:
        """By whatever is commanded afterwards, and over restarts."""
        if not hasattr(self, "pins"):
            return
        pins = {TIE: TIE_PIN, SECOND_TIE: SECOND_TIE_PIN, FEED: FEED_PIN}
        locked = {c for c in pins if c in self.locked or (HOME in self.locked and c != FEED)}
        reached = {c for c in locked - self.calls.hanging if pins[c] not in self.pins.broken}
        assert not any(self.pins.energised.get(pins[c]) for c in reached)

    @invariant()
    def what_is_open_stays_within_the_bound(self) -> None:
        if not hasattr(self, "pins") or self.pins.broken or self.leaks:
            return  # what flows through a feed that cannot be opened is beyond any protocol: it is told
        account = self.switchboard._books._accounts.get((BUYER, FEED))
        if account:
            true_gap = self.taken - account.vouchered.mwh
            late = RATING.over(2 * TURN + self.stalled).mwh
            allowed = bound(account.owed, RATING, SETTINGS).mwh + late + 2
            assert true_gap <= allowed, f"{true_gap} mWh open, {allowed} allowed"


House.TestCase.settings = settings(
    max_examples=thorough(400, 20_000),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestHouse = pytest.mark.timeout(thorough(1_800, 4 * 3_600))(House.TestCase)  # on a busy machine
