"""A host without a processor for the relay: no sound contact is called broken, no dead time gets shorter."""

from __future__ import annotations

import pytest

from relay_server.commanding import Seen
from relay_server.contacts.trouble import kind
from relay_server.messages import NO_ORDER, Answer, Granted, Op
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    FEED_PIN,
    HOME_PIN,
    ORDER,
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
)
from tests.unit.relay_server.worn_pins import WornPins

ALL = (HOME_PIN, TIE_PIN, SECOND_TIE_PIN, FEED_PIN)
TURN = 0.02


class House:
    """At home, eleven seconds after its boot, on a host that may stand still."""

    def __init__(self, unwired: tuple[int, ...] = ()) -> None:
        self.now = 1_000.0
        self.pins = WornPins(HOME_PIN, (TIE_PIN, SECOND_TIE_PIN), unwired, clock=lambda: self.now)
        self.memory = Memory()
        self.late_look = 0.0
        self.switchboard = booted(self.pins, self.memory, self.now, clock=self.looked)
        self.turns(11)

    def looked(self) -> float:
        self.stands_still(self.late_look)
        self.late_look = 0.0
        return self.now

    def stands_still(self, seconds: float) -> None:
        self.now += seconds
        self.pins.move()

    def turn(self, before: float = 0.0, after: float = 0.0) -> None:
        """One, on a host that stands still between its beginning, its look and what it decides."""
        self.stands_still(TURN)
        began, self.late_look = self.now, after
        registers = {FEED: register(5_000, self.now, 0), TIE: register(0, self.now, 20_000, "tie-11")}
        self.stands_still(before)
        self.switchboard.turn(began, registers, seen(on_chain(), now=self.now))

    def turns(self, seconds: float) -> None:
        for _ in range(round(seconds / TURN)):
            self.turn()

    def send(self, op: Op, contact: int, late: float = 0.0) -> Answer:
        """A command, done `late` after the moment at which it is decided."""
        order, signer = (ORDER, BUYER) if contact == FEED else (NO_ORDER, SELLER)
        at = Seen(now=self.now, view=seen(on_chain(), now=self.now))
        self.stands_still(late)
        return self.switchboard.switch(frame(op, order, contact), signer, (), at).answer

    def latched(self) -> dict[int, str]:
        return {contact: kind(fault) for contact, fault in self.memory.remembered().faults.items()}


@pytest.mark.parametrize("contact", [FEED, TIE])
@pytest.mark.parametrize("op", [Op.CLOSE, Op.OPEN])
def test_a_contact_whose_coil_is_driven_late_is_not_called_broken(contact: int, op: Op) -> None:
    """The first look comes as soon as the coil was driven, and the contact has not moved yet."""
    house = House()
    if op is Op.OPEN:
        house.send(Op.CLOSE, contact)
        house.turns(1)
    house.send(op, contact, late=0.6)
    house.now -= TURN - 0.001
    house.turns(2)
    assert house.latched() == {}
    assert house.switchboard.at_rest is (op is Op.OPEN)


@pytest.mark.parametrize("contact", [FEED, TIE])
def test_a_look_that_is_judged_late_is_not_held_against_a_contact(contact: int) -> None:
    house = House()
    house.send(Op.CLOSE, contact)
    house.now -= TURN - 0.001
    house.turn(after=0.6)
    house.turns(2)
    assert house.latched() == {}


@pytest.mark.parametrize("contact", [FEED, TIE])
def test_one_that_does_not_move_is_still_found_by_two_looks(contact: int) -> None:
    house = House()
    house.pins.break_({FEED: FEED_PIN, TIE: TIE_PIN}[contact], "stuck-open")
    house.send(Op.CLOSE, contact, late=0.6)
    house.turns(1)
    assert house.latched() == {contact: "stuck-open"}


@pytest.mark.parametrize("unwired", [(), ALL], ids=["auxiliary contacts", "none"])
@pytest.mark.parametrize("late", [0.05, 0.09, 0.6])
def test_between_two_sources_is_a_tenth_of_a_second_however_late_the_first_is_released(
    unwired: tuple[int, ...], late: float
) -> None:
    house = House(unwired)
    for op in (Op.CLOSE, Op.OPEN):
        answer = house.send(op, TIE, late)
        assert op is Op.OPEN or isinstance(answer, Granted)
        house.turns(1)
        for _ in range(3):
            house.turn(before=late, after=late)
    assert house.switchboard.at_rest
    assert len(house.pins.gaps) == 2
    assert all(gap >= SETTINGS.dead_time - 1e-9 for gap in house.pins.gaps), house.pins.gaps
