"""The fuel gauge driver, down to the bytes on the I2C bus."""

from __future__ import annotations

import pytest

from node.sensors.driver import Quantity, Sensor, open_sensor
from node.sensors.errors import OptionsRefused, SensorError, SensorRefused
from tests.integration.node.sensors.chip import Bus, Max17043


@pytest.fixture
def gauge() -> Max17043:
    return Max17043(volts=3.7, soc=41.66)


@pytest.fixture
def bus(gauge: Max17043, monkeypatch: pytest.MonkeyPatch) -> Bus:
    made = Bus(1, {0x36: gauge})
    made.serve(monkeypatch)
    return made


def opened(**options: object) -> Sensor:
    return open_sensor("battery", "max17043", options)


def values(sensor: Sensor) -> dict[Quantity, int]:
    return {measurement.quantity: measurement.value for measurement in sensor.read()}


def test_it_measures_voltage_and_charge(bus: Bus) -> None:
    assert values(opened()) == {Quantity.VOLTAGE: 3_700, Quantity.SOC: 4_166}


def test_a_newer_gauge_has_finer_steps(bus: Bus, gauge: Max17043) -> None:
    gauge.volts = 3.7 * 78.125 / (1_250 / 16)
    assert values(opened(chip="max17048"))[Quantity.VOLTAGE] == pytest.approx(3_700, abs=2)


def test_fuller_than_full_is_full(bus: Bus, gauge: Max17043) -> None:
    gauge.soc = 101.5
    assert values(opened())[Quantity.SOC] == 10_000


def test_a_gauge_without_a_cell_measures_nothing(bus: Bus, gauge: Max17043) -> None:
    gauge.volts = 0.2
    with pytest.raises(SensorError, match=r"MAX17043 at 0x36 .* sees no cell \(200 mV\): check the wires"):
        opened().read()


def test_a_gauge_that_falls_silent_may_come_back(bus: Bus, gauge: Max17043) -> None:
    sensor = opened()
    gauge.dead = True
    with pytest.raises(SensorError, match=r"does not answer .*: commonwatt sensor scan"):
        sensor.read()
    gauge.dead = False
    assert values(sensor)[Quantity.VOLTAGE] == 3_700
    sensor.close()
    sensor.close()


def test_nobody_there_is_worth_another_try(bus: Bus) -> None:
    bus.chips.clear()
    with pytest.raises(SensorError, match="does not answer") as refusal:
        opened()
    assert not isinstance(refusal.value, SensorRefused)


def test_without_i2c_it_says_how_to_enable_it(bus: Bus) -> None:
    with pytest.raises(SensorRefused, match=r"no /dev/i2c-3; enable I2C"):
        opened(bus=3)


def test_without_permission_it_says_which_group(bus: Bus) -> None:
    bus.denied = True
    with pytest.raises(SensorRefused, match="usermod -aG i2c"):
        opened()


def test_a_wrong_option_is_named(bus: Bus) -> None:
    with pytest.raises(OptionsRefused, match="chip: 'max17055'"):
        opened(chip="max17055")
