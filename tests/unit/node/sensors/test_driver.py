"""A driver is found by name; what a person has to change is said in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from node.sensors import driver
from node.sensors.driver import Measurement, Quantity, open_sensor
from node.sensors.errors import OptionsRefused, SensorError, SensorRefused, UnknownDriver


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    port: int


class Meter:
    """A driver as a third party would write it."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.port = Options.model_validate(dict(options)).port
        if self.port == 1:
            raise SensorError("nobody answers at port 1")
        if self.port == 2:
            raise SensorRefused("install libmeter")

    def read(self) -> Sequence[Measurement]:
        return [Measurement(Quantity.POWER, self.port, 1.0)]

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    here = f"{__name__}:Meter"
    points = {
        "mymeter": EntryPoint("mymeter", here, driver.GROUP),
        "gone": EntryPoint("gone", "no.such.module:Meter", driver.GROUP),
        "renamed": EntryPoint("renamed", "node.sensors.driver:Metre", driver.GROUP),
    }
    monkeypatch.setattr(driver, "installed", lambda: points)
    monkeypatch.setattr(EntryPoint, "load", lambda self: Meter if self.value == here else _load(self))


_load = EntryPoint.load


def test_a_driver_is_given_its_options() -> None:
    assert open_sensor("tie-11", "mymeter", {"port": 7}).read()[0].value == 7


def test_a_misspelt_driver_is_guessed_and_the_others_are_listed() -> None:
    with pytest.raises(UnknownDriver) as refusal:
        open_sensor("tie-11", "mymetre", {})
    assert str(refusal.value) == (
        "sensors.tie-11: no sensor driver is called 'mymetre'; did you mean 'mymeter'? "
        "installed are: gone, mymeter, renamed"
    )


@pytest.mark.parametrize("name", ["gone", "renamed"])
def test_a_driver_that_cannot_be_imported_is_said_to_be_so(name: str) -> None:
    with pytest.raises(UnknownDriver, match=r"cannot be imported: .*; install its package again"):
        open_sensor("tie-11", name, {})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "the option 'port' is missing; add it"),
        ({"port": 7, "prot": 8}, "there is no option 'prot'; remove it"),
        ({"port": "seven"}, "port: 'seven': "),
    ],
)
def test_a_wrong_option_is_named_with_what_to_do(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionsRefused) as refusal:
        open_sensor("tie-11", "mymeter", options)
    assert str(refusal.value).startswith(f"sensors.tie-11: driver 'mymeter': {said}")


def test_a_device_that_does_not_answer_is_worth_another_try() -> None:
    with pytest.raises(SensorError, match=r"^sensors\.tie-11: nobody answers") as failure:
        open_sensor("tie-11", "mymeter", {"port": 1})
    assert not isinstance(failure.value, SensorRefused)


def test_what_is_not_installed_needs_a_person() -> None:
    with pytest.raises(SensorRefused, match=r"^sensors\.tie-11: install libmeter"):
        open_sensor("tie-11", "mymeter", {"port": 2})
