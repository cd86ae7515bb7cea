"""A pin driver that does not return from one contact: the others, and the answers, go on without it."""

from __future__ import annotations

import pytest

from relay_server.acts import HOME, Tell
from relay_server.coils import HUNG
from relay_server.commanding import Seen
from relay_server.contacts.mending import AGREED
from relay_server.contacts.trouble import Trouble, kind
from relay_server.drivers.recording import RecordingPins
from relay_server.instructions import Instruction, What
from relay_server.messages import NO_ORDER, Answer, Code, Granted, Op, Refused
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    FEED_PIN,
    HOME_PIN,
    ORDER,
    SELLER,
    TIE,
    TIE_PIN,
    Memory,
    booted,
    frame,
    on_chain,
    register,
    seen,
)
from tests.unit.relay_server.stalling import Stalling


class House:
    """Supplied and supplying, twelve seconds after its boot."""

    def __init__(self, unwired: tuple[int, ...] = ()) -> None:
        self.now = 1_000.0
        self.pins = RecordingPins({"unwired": unwired}, clock=lambda: self.now)
        self.memory, self.calls = Memory(), Stalling(clock=lambda: self.now)
        self.switchboard = booted(self.pins, self.memory, self.now, calls=self.calls)
        self.turns(seconds=11)
        for contact, signer, order in ((FEED, BUYER, ORDER), (TIE, SELLER, NO_ORDER)):
            assert isinstance(self.send(Op.CLOSE, contact, signer, order), Granted)
        self.turns(seconds=1)
        assert self.energised == {TIE_PIN, HOME_PIN, FEED_PIN}

    @property
    def energised(self) -> set[int]:
        return {pin for pin, on in self.pins.energised.items() if on}

    @property
    def faults(self) -> dict[int, str]:
        states = self.switchboard.states(self.now)
        return {state.contact: kind(state.fault) for state in states if state.fault}

    def send(self, op: Op, contact: int, signer: str, order: bytes = NO_ORDER) -> Answer:
        at = Seen(now=self.now, view=seen(on_chain(), now=self.now))
        return self.switchboard.switch(frame(op, order, contact), signer, (), at).answer

    def turns(self, seconds: float, *, tied: bool = False) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            if tied:
                self.send(Op.KEEP, TIE, SELLER)
            registers = {FEED: register(5_000, self.now, 1_000), TIE: register(0, self.now, 20_000, "tie-11")}
            self.switchboard.turn(self.now, registers, seen(on_chain(), now=self.now))

    def restarted(self) -> None:
        """As systemd does it; the driver hangs on."""
        hanging, self.calls = self.calls.hanging, Stalling(clock=lambda: self.now)
        self.calls.hanging |= hanging
        self.switchboard = booted(
            self.pins, self.memory, self.now, self.memory.remembered(), calls=self.calls
        )


def test_a_feed_at_which_the_driver_hangs_is_out_of_service_and_the_household_stays_supplied() -> None:
    house = House()
    house.calls.hanging = {FEED}
    house.turns(HUNG + 0.2, tied=True)
    assert house.faults == {FEED: Trouble.HUNG}
    house.turns(20, tied=True)
    assert {TIE_PIN, HOME_PIN} <= house.energised
    answer = house.send(Op.CLOSE, FEED, BUYER, ORDER)
    assert isinstance(answer, Refused)
    assert answer.code is Code.FAULT


def test_a_tie_at_which_the_driver_hangs_leaves_the_feeds_lease_alone() -> None:
    house = House()
    house.calls.hanging = {TIE}
    ends = house.now - 1.0 + 10.0
    while FEED_PIN in house.energised:
        house.turns(0.1)
    assert house.now - ends < 0.3, "at the end of its lease"


@pytest.mark.parametrize("unwired", [(), (HOME_PIN, TIE_PIN, FEED_PIN)], ids=["auxiliary contacts", "none"])
def test_home_never_closes_while_the_release_of_a_tie_is_out(unwired: tuple[int, ...]) -> None:
    house = House(unwired)
    house.calls.hanging = {TIE}
    house.turns(60)
    assert {TIE_PIN, HOME_PIN} <= house.energised
    assert house.faults == {TIE: Trouble.HUNG}
    house.calls.let_go()
    house.turns(0.5)
    assert house.energised == set(), "home, when it returned"


def test_a_driver_that_returns_within_its_time_latches_nothing() -> None:
    for contact in (HOME, TIE, FEED):
        house = House()
        house.calls.hanging = {contact}
        house.turns(HUNG - 0.3, tied=True)
        house.calls.let_go()
        house.turns(1, tied=True)
        assert not house.faults
        assert {TIE_PIN, HOME_PIN} <= house.energised


def test_what_was_to_be_energised_when_the_driver_hung_is_released_when_it_returns() -> None:
    house = House()
    house.turns(30)
    house.calls.hanging = {FEED}
    house.send(Op.CLOSE, FEED, BUYER, ORDER)
    house.turns(HUNG + 0.2)
    assert house.faults == {FEED: Trouble.HUNG}
    house.calls.let_go()
    house.turns(0.1)
    assert house.energised == set()


def test_a_coil_that_cannot_be_released_is_out_of_hand_until_the_relay_was_started_anew() -> None:
    """No beat: the timer in the coils' supply releases it. No watchdog: systemd starts us anew. Once."""
    house = House()
    house.calls.hanging = {FEED}
    house.turns(HUNG + 0.2, tied=True)
    beats = house.pins.beats
    house.turns(10, tied=True)
    assert house.pins.beats == beats
    assert not house.switchboard.in_hand
    house.restarted()
    house.turns(HUNG + 1)
    assert house.switchboard.in_hand, "to start once more would only silence it for the others"
    assert house.pins.beats == beats
    house.switchboard.obey(Instruction(what=What.CLEAR, contact=FEED), house.now)
    house.turns(0.1)
    assert not house.switchboard.in_hand, "somebody has looked at it, so it counts again"


