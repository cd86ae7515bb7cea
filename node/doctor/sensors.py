"""Does every meter measure? A running logger says so; without one, the sensor is read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok, Warned
from node.sensors import status
from node.sensors.driver import Measurement, Quality, Quantity, open_configured
from node.sensors.errors import NothingYet, SensorError, SensorRefused
from node.sensors.settings import SensorSettings
from node.sensors.status import State, Status
from quantities import Power

LOOK = "look at its wiring, its power and its options (docs/hardware.md); try it: commonwatt sensor try"


def check(settings: Settings) -> Iterator[Finding]:
    """Look at every sensor."""
    if not settings.sensors:
        yield Warned("no sensor is configured", "find what there is: commonwatt sensor scan")
        return
    logged = status.read(settings.paths.run)
    if logged is None:
        yield Failed(
            "no logger runs: nobody reads the sensors",
            "start it: commonwatt logger run, or systemctl start commonwatt-logger",
        )
    relay = settings.relay
    paid = set() if relay is None else {contact.meter for contact in (*relay.feeds, *relay.ties)}
    for name, sensor in settings.sensors.items():
        if logged is not None and name in logged:
            yield judged(name, logged[name], paid=name in paid)
        else:
            yield read_once(name, sensor, logger_runs=logged is not None)


def judged(name: str, found: Status, *, paid: bool) -> Finding:
    """What the logger says of a sensor.

    Args:
        paid: a neighbour is paid, or pays, by it.
    """
    age = found.age()
    if found.state is State.STARTING:
        return Warned(f"{name}: {found.reason or 'its driver is being opened'}", "look again in a moment")
    if found.state is not State.LIVE or age is None:
        return Failed(f"{name} is {found.state}: {found.reason or 'it measures nothing'}", LOOK)
    shows = f"{name}: {_first(found.values)}, {age:.1f} s ago"
    if paid and found.quality != Quality.GOOD:
        return Warned(
            f"{shows}, but something in that is assumed, not measured",
            "a feed or a tie is paid by it: take a meter that measures both, voltage and current",
        )
    return Ok(shows)


def read_once(name: str, settings: SensorSettings, *, logger_runs: bool) -> Finding:
    """Read a sensor that no logger reads."""
    try:
        sensor = open_configured(name, settings)
        try:
            measured = sensor.read()
        finally:
            sensor.close()
    except SensorRefused as refusal:
        return Failed(_named(name, refusal), f"correct sensors.{name} in the configuration")
    except NothingYet as waiting:
        return Warned(_named(name, waiting), f"wait for it: commonwatt sensor try {name} --count 60")
    except SensorError as error:
        return Failed(_named(name, error), LOOK)
    if logger_runs:
        return Warned(
            f"{name}: {shown(measured)}, but the logger does not read it",
            "look at the logger's log; it begins with a sensor of a changed configuration at its next start",
        )
    return Ok(f"{name}: {shown(measured)}, read just now")


def shown(measured: Sequence[Measurement]) -> str:
    """The measured power, or whatever else there is."""
    return _first({str(one.quantity): one.value for one in measured})


def _first(values: Mapping[str, int]) -> str:
    if not values:
        return "answers without a measurement"
    if Quantity.POWER in values:
        return str(Power(values[Quantity.POWER]))
    quantity, value = next(iter(values.items()))
    return f"{quantity} {value} {Quantity(quantity).unit}"


def _named(name: str, error: SensorError) -> str:
    return f"sensors.{name}: {str(error).removeprefix(f'sensors.{name}: ')}"
