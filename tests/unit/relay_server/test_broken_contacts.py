"""Each way in which a contact breaks, at each contact: found, told by its word, and never two sources."""

from __future__ import annotations

import pytest

from relay_server.acts import HOME, Latch, Tell
from relay_server.commanding import Seen
from relay_server.contacts.trouble import kind
from relay_server.instructions import Instruction, What
from relay_server.messages import NO_ORDER, Answer, Granted, Op, Refused
from simulation.world.spec import Defect
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

TURN = 0.02


class House:
    """At home, with sound contacts, ten seconds after its boot."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pins = WornPins(HOME_PIN, (TIE_PIN, SECOND_TIE_PIN), (), clock=lambda: self.now)
        self.memory = Memory()
        self.switchboard = booted(self.pins, self.memory, self.now)
        self.turns(11)

    def turns(self, seconds: float) -> None:
        for _ in range(round(seconds / TURN)):
            self.now += TURN
            self.pins.move()
            registers = {FEED: register(5_000, self.now, 0), TIE: register(0, self.now, 20_000, "tie-11")}
            self.switchboard.turn(self.now, registers, seen(on_chain(), now=self.now))
            home, tie = not self.pins.contacts.get(HOME_PIN), self.pins.contacts.get(TIE_PIN)
            assert not (home and tie), "two sources on one load"

    def send(self, op: Op, contact: int) -> Answer:
        order, signer = (ORDER, BUYER) if contact == FEED else (NO_ORDER, SELLER)
        at = Seen(now=self.now, view=seen(on_chain(), now=self.now))
        return self.switchboard.switch(frame(op, order, contact), signer, (), at).answer

    def close(self, contact: int) -> None:
        assert isinstance(self.send(Op.CLOSE, contact), Granted)
        self.turns(1)

    def latched(self) -> dict[int, str]:
        """Word of the fault that is on disk, by contact."""
        return {contact: kind(fault) for contact, fault in self.memory.remembered().faults.items()}

    def told(self, event: str) -> list[int]:
        return [act.contact for act in self.memory.acts if isinstance(act, Tell) and act.event == event]


CLOSING, OPENING = "closing", "opening"


@pytest.mark.parametrize(
    ("contact", "pin", "defect", "when", "word"),
    [
        (FEED, FEED_PIN, "stuck-open", CLOSING, "stuck-open"),
        (FEED, FEED_PIN, "bouncing", CLOSING, "bouncing"),
        (FEED, FEED_PIN, "slow", CLOSING, "stuck-open"),
        (FEED, FEED_PIN, "welded", OPENING, "welded"),
        (FEED, FEED_PIN, "slow", OPENING, "slow"),
        (TIE, TIE_PIN, "stuck-open", CLOSING, "stuck-open"),
        (TIE, TIE_PIN, "bouncing", CLOSING, "bouncing"),
        (TIE, TIE_PIN, "slow", CLOSING, "stuck-open"),
        (TIE, TIE_PIN, "welded", OPENING, "welded"),
        (TIE, TIE_PIN, "slow", OPENING, "slow"),
        (HOME, HOME_PIN, "welded", OPENING, "welded"),
        (HOME, HOME_PIN, "slow", OPENING, "welded"),
        (HOME, HOME_PIN, "stuck-open", CLOSING, "stuck-open"),
        (HOME, HOME_PIN, "bouncing", CLOSING, "bouncing"),
        (HOME, HOME_PIN, "slow", CLOSING, "slow"),
    ],
)
def test_a_broken_contact_is_found_and_latched(
    contact: int, pin: int, defect: Defect, when: str, word: str
) -> None:
    """A contact that is too slow looks stuck until it moves: its coil is released before."""
    house = House()
    commanded = contact or TIE
    if (contact == HOME) is (when == OPENING):  # a coil that is energised next
        house.pins.break_(pin, defect)
        house.close(commanded)
    else:
        house.close(commanded)
        house.pins.break_(pin, defect)
        house.send(Op.OPEN, commanded)
    house.turns(4)
    assert house.latched() == {contact: word}
    states = {state.contact: state for state in house.switchboard.states(house.now)}
    fault = states[contact].fault
    assert fault
    assert fault.startswith(f"{word}: ")
    assert house.told("fault")
    house.turns(20)
    refused = house.send(Op.CLOSE, commanded)
    assert isinstance(refused, Refused), "latched until somebody has looked"
    assert fault in refused.text


@pytest.mark.parametrize(("contact", "pin"), [(FEED, FEED_PIN), (TIE, TIE_PIN), (HOME, HOME_PIN)])
def test_a_contact_that_is_slow_within_its_time_is_told_and_waited_for(contact: int, pin: int) -> None:
    house = House()
    house.pins.break_(pin, "slow", 0.35)
    house.close(contact or TIE)
    house.send(Op.OPEN, contact or TIE)
    house.turns(3)
    assert house.told("contact slow") == [contact, contact]
    assert not [act for act in house.memory.acts if isinstance(act, Latch)]
    assert all(gap >= SETTINGS.dead_time for gap in house.pins.gaps)
    assert house.switchboard.at_rest


@pytest.mark.parametrize("contact", [FEED, TIE, HOME])
def test_a_fault_that_is_cleared_is_found_again_while_it_is_there(contact: int) -> None:
    house = House()
    pin = {FEED: FEED_PIN, TIE: TIE_PIN, HOME: HOME_PIN}[contact]
    house.pins.break_(pin, "welded")
    house.close(contact or TIE)
    house.send(Op.OPEN, contact or TIE)
    house.turns(2)
    assert house.latched() == {contact: "welded"}
    house.switchboard.obey(Instruction(what=What.CLEAR, contact=contact), house.now)
    house.turns(2)
    assert house.latched() == ({} if contact == HOME else {contact: "welded"}), "home stands where it should"
    house.pins.repair()
    house.switchboard.obey(Instruction(what=What.CLEAR, contact=contact), house.now)
    house.turns(12)
    assert house.latched() == {}
    assert not any(state.fault for state in house.switchboard.states(house.now))