def test_a_contact_at_rest_at_which_the_driver_hangs_stops_nothing_else() -> None:
    house = House()
    house.turns(30)
    house.calls.hanging = {FEED}
    beats = house.pins.beats
    house.turns(HUNG + 1)
    assert house.faults == {FEED: Trouble.HUNG}
    assert house.switchboard.in_hand
    assert house.pins.beats == beats + round((HUNG + 1) * 10)
    assert isinstance(house.send(Op.CLOSE, TIE, SELLER), Granted)


def test_home_is_not_left_while_nobody_knows_how_a_contact_of_the_transfer_stands() -> None:
    house = House()
    house.turns(30)
    house.calls.hanging = {HOME}
    house.turns(0.1)
    answer = house.send(Op.CLOSE, TIE, SELLER)
    assert isinstance(answer, Refused)
    assert answer.code is Code.BUSY


ALL = (HOME, TIE, FEED)
PINS = {HOME: HOME_PIN, TIE: TIE_PIN, FEED: FEED_PIN}


def hung_and_back(contact: int, unwired: tuple[int, ...] = ()) -> House:
    """Everything is open, and the household at home, by the time at which the driver returns."""
    house = House(unwired)
    house.calls.hanging = {contact}
    house.turns(HUNG + 0.2)
    assert house.faults == {contact: Trouble.HUNG}
    house.turns(15)
    house.calls.let_go()
    house.turns(1)
    assert house.energised == set()
    return house


def told(house: House, event: str) -> list[int]:
    return [act.contact for act in house.memory.acts if isinstance(act, Tell) and act.event == event]


@pytest.mark.parametrize("contact", ALL)
def test_a_contact_that_stands_as_it_should_once_the_driver_is_back_is_in_service_again(
    contact: int,
) -> None:
    house = hung_and_back(contact)
    house.turns(AGREED - 1.5)
    assert house.faults == {contact: Trouble.HUNG}, "not before it has agreed for ten seconds"
    house.turns(2)
    assert house.faults == {}
    assert house.memory.remembered().faults == {}
    assert told(house, "fault") == told(house, "fault cleared") == [contact]
    house.turns(10)
    signer, order = (BUYER, ORDER) if contact == FEED else (SELLER, NO_ORDER)
    assert isinstance(house.send(Op.CLOSE, contact or TIE, signer, order), Granted)


@pytest.mark.parametrize("contact", ALL)
def test_without_an_auxiliary_contact_it_waits_for_a_person(contact: int) -> None:
    house = hung_and_back(contact, unwired=tuple(PINS.values()))
    house.turns(60)
    assert house.faults == {contact: Trouble.HUNG}


@pytest.mark.parametrize("contact", [TIE, FEED])
def test_a_contact_that_hung_and_is_welded_waits_for_a_person_even_when_it_lets_go(contact: int) -> None:
    house = House()
    house.calls.hanging = {contact}
    house.turns(HUNG + 15)
    house.pins.contacts[PINS[contact]] = True
    house.pins.stuck.add(PINS[contact])
    house.calls.let_go()
    house.turns(2)
    assert house.faults == {contact: Trouble.WELDED}
    assert (HOME_PIN in house.energised) is (contact == TIE), "home never closes on it"
    house.pins.stuck.clear()
    house.pins.contacts[PINS[contact]] = False
    house.turns(60)
    assert contact in house.faults


def test_what_was_found_broken_before_it_hung_waits_for_a_person() -> None:
    house = House()
    house.pins.stuck.add(FEED_PIN)
    house.send(Op.OPEN, FEED, BUYER, ORDER)
    house.turns(1)
    assert house.faults == {FEED: Trouble.WELDED}
    house.calls.hanging = {FEED}
    house.turns(HUNG + 1)
    assert house.faults == {FEED: Trouble.HUNG}
    house.pins.stuck.clear()
    house.pins.contacts[FEED_PIN] = False
    house.calls.let_go()
    house.turns(60)
    assert house.faults == {FEED: Trouble.HUNG}


def test_what_had_hung_before_the_relay_was_started_anew_waits_for_a_person() -> None:
    house = hung_and_back(FEED)
    house.restarted()
    house.turns(60)
    assert house.faults == {FEED: Trouble.HUNG}
    house.switchboard.obey(Instruction(what=What.CLEAR, contact=FEED), house.now)
    house.turns(1)
    assert house.faults == {}


@pytest.mark.parametrize("contact", ALL)
def test_a_driver_that_can_be_asked_again_but_cannot_drive_waits_for_a_person(contact: int) -> None:
    house = House()
    house.turns(30)
    house.calls.hanging = {contact}
    house.turns(HUNG + 1)
    house.pins.broken.add(PINS[contact])
    house.calls.let_go()
    house.turns(60)
    assert house.faults == {contact: Trouble.STUCK_OPEN if contact == HOME else Trouble.WELDED}


def test_power_through_a_feed_whose_driver_is_back_is_a_weld() -> None:
    house = hung_and_back(FEED)
    for _ in range(60):
        house.now += 0.1
        registers = {FEED: register(5_000, house.now, 20_000)}
        house.switchboard.turn(house.now, registers, seen(on_chain(), now=house.now))
    assert house.faults == {FEED: Trouble.WELDED}
