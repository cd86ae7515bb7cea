"""Which chips and serial ports are in use, and by whom: what a scan leaves alone. Pure but for links."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

USUAL = {"ina219": 0x40, "max17043": 0x36, "adc": 0x48}
"""Driver → the address of its chip where none is written."""

DEVICES = "/dev/"


class Driven(Protocol):
    """A configured sensor (`node.sensors.settings.SensorSettings`, or a record of it), or a relay's pins."""

    @property
    def driver(self) -> str:
        """Its driver's name."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """What stands beside it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Used:
    """What is in use."""

    chips: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """Bus and address → whose it is."""

    ports: Mapping[str, str] = field(default_factory=dict)
    """The device's file, links resolved → whose it is."""

    def chip(self, bus: int, address: int) -> str:
        """Who uses a chip; empty: nobody."""
        return self.chips.get((bus, address), "")

    def port(self, path: str, resolve: Callable[[str], str] = os.path.realpath) -> str:
        """Who uses a serial port; empty: nobody."""
        return self.ports.get(resolve(path), "")

    def by(self, driver: str, options: Mapping[str, object]) -> str:
        """Who uses already what a sensor would use; empty: nobody."""
        wanted = used({"": _One(driver, options)})
        whose = [self.chips.get(each, "") for each in wanted.chips]
        whose += [self.ports.get(each, "") for each in wanted.ports]
        return next(filter(None, whose), "")


@dataclass(frozen=True)
class _One:
    driver: str
    options: Mapping[str, Any]


def used(users: Mapping[str, Driven], resolve: Callable[[str], str] = os.path.realpath) -> Used:
    """What a household's sensors and its relay use.

    Args:
        users: by name.
        resolve: follows links, for a port has several names.
    """
    chips: dict[tuple[int, int], str] = {}
    ports: dict[str, str] = {}
    for name, one in users.items():
        address = _whole(one.options.get("address", USUAL.get(one.driver)))
        if address is not None and one.options.get("chip") != "mcp3008":
            chips[_whole(one.options.get("bus")) or 1, address] = name
        for value in one.options.values():
            if isinstance(value, str) and value.startswith(DEVICES):
                ports[resolve(value)] = name
    return Used(chips=chips, ports=ports)


def _whole(value: object) -> int | None:
    """A number, also as it is written; None: it is none."""
    if isinstance(value, int):
        return value
    try:
        return int(str(value), 0)
    except ValueError:
        return None
