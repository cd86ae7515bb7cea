"""What a page may try and add, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
import yaml

from chain import options
from node.logger.answering import OPTIONS_OF_ALL, read_options
from node.sensors import acs712_serial, adc, addable, ina219, max17043, modbus
from node.sensors.modbus_map import known
from node.sensors.settings import SensorSettings

KINDS: Mapping[str, Any] = {
    "ina219": ina219.Options,
    "max17043": max17043.Options,
    "adc": adc.Options,
    "acs712-serial": acs712_serial.Options,
    "modbus": modbus.Options,
}

FOUND: tuple[Mapping[str, str], ...] = (
    {"driver": "ina219", "address": "0x40", "shunt": "0.0015", "rating": "600 W"},
    {"driver": "max17043", "chip": "max17048", "bus": "3"},
    {"driver": "adc", "chip": "ads1115", "address": "0x48", "voltage": "0", "divider": "5.7",
     "invert": "true"},
    {"driver": "acs712-serial", "port": "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0"},
    {"driver": "modbus", "at": "/dev/serial/by-path/platform-fd500000.pcie-usb-0:1.1:1.0-port0", "unit": "3",
     "map": "sdm120", "parity": "N"},
)  # fmt: skip


@pytest.mark.parametrize("given", FOUND, ids=lambda given: given["driver"])
def test_what_is_written_is_what_a_driver_reads(given: Mapping[str, str]) -> None:
    assert addable.refusal(given) == ""
    as_yaml = yaml.safe_load(addable.line(given))
    assert as_yaml == read_options(given)
    assert addable.refusal(as_yaml) == "", "it is judged again as it stands in the file"
    settings = SensorSettings.model_validate(as_yaml)
    options.read(KINDS[settings.driver], settings.options)


def test_every_option_of_a_form_is_one_of_the_driver() -> None:
    for driver, offered in addable.OPTIONS.items():
        known_there = {each.name for each in fields(KINDS[driver])} | OPTIONS_OF_ALL
        assert {one.name for one in offered} <= known_there
        assert all(one.fits(choice) for one in offered for choice in one.choices)
    maps = next(one for one in addable.OPTIONS["modbus"] if one.name == "map")
    assert set(maps.choices) == set(known()) - {"generic"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"driver": "http", "url": "http://10.0.0.1/"}, "at the box"),
        ({"driver": "mqtt", "broker": "10.0.0.1:1883", "password_file": "/etc/shadow"}, "at the box"),
        ({"driver": "esp32", "board": "10.0.0.9:1", "key_file": "/etc/shadow"}, "at the box"),
        ({"driver": ["ina219"]}, "at the box"),
        ({}, "at the box"),
        (None, "at the box"),
        ({"driver": "ina219", "address": "0x76"}, "such as 0x40"),
        ({"driver": "ina219", "address": 0x76}, "such as 0x40"),
        ({"driver": "ina219", "every": "10 s"}, "'every' is written in the files"),
        ({"driver": "ina219", "shunt": "0.1, invert: true"}, "a resistance"),
        ({"driver": "ina219", "shunt": "0.1\n"}, "a resistance"),
        ({"driver": "modbus", "at": "10.0.0.40:502", "unit": "1", "map": "sdm120"}, "a serial port"),
        ({"driver": "modbus", "at": "/dev/ttyUSB0", "unit": "1", "map": "/etc/shadow"}, "one of sdm120"),
        ({"driver": "modbus", "at": "/dev/ttyUSB0", "map": "sdm120"}, "is missing"),
        ({"driver": "acs712-serial", "port": "/etc/passwd"}, "a serial port"),
        ({"driver": "acs712-serial", "port": "/dev/serial/by-id/../../mem"}, "a serial port"),
        ({"driver": "acs712-serial", "port": "/dev/watchdog"}, "a serial port"),
        ({"driver": "acs712-serial", "port": None}, "a serial port"),
    ],
)
def test_no_page_names_a_file_a_host_or_another_driver(given: object, why: str) -> None:
    assert why in addable.refusal(given)
