"""What a calibration found, applied to whatever a sensor says: a zero to take off, and a gain.

    calibration: {current: {zero: 12, gain: 1.013}}

It stands between driver and logger, so every driver can be calibrated, those of other packages too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from node.sensors.driver import Measurement, Sensor


class Correction(Protocol):
    """Of one quantity; a section of the configuration is one."""

    @property
    def zero(self) -> int:
        """What the sensor shows at nothing, in the quantity's unit."""

    @property
    def gain(self) -> float:
        """True value by shown value, beyond zero."""


def corrected(value: int, by: Correction) -> int:
    """The true value of a shown one."""
    return round((value - by.zero) * by.gain)


class Corrected:
    """A sensor whose voltage, current or power is corrected.

    Where voltage or current is corrected and power is not, and the sensor has both, power is their product
    anew. A meter of alternating current, whose power is less than that, needs a correction of its power.
    """

    def __init__(self, sensor: Sensor, corrections: Mapping[str, Correction]) -> None:
        self._sensor = sensor
        self._corrections = corrections

    def read(self) -> Sequence[Measurement]:
        """What the sensor says, corrected.

        Raises:
            SensorError: it does not answer.
        """
        said = self._sensor.read()
        found = [self._correct(measurement) for measurement in said]
        values = {str(measurement.quantity): measurement.value for measurement in found}
        if "power" in self._corrections or not {"voltage", "current"} <= values.keys():
            return found
        product = round(values["voltage"] * values["current"] / 1_000)
        return [replace(one, value=product) if one.quantity == "power" else one for one in found]

    def close(self) -> None:
        """Let go of the device."""
        self._sensor.close()

    def _correct(self, measurement: Any) -> Any:
        by = self._corrections.get(measurement.quantity)
        return measurement if by is None else replace(measurement, value=corrected(measurement.value, by))
