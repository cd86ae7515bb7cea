"""Does every meter measure? The logger's register says so; without one, the sensor is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok, Warned
from node.sensors.driver import Measurement, Quantity, open_sensor
from node.sensors.errors import SensorError, SensorRefused
from node.sensors.settings import SensorSettings
from quantities import Power
from store import registers

FRESH = 3
"""Sample periods; an older register is not one of a running logger."""


def check(settings: Settings) -> Iterator[Finding]:
    """Look at every sensor."""
    if not settings.sensors:
        yield Warned("no sensor is configured", "describe the household's meters under `sensors`")
    limit = max(FRESH * settings.readings.sample, float(FRESH))
    seen = {name: registers.read(settings.paths.meters, name) for name in settings.sensors}
    logged = {name for name, register in seen.items() if register is not None and register.age() <= limit}
    if settings.sensors and not logged:
        yield Failed(
            "no logger runs: nobody reads the sensors",
            "start it: commonwatt logger run, or systemctl start commonwatt-logger",
        )
    for name, sensor in settings.sensors.items():
        register = seen[name]
        if register is not None and name in logged:
            yield Ok(f"{name}: {Power(register.power)}, {register.age():.1f} s ago")
        else:
            yield read_once(name, sensor, logger_runs=bool(logged))


def read_once(name: str, settings: SensorSettings, *, logger_runs: bool) -> Finding:
    """Read a sensor that no logger reads."""
    try:
        sensor = open_sensor(name, settings.driver, settings.options)
        try:
            measured = sensor.read()
        finally:
            sensor.close()
    except SensorRefused as refusal:
        return Failed(str(refusal), f"correct sensors.{name} in the configuration")
    except SensorError as error:
        said = str(error).removeprefix(f"sensors.{name}: ")
        return Failed(f"sensors.{name}: {said}", "look at its wiring, its power and its options")
    if logger_runs:
        return Warned(
            f"{name}: {shown(measured)}, but the logger does not read it",
            "look at the logger's log; it begins with a sensor of a changed configuration at its next start",
        )
    return Ok(f"{name}: {shown(measured)}, read just now")


def shown(measured: Sequence[Measurement]) -> str:
    """The measured power, or whatever else there is."""
    if not measured:
        return "answers without a measurement"
    by_quantity = {one.quantity: one.value for one in measured}
    if Quantity.POWER in by_quantity:
        return str(Power(by_quantity[Quantity.POWER]))
    quantity, value = next(iter(by_quantity.items()))
    return f"{quantity} {value}"
