"""The page about relays names every driver, and its example is a configuration."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import yaml

from relay_server.drivers.interface import GROUP
from relay_server.drivers.modbus import Options
from relay_server.settings import RelaySettings

PAGE = (Path(__file__).parents[3] / "docs" / "relays.md").read_text()


def test_every_installed_driver_is_on_the_page() -> None:
    table = set(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.split("Options of")[0], re.M))
    assert table == {point.name for point in entry_points(group=GROUP)}


def test_the_example_is_a_configuration() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    settings = RelaySettings.model_validate(yaml.safe_load(example)["relay"])
    assert Options(**settings.pins.options).releases_after == 2_000
