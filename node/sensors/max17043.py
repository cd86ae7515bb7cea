"""The MAX17043 and its family on a Pi's I2C bus: voltage and state of charge of a Li-ion cell, by ModelGauge.

    battery: {driver: max17043}

It measures no current: energy needs another sensor. Registers and scales: Maxim 19-4811 (MAX17043, 17044) and
19-6171 (MAX17048, 17049).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chain import options
from node.sensors.driver import Measurement, Quantity
from node.sensors.errors import SensorError
from node.sensors.i2c import Chip
from quantities.soc import FULL
from store.snapshot import boottime

ADDRESS = 0x36
"""It has no other."""

VCELL, SOC, VERSION = 0x02, 0x04, 0x08

MICROVOLTS = {"max17043": 1_250 / 16, "max17044": 2_500 / 16, "max17048": 78.125, "max17049": 156.25}
"""Of the lowest bit of VCELL; the older two leave their last four bits empty."""

NO_CELL = 1_000
"""mV, below which there is no cell that a gauge could live on."""


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: max17043`."""

    chip: Literal["max17043", "max17044", "max17048", "max17049"] = "max17043"
    """44 and 49 are for two cells in series."""

    bus: int = 1
    """I2C bus: 1 is /dev/i2c-1, on pins 3 and 5."""

    def __post_init__(self) -> None:
        options.within("bus", self.bus, 0, 20)


class Max17043:
    """Entry point `max17043` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Find the gauge.

        Raises:
            SensorRefused: I2C is not enabled, or this user may not use it.
            SensorError: nobody answers at its address.
        """
        self._options = options.read(Options, given)
        self._chip = Chip(self._options.chip.upper(), self._options.bus, ADDRESS)
        try:
            with self._chip.lock:
                self._chip.read(VERSION)
        except SensorError:
            self._chip.close()
            raise

    def read(self) -> Sequence[Measurement]:
        """Voltage and state of charge.

        Raises:
            SensorError: the gauge does not answer, or has no cell.
        """
        with self._chip.lock:
            taken = boottime()
            voltage, soc = self._chip.read(VCELL), self._chip.read(SOC)
        millivolts = round(voltage * MICROVOLTS[self._options.chip] / 1_000)
        if millivolts < NO_CELL:
            raise SensorError(f"{self._chip} sees no cell ({millivolts} mV): check the wires to the battery")
        # In 1/256 %. Slightly more than 100 % is what the gauge says of a cell that is fuller than its model.
        hundredths = min(round(soc * 100 / 256), FULL)
        return (
            Measurement(Quantity.VOLTAGE, millivolts, taken),
            Measurement(Quantity.SOC, hundredths, taken),
        )

    def close(self) -> None:
        """Let go of the bus."""
        self._chip.close()
