"""gpiozero's own mock pins below the driver: the levels that a Pi's pins would have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory  # type: ignore[import-untyped]

from relay_server.drivers.gpiozero import GpiozeroPins
from relay_server.drivers.interface import DriverMissing

OPTIONS = {"auxiliary": {17: 5, 22: 6}, "normally_closed": [22], "sense": {23: 13}, "beat": 26}


@pytest.fixture
def factory() -> Iterator[Any]:
    made = MockFactory()
    yield made
    made.close()


def test_making_the_driver_changes_no_output(factory: Any) -> None:
    GpiozeroPins(OPTIONS, factory)
    assert factory.pin(17).function == "input"


@pytest.mark.parametrize("active_low", [False, True])
def test_a_coil_is_set_up_at_the_level_that_was_asked_for(factory: Any, active_low: bool) -> None:
    pins = GpiozeroPins({"active_low": active_low}, factory)
    pin = factory.pin(17)
    pin.clear_states()
    pins.drive(17, False)
    assert (pin.function, pin.state) == ("output", active_low)
    assert {each.state for each in pin.states[1:]} <= {active_low}, "no glitch on the way"
    pins.drive(17, True)
    assert pin.state is not active_low


def test_the_auxiliary_contact_says_whether_the_contact_followed(factory: Any) -> None:
    pins = GpiozeroPins(OPTIONS, factory)
    assert pins.followed(17) is None, "not driven yet"
    pins.drive(17, True)
    assert pins.followed(17) is False
    factory.pin(5).drive_high()
    assert pins.followed(17) is True
    pins.drive(17, False)
    assert pins.followed(17) is False, "welded"


def test_homes_mirror_contact_is_closed_while_its_coil_is_released(factory: Any) -> None:
    pins = GpiozeroPins(OPTIONS, factory)
    pins.drive(22, False)
    factory.pin(6).drive_high()
    assert pins.followed(22) is True
    pins.drive(22, True)
    assert pins.followed(22) is False


def test_voltage_is_sensed_where_it_is_wired(factory: Any) -> None:
    pins = GpiozeroPins(OPTIONS, factory)
    assert pins.powered(17) is None
    assert pins.powered(23) is False
    factory.pin(13).drive_high()
    assert pins.powered(23) is True


def test_each_turn_of_the_loop_toggles_the_timers_output(factory: Any) -> None:
    pins = GpiozeroPins(OPTIONS, factory)
    seen = []
    for _ in range(3):
        pins.beat()
        seen.append(bool(factory.pin(26).state))
    assert seen == [True, False, True]


def test_closing_gives_every_pin_back(factory: Any) -> None:
    pins = GpiozeroPins(OPTIONS, factory)
    pins.drive(17, True)
    pin = factory.pin(17)
    pins.close()
    assert pin.function == "input"


def test_a_pin_that_is_taken_is_an_output_that_cannot_be_driven(factory: Any) -> None:
    pins = GpiozeroPins(OPTIONS, factory)
    with pytest.raises(OSError, match="GPIO 5"):
        pins.drive(5, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [({"factory": "gpoi"}, "'gpoi' is none of"), ({"axiliary": {}}, "no option 'axiliary'")],
)
def test_wrong_options_are_told(options: dict[str, Any], says: str) -> None:
    with pytest.raises(DriverMissing, match=says):
        GpiozeroPins(options)


def test_elsewhere_than_on_a_pi_it_says_so() -> None:
    with pytest.raises(DriverMissing, match="does not work on this machine"):
        GpiozeroPins({"factory": "lgpio"})
