"""The converter driver: an ADS1115 down to the bytes on I2C, an MCP3008 down to the bits at its pins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gpiozero import Device  # type: ignore[import-untyped]
from gpiozero.pins.mock import MockFactory, MockSPIDevice  # type: ignore[import-untyped]

from node.sensors.driver import Quantity, Sensor, open_sensor
from node.sensors.errors import OptionsRefused, SensorError
from tests.integration.node.sensors.chip import Ads1115, Bus

LINE = {"voltage": 0, "divider": 5.7, "current": 1, "mv_per_a": 66, "zero_mv": 1_650}


@pytest.fixture
def chip() -> Ads1115:
    return Ads1115(volts=[2.1, 1.65 + 0.066 * 2.5, 0.0, 0.7])


@pytest.fixture
def bus(chip: Ads1115, monkeypatch: pytest.MonkeyPatch) -> Bus:
    made = Bus(1, {0x48: chip})
    made.serve(monkeypatch)
    return made


def opened(**options: object) -> Sensor:
    return open_sensor("battery", "adc", {**LINE, **options})


def values(sensor: Sensor) -> dict[Quantity, int]:
    return {measurement.quantity: measurement.value for measurement in sensor.read()}


def test_it_measures_voltage_behind_the_divider_current_and_power(bus: Bus) -> None:
    found = values(opened())
    assert found[Quantity.VOLTAGE] == pytest.approx(11_970, abs=1)
    assert found[Quantity.CURRENT] == pytest.approx(2_500, abs=2)
    assert found[Quantity.POWER] == pytest.approx(29_925, abs=30)


def test_a_current_sensor_the_other_way_round_is_inverted(bus: Bus) -> None:
    assert values(opened(invert=True))[Quantity.CURRENT] == pytest.approx(-2_500, abs=2)


def test_one_input_alone_is_a_sensor_too(bus: Bus) -> None:
    assert values(open_sensor("battery", "adc", {"voltage": 3})) == {Quantity.VOLTAGE: 700}


def test_an_input_at_its_end_is_no_measurement(bus: Bus, chip: Ads1115) -> None:
    chip.volts[0] = 3.3
    with pytest.raises(SensorError, match=r"input 0 of the ADS1115 .* sees 3300 mV, all .* larger div"):
        opened().read()


def test_another_program_on_the_chip_falsifies_nothing(bus: Bus, chip: Ads1115) -> None:
    sensor = opened()
    chip.stolen = True
    with pytest.raises(SensorError, match="measures another input: does another program use it"):
        sensor.read()
    chip.stolen = False
    assert values(sensor)


def test_a_conversion_that_never_ends_is_an_error(bus: Bus, chip: Ads1115) -> None:
    chip.looks = 10**6
    with pytest.raises(SensorError, match="does not finish a conversion"):
        opened().read()


def test_a_chip_that_falls_silent_may_come_back(bus: Bus, chip: Ads1115) -> None:
    sensor = opened()
    bus.chips.clear()
    with pytest.raises(SensorError, match=r"ADS1115 at 0x48 on /dev/i2c-1 does not answer"):
        sensor.read()
    bus.chips[0x48] = chip
    assert values(sensor)
    sensor.close()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"voltage": None, "current": None}, "neither voltage nor current"),
        ({"mv_per_a": 0}, "'mv_per_a' is missing"),
        ({"voltage": 4}, "voltage: 4: write a number from 0 to 3"),
        ({"address": 0x20}, "address: 32"),
        ({"chip": "hx711"}, "chip: 'hx711'"),
    ],
)
def test_a_wrong_option_is_named(bus: Bus, options: dict[str, object], why: str) -> None:
    with pytest.raises(OptionsRefused, match=rf"sensors\.battery: driver 'adc': .*{why}"):
        opened(**options)


class Chip(MockSPIDevice):  # type: ignore[misc]
    """An MCP3008 at the pins: DS21295, figure 6-1."""

    def __init__(self, factory: MockFactory) -> None:
        super().__init__("GPIO11", "GPIO10", "GPIO9", "GPIO8", pin_factory=factory)
        self.bits = [0] * 8

    def on_start(self) -> None:
        super().on_start()
        self.rx_buf.clear()

    def on_bit(self) -> None:
        super().on_bit()
        asked = list(self.rx_buf)
        if True not in asked:
            return
        command = asked[asked.index(True) :]
        if len(command) == 5:  # start, single ended, three bits of the channel
            assert command[1], "differential inputs are not modelled"
            channel = sum(bit << place for place, bit in zip((2, 1, 0), command[2:], strict=True))
            self.tx_word(self.bits[channel], bits_per_word=12)  # a clock to sample, a null bit, ten bits


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    yield factory
    factory.reset()


def test_an_mcp3008_is_read_bit_by_bit(pins: MockFactory) -> None:
    with Chip(pins) as chip:
        chip.bits[0], chip.bits[1] = 651, 563
        sensor = opened(chip="mcp3008")
        found = values(sensor)
        assert found[Quantity.VOLTAGE] == pytest.approx(651 / 1_023 * 3_300 * 5.7, abs=1)
        assert found[Quantity.CURRENT] == pytest.approx((563 / 1_023 * 3_300 - 1_650) / 66 * 1_000, abs=1)
        chip.bits[0] = 1_023
        with pytest.raises(SensorError, match="MCP3008 selected by GPIO 8 sees 3300 mV"):
            sensor.read()
        sensor.close()
