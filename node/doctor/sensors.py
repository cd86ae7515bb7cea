"""Does every meter measure? The logger's register says so; without one, the sensor is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok, Warned
from node.sensors.driver import Measurement, Quantity, open_sensor
from node.sensors.errors import SensorError
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
    for name, sensor in settings.sensors.items():
        register = registers.read(settings.paths.meters, name)
        if register is not None and register.age() <= limit:
            yield Ok(f"{name}: {Power(register.power)}, {register.age():.1f} s ago")
        else:
            yield read_once(name, sensor)


def read_once(name: str, settings: SensorSettings) -> Finding:
    """Read a sensor that no logger reads."""
    try:
        sensor = open_sensor(name, settings.driver, settings.options)
        try:
            measured = sensor.read()
        finally:
            sensor.close()
    except SensorError as error:
        return Failed(str(error), f"look at its wiring and power, and at sensors.{name}")
    return Warned(
        f"{name}: {shown(measured)}, but no logger reads it",
        "start it: commonwatt logger run, or systemctl start commonwatt-logger",
    )


def shown(measured: Sequence[Measurement]) -> str:
    """The measured power, or whatever else there is."""
    if not measured:
        return "answers without a measurement"
    by_quantity = {one.quantity: one.value for one in measured}
    if Quantity.POWER in by_quantity:
        return str(Power(by_quantity[Quantity.POWER]))
    quantity, value = next(iter(by_quantity.items()))
    return f"{quantity} {value}"
