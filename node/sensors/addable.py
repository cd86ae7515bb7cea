"""Which sensors a page may try and add: drivers of what a scan finds, and how each option is written. Pure.

The pages make their forms of this table, and whoever tries a sensor or writes it down holds what comes from
them against the same one. So no page names a file that is read, a host that is asked, or another driver.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")
"""Of a sensor, as `node.sensors.settings.MeterName` has it."""

PORT = r"/dev/(serial/by-(id|path)/[\w.:+@-]{1,128}|tty[A-Za-z]{0,8}\d{1,3}|pts/\d{1,5})"
"""A serial port; the last form is a program's that stands in for one, such as socat's."""

NUMBER = r"\d{1,6}(\.\d{1,6})?"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a driver."""

    name: str
    label: str
    pattern: str
    """Of the whole value, as it is written in the configuration."""

    like: str
    """What to write, for people."""

    choices: tuple[str, ...] = ()
    """Where there are few; none: it is typed."""

    place: bool = False
    """It says where the device is: a scan finds it, and nobody types it."""

    needed: bool = False

    def fits(self, value: object) -> bool:
        """Whether a value may be written there."""
        return re.fullmatch(self.pattern, written(self.name, value), re.ASCII) is not None


def _choice(name: str, label: str, *choices: str) -> Option:
    return Option(
        name=name,
        label=label,
        pattern="|".join(choices),
        like=f"one of {', '.join(choices)}",
        choices=choices,
    )


RATING = Option(
    name="rating",
    label="The most that it can see",
    pattern=r"\d{1,6}(\.\d{1,3})? ?(mW|W|kW)",
    like="a power, such as 40 W",
)
INVERT = _choice("invert", "Wired the other way round", "false", "true")
BUS = Option(name="bus", label="I²C bus", pattern=r"1?\d|20", like="a bus from 0 to 20", place=True)


def _address(pattern: str) -> Option:
    return Option(
        name="address", label="Address", pattern=pattern, like="an address such as 0x40", place=True
    )


def _number(name: str, label: str, like: str) -> Option:
    return Option(name=name, label=label, pattern=NUMBER, like=like)


def _port(name: str) -> Option:
    return Option(
        name=name, label="Serial port", pattern=PORT, like="a serial port, such as /dev/ttyUSB0", place=True,
        needed=True,
    )  # fmt: skip


OPTIONS: Mapping[str, tuple[Option, ...]] = {
    "ina219": (
        _address("0x4[0-9a-f]"),
        BUS,
        _number("shunt", "Its shunt, in ohms", "a resistance in ohms, such as 0.1"),
        INVERT,
        RATING,
    ),
    "max17043": (_choice("chip", "Chip", "max17043", "max17044", "max17048", "max17049"), BUS),
    "adc": (
        Option(name="chip", label="Chip", pattern="ads1115", like="ads1115", place=True),
        _address("0x4[89ab]"),
        BUS,
        _choice("voltage", "Input with the voltage", "0", "1", "2", "3"),
        _number("divider", "The divider's ratio", "a ratio, such as 5.7"),
        _choice("current", "Input with the current sensor", "0", "1", "2", "3"),
        _number("mv_per_a", "What that gives for each ampere, in mV", "millivolts, such as 66"),
        _number("zero_mv", "What it gives at no current, in mV", "millivolts, such as 1650"),
        INVERT,
        RATING,
    ),
    "acs712-serial": (_port("port"), _choice("format", "Its lines", "framed", "plain"), INVERT, RATING),
    "modbus": (
        _port("at"),
        Option(
            name="unit",
            label="The meter's address on the line",
            pattern=r"[1-9]\d?|1\d\d|2[0-3]\d|24[0-7]",
            like="a number from 1 to 247",
            needed=True,
        ),
        Option(
            name="map",
            label="Kind of meter",
            pattern="sdm120|sdm630|pzem-004t|pzem-017",
            like="one of sdm120, sdm630, pzem-004t, pzem-017",
            choices=("sdm120", "sdm630", "pzem-004t", "pzem-017"),
            needed=True,
        ),
        _choice("baud", "Speed, where it was changed", "1200", "2400", "4800", "9600", "19200", "38400"),
        _choice("parity", "Parity, where it was changed", "N", "E", "O"),
        INVERT,
        RATING,
    ),
}
"""Driver → its options in a form's order. An option that is not written has the driver's default."""

CALIBRATED = "calibration"
"""Stands beside a driver's options, and is a matter of its own."""


def refusal(given: object) -> str:
    """Why this may not be tried or added from a page, as a sentence; empty: it may.

    Args:
        given: what stands under a sensor's name in the configuration: `driver`, and its options.
    """
    if not isinstance(given, Mapping) or str(given.get("driver")) not in OPTIONS:
        return f"a page adds one of {', '.join(OPTIONS)}; others are written in the files, at the box"
    options = {option.name: option for option in OPTIONS[str(given["driver"])]}
    for name, value in given.items():
        if name in ("driver", CALIBRATED):
            continue
        if name not in options:
            return f"the option {str(name)[:40]!r} is written in the files, at the box"
        if not options[name].fits(value):
            return f"{options[name].label}: write {options[name].like}"
    missing = [option for option in options.values() if option.needed and option.name not in given]
    return f"{missing[0].label} is missing: write {missing[0].like}" if missing else ""


def written(name: str, value: object) -> str:
    """A value as people write it: addresses in hexadecimal."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and name == "address":
        return f"{value:#04x}"
    return str(value)


def line(options: Mapping[str, str]) -> str:
    """What to write beside a sensor's name, as YAML. Whatever `refusal` lets through needs no quotes."""
    return f"{{{', '.join(f'{name}: {value}' for name, value in options.items())}}}"
