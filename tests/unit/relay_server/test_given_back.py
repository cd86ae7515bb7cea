"""A seller that gives an order back tells its relay first: from then on the feed is not closed for it."""

from __future__ import annotations

from dataclasses import replace

from contracts.bindings.market import State
from relay_server.commanding import Seen
from relay_server.drivers.recording import RecordingPins
from relay_server.messages import NO_ORDER, Answer, Code, Granted, Op, Opened, Refused
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    FEED_PIN,
    MARKET,
    NEXT,
    ORDER,
    OTHER,
    SELLER,
    Memory,
    booted,
    frame,
    on_chain,
    register,
    seen,
    stale,
    told,
)


class House:
    """A seller with two orders of a buyer on the chain."""

    def __init__(self) -> None:
        self.now, self.forward = 1_000.0, 5_000
        self.pins, self.memory = RecordingPins(clock=lambda: self.now), Memory()
        self.orders = [on_chain(ORDER), on_chain(NEXT, state=State.WAITING, supply_end=None)]
        self.fresh = True
        self.starts()

    def starts(self) -> None:
        """From what is on disk, if anything."""
        self.board = booted(self.pins, self.memory, self.now, self.memory.remembered())
        self.turns(2)

    def turns(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.board.turn(self.now, {FEED: register(self.forward, self.now, 0)}, self.at.view)

    @property
    def at(self) -> Seen:
        view = seen(*self.orders, now=self.now)
        return Seen(now=self.now, view=view if self.fresh else stale(view))

    def says(self, op: Op, signer: str, order: bytes = ORDER, energy: int | None = None) -> Answer:
        vouched = () if energy is None else (MARKET,)
        return self.board.switch(frame(op, order, FEED, energy), signer, vouched, self.at).answer

    def refused(self, op: Op, signer: str, order: bytes = ORDER) -> Code:
        answer = self.says(op, signer, order)
        assert isinstance(answer, Refused), answer
        return answer.code


def test_the_relay_closes_no_more_for_an_order_that_is_given_back() -> None:
    house = House()
    for _ in range(2):
        assert isinstance(house.says(Op.OPEN, SELLER), Opened), "said again it changes nothing"
    assert told(house.memory.acts).count("order given back") == 1
    assert house.refused(Op.CLOSE, BUYER) is Code.ENDED
    house.starts()
    assert house.refused(Op.CLOSE, BUYER) is Code.ENDED, "nor after a restart"
    assert not house.pins.energised[FEED_PIN]
    house.orders[1] = on_chain(NEXT)
    assert isinstance(house.says(Op.CLOSE, BUYER, NEXT), Granted), "another order is another matter"


def test_an_order_that_is_supplied_or_counted_is_not_given_back() -> None:
    house = House()
    assert isinstance(house.says(Op.CLOSE, BUYER), Granted)
    house.turns(1)
    assert house.refused(Op.OPEN, SELLER) is Code.BUSY
    assert house.pins.energised[FEED_PIN], "and goes on"
    assert isinstance(house.says(Op.KEEP, BUYER, energy=0), Granted)
    house.says(Op.OPEN, BUYER)
    assert house.refused(Op.OPEN, SELLER) is Code.BUSY
    house.turns(2)
    assert isinstance(house.says(Op.OPEN, SELLER), Opened), "nothing was taken"


def test_an_order_with_a_voucher_is_redeemed_and_not_given_back() -> None:
    house = House()
    assert isinstance(house.says(Op.CLOSE, BUYER), Granted)
    assert isinstance(house.says(Op.KEEP, BUYER, energy=5), Granted)
    house.says(Op.OPEN, BUYER)
    house.turns(2)
    assert house.refused(Op.OPEN, SELLER) is Code.BUSY


def test_a_supply_does_not_roll_over_to_an_order_that_is_given_back() -> None:
    house = House()
    assert isinstance(house.says(Op.CLOSE, BUYER), Granted)
    assert isinstance(house.says(Op.OPEN, SELLER, NEXT), Opened)
    assert isinstance(house.says(Op.KEEP, BUYER, energy=1_000), Granted)
    answer = house.says(Op.KEEP, BUYER, NEXT, energy=1)
    assert isinstance(answer, Refused)
    assert answer.code is Code.ENDED


def test_only_the_owner_gives_back_and_only_what_the_chain_shows_as_its_own() -> None:
    house = House()
    assert house.refused(Op.OPEN, OTHER) is Code.BAD_SIG
    assert house.refused(Op.OPEN, SELLER, bytes([9]) * 32) is Code.NOT_FUNDED
    house.orders = [replace(on_chain(ORDER), contact=2), replace(on_chain(NEXT), seller=OTHER)]
    assert house.refused(Op.OPEN, SELLER) is Code.WRONG_CONTACT
    assert house.refused(Op.OPEN, SELLER, NEXT) is Code.WRONG_CONTACT
    house.fresh = False
    assert house.refused(Op.OPEN, SELLER, bytes([9]) * 32) is Code.STALE_CHAIN
    assert isinstance(house.says(Op.OPEN, SELLER, NO_ORDER), Opened), "the end of no supply"
