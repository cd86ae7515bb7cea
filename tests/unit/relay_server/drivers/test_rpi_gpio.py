"""RPi.GPIO's module, played below the driver: the levels that a Pi's pins would have."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from relay_server.drivers.rpi_gpio import RpiGpioPins


class Gpio(ModuleType):
    """What the driver uses of `RPi.GPIO`."""

    BCM, IN, OUT, HIGH, LOW, PUD_DOWN = "BCM", "in", "out", 1, 0, "down"

    def __init__(self) -> None:
        super().__init__("RPi.GPIO")
        self.functions: dict[int, str] = {}
        self.levels: dict[int, int] = {}

    def setmode(self, mode: str) -> None:
        assert mode == self.BCM

    def setup(self, pin: int, function: str, initial: int = 0, pull_up_down: str = "") -> None:
        self.functions[pin] = function
        if function == self.OUT:
            self.levels[pin] = initial
        else:
            assert pull_up_down == self.PUD_DOWN, "a broken wire reads as nothing"

    def output(self, pin: int, level: int) -> None:
        if self.functions.get(pin) != self.OUT:
            raise RuntimeError("not an output")
        self.levels[pin] = level

    def input(self, pin: int) -> int:
        return self.levels.get(pin, 0)

    def cleanup(self, pins: list[int]) -> None:
        for pin in pins:
            self.functions.pop(pin, None)


@pytest.fixture
def gpio(monkeypatch: pytest.MonkeyPatch) -> Gpio:
    played = Gpio()
    monkeypatch.setitem(sys.modules, "RPi", ModuleType("RPi"))
    monkeypatch.setitem(sys.modules, "RPi.GPIO", played)
    return played


def test_making_the_driver_changes_no_output(gpio: Gpio) -> None:
    RpiGpioPins({"auxiliary": {17: 5}})
    assert gpio.functions == {5: "in"}


@pytest.mark.parametrize("active_low", [False, True])
def test_a_coil_is_set_up_at_the_level_that_was_asked_for(gpio: Gpio, active_low: bool) -> None:
    pins = RpiGpioPins({"active_low": active_low})
    pins.drive(17, False)
    assert (gpio.functions[17], gpio.levels[17]) == ("out", int(active_low))
    pins.drive(17, True)
    assert gpio.levels[17] == int(not active_low)


def test_what_is_wired_beside_a_coil_is_read(gpio: Gpio) -> None:
    options: dict[str, Any] = {"auxiliary": {17: 5, 22: 6}, "normally_closed": [22], "sense": {17: 13}}
    pins = RpiGpioPins(options)
    pins.drive(17, True)
    pins.drive(22, True)
    assert (pins.followed(17), pins.followed(22), pins.powered(17)) == (False, True, False)
    gpio.levels |= {5: 1, 6: 1, 13: 1}
    assert (pins.followed(17), pins.followed(22), pins.powered(17)) == (True, False, True)


def test_the_timer_is_beaten_and_everything_given_back(gpio: Gpio) -> None:
    pins = RpiGpioPins({"beat": 26})
    pins.drive(17, True)
    pins.beat()
    assert gpio.levels[26] == 1
    pins.beat()
    assert gpio.levels[26] == 0
    pins.close()
    assert gpio.functions == {}


def test_an_output_that_fails_is_an_oserror(gpio: Gpio) -> None:
    pins = RpiGpioPins({})
    pins.drive(17, False)
    gpio.functions.clear()
    with pytest.raises(OSError, match="GPIO 17"):
        pins.drive(17, True)
