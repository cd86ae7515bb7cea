"""What is in use is known by its chip or its port, whatever name the port goes by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from node.sensors.used import Used, used


def one(driver: str, **options: Any) -> Any:
    return SimpleNamespace(driver=driver, options=options)


LINKS = {"/dev/serial/by-id/usb-meter": "/dev/ttyUSB0"}


def resolve(path: str) -> str:
    return LINKS.get(path, path)


HOUSE = used(
    {
        "battery": one("ina219"),
        "feed-1": one("ina219", address=0x41, bus=3),
        "gauge": one("max17043"),
        "panel": one("adc", chip="mcp3008", voltage=0),
        "load": one("modbus", at="/dev/serial/by-id/usb-meter", unit=1),
        "far": one("modbus", at="10.0.0.40:502", unit=1),
        "the relay": one("modbus", board="/dev/ttyUSB1"),
    },
    resolve,
)


def test_chips_are_known_by_bus_and_address_given_or_usual() -> None:
    assert HOUSE.chip(1, 0x40) == "battery"
    assert HOUSE.chip(3, 0x41) == "feed-1"
    assert HOUSE.chip(1, 0x41) == ""
    assert HOUSE.chip(1, 0x36) == "gauge"
    assert HOUSE.chip(1, 0x48) == "", "an MCP3008 has no address"


def test_ports_are_known_by_any_of_their_names() -> None:
    assert HOUSE.port("/dev/ttyUSB0", resolve) == "load"
    assert HOUSE.port("/dev/serial/by-id/usb-meter", resolve) == "load"
    assert HOUSE.port("/dev/ttyUSB1", resolve) == "the relay"
    assert HOUSE.port("/dev/ttyUSB2", resolve) == ""


def test_a_sensor_that_would_use_the_same_is_told_whose_it_is() -> None:
    assert HOUSE.by("ina219", {"address": "0x40"}) == "battery"
    assert HOUSE.by("ina219", {"address": 0x41, "bus": 3}) == "feed-1"
    assert HOUSE.by("acs712-serial", {"port": "/dev/ttyUSB1"}) == "the relay"
    assert HOUSE.by("ina219", {"address": "0x44"}) == ""
    assert Used().by("ina219", {}) == ""
