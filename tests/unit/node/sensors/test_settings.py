"""The `sensors:` section."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from node.sensors.settings import Sensors, SensorSettings
from quantities import Energy, Power

SECTION = TypeAdapter(Sensors)


def test_what_stands_beside_the_driver_are_its_options() -> None:
    settings = SensorSettings.model_validate({"driver": "ina219", "address": 0x41, "rating": "300 W"})
    assert settings.options == {"address": 0x41}
    assert settings.rating == Power(300_000)


def test_a_counter_may_roll_over() -> None:
    settings = SensorSettings.model_validate({"driver": "x", "rollover": "1000 kWh"})
    assert settings.rollover == Energy(1_000_000_000)


@pytest.mark.parametrize("name", ["Battery", "../x", "a b", "", "x" * 41, ".hidden"])
def test_a_name_that_is_no_files_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        SECTION.validate_python({name: {"driver": "ina219"}})


@pytest.mark.parametrize(
    "wrong", [{"rating": "0 W"}, {"rating": "300"}, {"rollover": "0 Wh"}, {"driver": ""}]
)
def test_a_wrong_value_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SensorSettings.model_validate({"driver": "ina219", **wrong})
