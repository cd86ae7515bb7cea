"""What a sensor driver is, and how it is found: by name, in the entry-point group `commonwatt.sensors`.

A driver is any callable that takes its options (what stands beside `driver:` in the configuration) and
returns a `Sensor`. A package of its own can bring one:

    [project.entry-points."commonwatt.sensors"]
    mymeter = "mypackage:MyMeter"
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol

from chain.options import OptionRefused
from node.sensors.correction import Corrected
from node.sensors.errors import OptionsRefused, SensorError, SensorRefused, UnknownDriver

if TYPE_CHECKING:
    from node.sensors.settings import SensorSettings

GROUP = "commonwatt.sensors"


class Kind(StrEnum):
    """How a quantity behaves in time."""

    INSTANT = "instant"
    """It is what it is now: energy is integrated from it."""

    COUNTER = "counter"
    """It only rises, but for resets: energy is the difference of two readings."""


class Quality(StrEnum):
    """How far a measurement can be relied on. A bad one is none: the driver raises SensorError instead."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    """Something in it is assumed rather than measured, such as the voltage at a current clamp: good for
    charts and the household's own use, not for paying a neighbour by it."""


class Quantity(StrEnum):
    """What is measured, in the one unit in which its integer value is given."""

    VOLTAGE = "voltage"
    """mV."""

    CURRENT = "current"
    """mA, forward positive."""

    POWER = "power"
    """mW, forward positive."""

    FORWARD = "forward"
    """mWh, the device's own counter of energy in the meter's forward direction."""

    REVERSE = "reverse"
    """mWh, the device's own counter of the other direction."""

    SOC = "soc"
    """Hundredths of a percent, by a fuel gauge."""

    @property
    def kind(self) -> Kind:
        """Instant or counter."""
        return Kind.COUNTER if self in (Quantity.FORWARD, Quantity.REVERSE) else Kind.INSTANT

    @property
    def unit(self) -> str:
        """In which the value is given."""
        return UNITS[self]


UNITS = {
    Quantity.VOLTAGE: "mV",
    Quantity.CURRENT: "mA",
    Quantity.POWER: "mW",
    Quantity.FORWARD: "mWh",
    Quantity.REVERSE: "mWh",
    Quantity.SOC: "1/100 %",
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value that a sensor gave."""

    quantity: Quantity
    value: int
    taken: float
    """Boottime seconds (`store.snapshot.boottime`) at which the device took it. A device that has nothing new
    gives what it gave, with the time of then: so nobody takes an old value for a live one."""

    quality: Quality = Quality.GOOD


class Sensor(Protocol):
    """A device that is read again and again, always from the same thread."""

    def read(self) -> Sequence[Measurement]:
        """Everything the device measures, now.

        Raises:
            SensorError: it does not answer; worth another try.
        """

    def close(self) -> None:
        """Let go of the device. Never raises, and may be called twice."""


Driver = Callable[[Mapping[str, Any]], Sensor]


def installed() -> dict[str, EntryPoint]:
    """The drivers of this installation by name; none is imported yet."""
    return {point.name: point for point in entry_points(group=GROUP)}


def find(driver: str) -> Driver:
    """Import the driver of this name.

    Raises:
        UnknownDriver: there is none, or it cannot be imported.
    """
    drivers = installed()
    if driver not in drivers:
        near = get_close_matches(driver, drivers, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        names = ", ".join(sorted(drivers)) or "none"
        raise UnknownDriver(f"no sensor driver is called {driver!r}; {meant}installed are: {names}")
    try:
        found: Driver = drivers[driver].load()
    except (ImportError, AttributeError) as error:
        raise UnknownDriver(
            f"the sensor driver {driver!r} cannot be imported: {error}; install its package again"
        ) from error
    return found


def open_sensor(name: str, driver: str, options: Mapping[str, Any]) -> Sensor:
    """Open a configured sensor.

    Args:
        name: of the sensor, for messages.

    Raises:
        SensorRefused: driver or options are wrong; trying again does not help.
        SensorError: the device does not answer; trying again may help.
    """
    try:
        return find(driver)(options)
    except SensorRefused as error:
        raise type(error)(f"sensors.{name}: {error}") from error
    except SensorError as error:
        raise SensorError(f"sensors.{name}: {error}") from error
    except ValueError as error:
        wrong = _wrong(error)
        if wrong is None:
            raise
        raise OptionsRefused(f"sensors.{name}: driver {driver!r}: {wrong}") from error


def open_configured(name: str, settings: SensorSettings) -> Sensor:
    """Open a sensor of the configuration, with its corrections.

    Raises:
        SensorRefused: driver or options are wrong; trying again does not help.
        SensorError: the device does not answer; trying again may help.
    """
    sensor = open_sensor(name, settings.driver, settings.options)
    return Corrected(sensor, settings.corrections) if settings.corrections else sensor


def _wrong(error: ValueError) -> str | None:
    """What is wrong with the options; None if the error is of another kind."""
    if isinstance(error, OptionRefused):
        return str(error)
    pydantic = sys.modules.get("pydantic")  # only where a driver of another package has brought it
    if pydantic is None or not isinstance(error, pydantic.ValidationError):
        return None
    return "; ".join(_shown(detail) for detail in error.errors(include_url=False))


def _shown(detail: Any) -> str:
    """One of pydantic's findings in a line: option, value, what is wrong."""
    option = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"there is no option {option!r}; remove it"
    if detail["type"] == "missing":
        return f"the option {option!r} is missing; add it"
    return f"{option}: {detail['input']!r}: {detail['msg']}"
