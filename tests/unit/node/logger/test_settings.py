"""The `battery:` section."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from node.logger.curves import curve
from node.logger.settings import BatterySettings
from quantities import Energy


def battery(**given: object) -> BatterySettings:
    return BatterySettings.model_validate({"sensor": "battery", "capacity": "3 Wh", **given})


def test_a_battery_is_li_ion_of_one_cell_unless_said() -> None:
    settings = battery()
    assert settings.capacity == Energy(3_000)
    assert curve(settings).points[0] == (0.0, 2_800.0)
    assert curve(settings).points[-1] == (1.0, 4_200.0)


def test_a_batterys_own_curve_is_used_instead() -> None:
    settings = battery(curve={"100 %": "25.6 V", "0 %": "20 V", "50 %": "24 V"}, resistance="50 mOhm")
    assert curve(settings).level(24_800) == pytest.approx(0.75)
    assert settings.resistance == 50


def test_settings_are_written_as_they_are_read() -> None:
    settings = battery(curve={"0 %": "20 V", "100 %": "25.6 V"}, resistance="0.05 Ohm")
    assert BatterySettings.model_validate(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"capacity": "0 Wh"}, "more than nothing"),
        ({"capacity": "3 V"}, "units"),
        ({"curve": {"0 %": "3 V"}}, "at 0 %, at 100 %"),
        ({"curve": {"0 %": "3 V", "90 %": "4 V"}}, "at 0 %, at 100 %"),
        ({"curve": {"0 %": "4 V", "100 %": "3 V"}}, "rises"),
        ({"resistance": "50 V"}, "mOhm"),
        ({"cells": 0}, "greater"),
        ({"chemistry": "coal"}, "li-ion"),
        ({"fuelgague": True}, "not permitted"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        battery(**wrong)
