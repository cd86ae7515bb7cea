"""What counts as paid is what the seller can redeem: one market, one order, before it is settled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.bindings.market import State
from quantities import Energy
from relay_server.authorisation import View
from relay_server.commanding import Seen
from relay_server.drivers.recording import RecordingPins
from relay_server.messages import Answer, Code, Granted, Op, Opened, Refused
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    FEED_PIN,
    MARKET,
    NEXT,
    OLD_MARKET,
    ORDER,
    Memory,
    booted,
    frame,
    on_chain,
    register,
    seen,
    stale,
)

POWER = 36_000
"""mW: 10 mWh a second; the bound is 130 mWh and 3 %."""


class Trade:
    """One buyer at one feed; its orders on chain change as a test says."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.forward = 5_000.0
        self.orders = {ORDER: on_chain(ORDER), NEXT: on_chain(NEXT)}
        self.fresh = True
        self.pins = RecordingPins()
        self.memory = Memory()
        self.switchboard = booted(self.pins, self.memory, self.now)
        self.turns(1)

    @property
    def view(self) -> View:
        view = seen(*self.orders.values(), now=self.now)
        return view if self.fresh else stale(view)

    def turns(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            closed = self.pins.contacts[FEED_PIN]
            self.forward += POWER * 0.1 / 3_600 if closed else 0
            registers = {FEED: register(int(self.forward), self.now, POWER if closed else 0)}
            self.switchboard.turn(self.now, registers, self.view)

    def send(self, op: Op, order: bytes, energy: int | None = None, market: str = MARKET) -> Answer:
        vouched = () if energy is None else (market,)
        at = Seen(now=self.now, view=self.view)
        return self.switchboard.switch(frame(op, order, FEED, energy), BUYER, vouched, at).answer

    def supplied(self, order: bytes = ORDER, seconds: float = 5) -> None:
        assert isinstance(self.send(Op.CLOSE, order), Granted)
        self.turns(seconds)

    def settle(self, order: bytes, state: State, paid: int) -> None:
        self.orders[order] = replace(self.orders[order], state=state, paid_energy=Energy(paid))
        self.turns(0.1)

    def free(self, order: bytes = NEXT) -> float:
        """mWh taken under an order without signing for any of it."""
        before = self.forward
        self.supplied(order, seconds=3)
        for _ in range(20):
            self.send(Op.KEEP, order, 0)
            self.turns(3)
        return self.forward - before


def code(answer: Answer) -> Code | None:
    return answer.code if isinstance(answer, Refused) else None


def test_a_voucher_for_another_market_than_the_orders_does_not_pay() -> None:
    trade = Trade()
    trade.supplied()
    assert code(trade.send(Op.KEEP, ORDER, 50, market=OLD_MARKET)) is Code.BAD_SIG
    assert isinstance(trade.send(Op.KEEP, ORDER, 50), Granted)


def test_a_voucher_for_a_settled_order_is_no_credit_for_the_next() -> None:
    trade = Trade()
    trade.supplied()
    assert isinstance(trade.send(Op.OPEN, ORDER, 50), Opened)
    trade.turns(4)
    trade.settle(ORDER, State.REDEEMED, paid=50)
    assert code(trade.send(Op.OPEN, ORDER, 1_000)) is Code.ENDED
    assert trade.free() < 140


def test_a_voucher_that_came_too_late_to_be_redeemed_is_open_again() -> None:
    """The seller's transaction was under way with a lower one."""
    trade = Trade()
    trade.supplied()
    assert isinstance(trade.send(Op.OPEN, ORDER, 10), Opened)
    trade.turns(4)
    assert isinstance(trade.send(Op.OPEN, ORDER, 1_000), Opened)
    trade.settle(ORDER, State.REDEEMED, paid=10)
    assert trade.free() < 140 - 30, "what is open from the first order leaves less for the second"


@pytest.mark.parametrize("state", [State.RELEASED, State.RECLAIMED])
def test_vouchers_of_an_order_that_came_back_whole_are_open_again(state: State) -> None:
    trade = Trade()
    trade.supplied()
    assert isinstance(trade.send(Op.KEEP, ORDER, 900), Granted)
    trade.settle(ORDER, state, paid=0)
    assert not trade.pins.contacts[FEED_PIN]
    trade.turns(4)
    assert trade.free() < 140 - 30


def test_a_settled_order_that_paid_for_everything_changes_nothing() -> None:
    trade = Trade()
    trade.supplied(seconds=9)
    assert isinstance(trade.send(Op.KEEP, ORDER, 90), Granted)
    trade.turns(5)
    assert isinstance(trade.send(Op.OPEN, ORDER, 140), Opened)
    trade.turns(4)
    trade.settle(ORDER, State.REDEEMED, paid=140)
    assert isinstance(trade.send(Op.CLOSE, NEXT), Granted)


def test_a_debt_is_paid_only_while_the_chain_shows_that_it_can_be() -> None:
    trade = Trade()
    trade.supplied(seconds=30)
    trade.turns(4)
    assert not trade.pins.contacts[FEED_PIN]
    trade.fresh = False
    assert code(trade.send(Op.OPEN, ORDER, 120)) is Code.STALE_CHAIN
    trade.fresh = True
    assert isinstance(trade.send(Op.OPEN, ORDER, 140), Opened)
    trade.fresh = False
    assert isinstance(trade.send(Op.OPEN, ORDER, 140), Opened), (
        "an answer that was lost may be asked for again"
    )


def test_a_voucher_that_came_while_the_last_supply_was_counted_up_is_not_lost() -> None:
    trade = Trade()
    trade.supplied()
    trade.switchboard.failed(FEED, "a test", trade.now)
    assert code(trade.send(Op.KEEP, ORDER, 50)) is Code.ENDED
    trade.turns(4)
    known = trade.memory.remembered()
    assert known.orders[ORDER].vouchered == Energy(50)
    assert known.accounts[BUYER, FEED].vouchered == Energy(50)


def test_a_voucher_for_the_next_order_before_its_turn_counts() -> None:
    trade = Trade()
    trade.supplied()
    assert code(trade.send(Op.KEEP, NEXT, 40)) is Code.BUSY
    trade.turns(1)
    assert trade.memory.remembered().accounts[BUYER, FEED].vouchered == Energy(40)
