"""A calibration stands between every driver and the logger."""

from __future__ import annotations

from collections.abc import Sequence

from node.plain import section
from node.sensors.correction import Corrected
from node.sensors.driver import Kind, Measurement, Quality, Quantity
from node.sensors.errors import SensorError
from node.sensors.settings import SensorSettings


class Meter:
    closed = False

    def __init__(self, **values: int) -> None:
        self.values = values

    def read(self) -> Sequence[Measurement]:
        if not self.values:
            raise SensorError("silent")
        return [Measurement(Quantity(name), v, 7.0, Quality.UNCERTAIN) for name, v in self.values.items()]

    def close(self) -> None:
        self.closed = True


def read(calibration: object, **values: int) -> dict[Quantity, int]:
    settings = SensorSettings.model_validate({"driver": "x", "calibration": calibration})
    found = Corrected(Meter(**values), section(settings).corrections).read()
    assert {(one.taken, one.quality) for one in found} == {(7.0, Quality.UNCERTAIN)}
    return {one.quantity: one.value for one in found}


def test_zero_comes_off_before_the_gain() -> None:
    assert read({"current": {"zero": 12, "gain": 1.5}}, current=1_012) == {Quantity.CURRENT: 1_500}


def test_power_follows_the_current_and_the_voltage_that_were_corrected() -> None:
    assert read({"current": {"zero": 12}}, voltage=12_000, current=1_012, power=12_144, forward=5) == {
        Quantity.VOLTAGE: 12_000, Quantity.CURRENT: 1_000, Quantity.POWER: 12_000, Quantity.FORWARD: 5,
    }  # fmt: skip


def test_a_corrected_power_is_nobodys_product() -> None:
    corrections = {"current": {"gain": 2.0}, "power": {"gain": 1.1}}
    assert read(corrections, voltage=230_000, current=1_000, power=100_000)[Quantity.POWER] == 110_000


def test_without_voltage_power_stays_as_it_is() -> None:
    assert read({"current": {"gain": 2.0}}, current=1_000, power=100) == {
        Quantity.CURRENT: 2_000, Quantity.POWER: 100,
    }  # fmt: skip


def test_a_correction_that_changes_nothing_is_none() -> None:
    settings = SensorSettings.model_validate({"driver": "x", "calibration": {"power": {"gain": 1.0}}})
    assert settings.corrections == {}


def test_closing_closes_the_device() -> None:
    meter = Meter()
    Corrected(meter, {}).close()
    assert meter.closed


def test_every_quantity_has_a_unit_and_a_kind() -> None:
    assert [quantity for quantity in Quantity if quantity.kind is Kind.COUNTER] == [
        Quantity.FORWARD, Quantity.REVERSE,
    ]  # fmt: skip
    assert all(quantity.unit for quantity in Quantity)
