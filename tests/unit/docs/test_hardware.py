"""The page about sensors names every driver and map, and its examples are configurations."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from chain import options
from node.cli.sensor import sensor
from node.logger.settings import BatterySettings
from node.sensors import modbus_map
from node.sensors.driver import installed
from node.sensors.settings import SensorSettings

PAGE = (Path(__file__).parents[3] / "docs" / "hardware.md").read_text()
EXAMPLES: list[dict[str, Any]] = [
    yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
]
SENSORS = [(name, given) for each in EXAMPLES for name, given in each["sensors"].items()]


def test_every_driver_has_a_row_a_section_and_an_example() -> None:
    rows = set(re.findall(r"^\| \[`([a-z0-9-]+)`\]", PAGE, re.M))
    sections = set(re.findall(r"^## ([a-z0-9-]+)$", PAGE, re.M))
    shown = {given["driver"] for _, given in SENSORS}
    ours = {point.name for point in installed().values() if point.value.startswith(("node.", "simulation."))}
    assert rows == sections == shown == ours


@pytest.mark.parametrize(("name", "given"), SENSORS)
def test_an_example_is_a_configuration(name: str, given: dict[str, Any]) -> None:
    settings = SensorSettings.model_validate(given)
    module = import_module(installed()[settings.driver].value.partition(":")[0])
    assert options.read(module.Options, settings.options)


def test_a_battery_in_an_example_has_its_sensor() -> None:
    batteries = [
        (BatterySettings.model_validate(each["battery"]), each) for each in EXAMPLES if "battery" in each
    ]
    assert batteries
    assert all(battery.sensor in each["sensors"] for battery, each in batteries)


def test_every_register_map_is_in_the_table() -> None:
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \| ", PAGE, re.M)) >= set(modbus_map.known())


def test_every_command_is_explained() -> None:
    assert all(f"**{name}**" in PAGE for name in sensor.commands)
