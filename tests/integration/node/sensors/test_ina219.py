"""The INA219 driver, down to the bytes on the I2C bus."""

from __future__ import annotations

import sys

import pytest

from node.sensors.driver import Quantity, Sensor, open_sensor
from node.sensors.errors import OptionsRefused, SensorError, SensorRefused
from tests.integration.node.sensors.chip import Bus, Chip

smbus = pytest.importorskip(
    "Adafruit_PureIO.smbus", reason="pip install --no-deps --require-hashes -r requirements/pi.txt"
)
pytest.importorskip("ina219", reason="pip install --no-deps --require-hashes -r requirements/pi.txt")


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    made = Bus(1, {0x40: Chip(volts=12.0, amps=1.5), 0x41: Chip(volts=5.0, amps=-0.2)})
    monkeypatch.setattr(smbus, "open", made.open, raising=False)
    monkeypatch.setattr(smbus, "ioctl", made.ioctl)
    return made


def opened(**options: object) -> Sensor:
    return open_sensor("battery", "ina219", {"address": 0x40, **options})


def values(sensor: Sensor) -> dict[Quantity, int]:
    return {measurement.quantity: measurement.value for measurement in sensor.read()}


def test_it_measures_voltage_current_and_power(bus: Bus) -> None:
    assert values(opened()) == {Quantity.VOLTAGE: 12_000, Quantity.CURRENT: 1_500, Quantity.POWER: 18_000}


def test_current_the_other_way_is_negative(bus: Bus) -> None:
    assert values(opened(address=0x41)) == {
        Quantity.VOLTAGE: 5_000,
        Quantity.CURRENT: -200,
        Quantity.POWER: -1_000,
    }


def test_a_meter_that_is_wired_the_other_way_round_is_inverted(bus: Bus) -> None:
    assert values(opened(invert=True))[Quantity.POWER] == -18_000


def test_another_shunt_scales_the_current(bus: Bus) -> None:
    bus.chips[0x40] = Chip(volts=24.0, amps=20.0, shunt=0.01)
    assert values(opened(shunt=0.01))[Quantity.CURRENT] == 20_000


@pytest.mark.parametrize("amps", [0.0, 0.001, -0.001, 0.4, -0.9, 3.1, -3.19])
def test_every_current_within_its_range_is_right_to_its_resolution(bus: Bus, amps: float) -> None:
    bus.chips[0x40].amps = amps
    assert values(opened())[Quantity.CURRENT] == pytest.approx(amps * 1_000, abs=0.5)


def test_more_current_than_the_shunt_can_measure_is_no_measurement(bus: Bus) -> None:
    sensor = opened()
    bus.chips[0x40].amps = 4.0
    with pytest.raises(SensorError, match=r"smaller shunt|out of range"):
        sensor.read()


def test_a_blink_of_the_chips_supply_falsifies_nothing(bus: Bus) -> None:
    sensor = opened()
    bus.chips[0x40].blink()
    assert values(sensor)[Quantity.CURRENT] == 1_500


def test_a_chip_that_falls_silent_may_come_back(bus: Bus) -> None:
    sensor = opened()
    bus.chips[0x40].dead = True
    with pytest.raises(SensorError, match=r"0x40 on /dev/i2c-1 does not answer.*i2cdetect -y 1"):
        sensor.read()
    bus.chips[0x40].dead = False
    assert values(sensor)[Quantity.VOLTAGE] == 12_000


def test_nobody_at_the_address_is_worth_another_try(bus: Bus) -> None:
    with pytest.raises(SensorError, match="does not answer") as refusal:
        opened(address=0x4F)
    assert not isinstance(refusal.value, SensorRefused)


def test_without_i2c_it_says_how_to_enable_it(bus: Bus) -> None:
    with pytest.raises(SensorRefused, match=r"no /dev/i2c-7; enable I2C \(sudo raspi-config"):
        opened(bus=7)


def test_without_permission_it_says_which_group(bus: Bus) -> None:
    bus.denied = True
    with pytest.raises(SensorRefused, match="usermod -aG i2c"):
        opened()


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ina219", None)
    with pytest.raises(SensorRefused, match=r"pip install --no-deps -r requirements/pi\.txt"):
        opened()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"adress": 0x40}, "no option 'adress'"),
        ({"address": 0x20}, "address: 32"),
        ({"shunt": 0}, "shunt: 0"),
        ({"range": 24}, "range: 24"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, object], why: str) -> None:
    with pytest.raises(OptionsRefused, match=rf"sensors\.battery: driver 'ina219': .*{why}"):
        open_sensor("battery", "ina219", options)
