"""What the firmware's README shows is what firmware and drivers take."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from chain import options
from node.sensors import acs712_serial, esp32
from node.sensors.acs712_line import read_framed
from relay_server.drivers.esp32 import pins
from relay_server.settings import RelaySettings

ROOT = Path(__file__).parents[3]
README = (ROOT / "firmware" / "README.md").read_text()
COMMANDS = (ROOT / "firmware" / "acs712" / "commands.cpp").read_text()
CONFIGURATIONS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.S)]

SENSORS = {"esp32": esp32.Options, "acs712-serial": acs712_serial.Options}


@pytest.mark.parametrize("shown", CONFIGURATIONS, ids="-".join)
def test_every_configuration_is_one(shown: dict[str, dict[str, object]]) -> None:
    if "relay" in shown:
        relay = RelaySettings.model_validate(shown["relay"])
        assert {contact.pin for contact in (*relay.feeds, *relay.ties)} == set(pins.PATHS)
        options.read(pins.Options, relay.pins.options)
    for sensor in shown["sensors"].values():
        assert isinstance(sensor, dict)
        given = {key: value for key, value in sensor.items() if key != "driver"}
        options.read(SENSORS[sensor["driver"]], given)


def test_the_line_is_one() -> None:
    [line] = re.findall(r"^\$CWM,\d.*$", README, re.M)
    assert read_framed(line.encode()).current == 1_910


def test_every_command_of_the_meter_is_taken() -> None:
    table = README.split("| command | |")[1].split("\n\n")[0]
    for command in re.findall(r"`([a-z]+(?: [a-z]+)?)", table):
        assert f'"{command}' in COMMANDS, command


DRAWINGS = sorted([*ROOT.glob("firmware/*/*.svg"), *ROOT.glob("docs/images/*.svg")])


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_drawing_has_a_title_and_both_lights(drawing: Path) -> None:
    text = drawing.read_text()
    assert ET.fromstring(text).find("{http://www.w3.org/2000/svg}title") is not None
    assert "prefers-color-scheme: dark" in text
