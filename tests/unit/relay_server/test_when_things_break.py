"""Drivers that raise anything, disks that stand still: coils are released, and no thread dies alone."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from relay_server.authorisation import View
from relay_server.chain_view import ChainView
from relay_server.commanding import Seen
from relay_server.drivers.recording import RecordingPins
from relay_server.messages import NO_ORDER, Granted, Op
from relay_server.safety import Safety
from relay_server.switchboard import LATE
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    FEED_PIN,
    HOME_PIN,
    ORDER,
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

NOW = 1_000.0


class GpioError(Exception):
    """As lgpio's: neither an OSError nor a RuntimeError."""


class BreakingPins(RecordingPins):
    """Some pins raise what no driver should."""

    def __init__(self) -> None:
        super().__init__()
        self.breaking: set[int] = set()

    def drive(self, pin: int, energised: bool) -> None:
        if pin in self.breaking:
            raise GpioError("no such line")
        super().drive(pin, energised)

    def followed(self, pin: int) -> bool | None:
        if pin in self.breaking:
            raise GpioError("no such line")
        return super().followed(pin)


class House:
    """Supplied and supplying, ten seconds after its boot."""

    def __init__(self) -> None:
        self.now = NOW
        self.pins = BreakingPins()
        self.memory = Memory()
        self.switchboard = booted(self.pins, self.memory, NOW)
        self.turns(seconds=11)
        for contact, signer, order in ((FEED, BUYER, ORDER), (TIE, SELLER, NO_ORDER)):
            closing = frame(Op.CLOSE, order, contact)
            at = Seen(now=self.now, view=seen(on_chain(), now=self.now))
            assert isinstance(self.switchboard.switch(closing, signer, (), at).answer, Granted)
        self.turns(seconds=1)
        assert {pin for pin, on in self.pins.energised.items() if on} == {TIE_PIN, HOME_PIN, FEED_PIN}

    def turns(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            self.now += 0.1
            registers = {FEED: register(5_000, self.now, 1_000), TIE: register(0, self.now, 20_000, "tie-11")}
            self.switchboard.turn(self.now, registers, seen(on_chain(), now=self.now))


def test_whatever_one_pin_raises_every_other_coil_is_released() -> None:
    house = House()
    house.pins.breaking = {FEED_PIN}
    house.switchboard.make_safe(house.now, "a test")
    assert not house.pins.energised[TIE_PIN]


def test_a_pin_that_raises_counts_as_a_contact_that_does_not_follow() -> None:
    house = House()
    house.pins.breaking = {FEED_PIN}
    house.turns(seconds=1)
    feed = next(state for state in house.switchboard.states(house.now) if state.contact == FEED)
    assert feed.fault
    house.pins.breaking = set()
    house.turns(seconds=0.2)
    assert not house.pins.energised[FEED_PIN]


def test_a_safety_loop_that_fails_ends_the_process_even_if_releasing_fails_too(tmp_path: Path) -> None:
    house = House()
    failed = Event()

    def broken(*_: object) -> bool:
        raise RuntimeError("a driver broke")

    house.switchboard.turn = broken  # type: ignore[method-assign,assignment]
    house.switchboard.make_safe = broken  # type: ignore[method-assign,assignment]
    safety = Safety(SETTINGS, house.switchboard, _NoChain(), tmp_path, failed.set)
    with pytest.raises(RuntimeError):
        safety._run()
    assert failed.is_set()


def test_supply_ends_when_nothing_is_recorded_any_more() -> None:
    house = House()
    house.memory.behind = SETTINGS.save + LATE
    house.turns(seconds=1)
    assert house.pins.energised[FEED_PIN]
    house.memory.behind += 0.1
    house.turns(seconds=0.1)
    assert not house.pins.energised[FEED_PIN]
    assert house.pins.energised[TIE_PIN], "the own supply needs no records"


class _NoChain(ChainView):
    def __init__(self) -> None:
        self.view = View()
