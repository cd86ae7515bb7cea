"""The ADS1115 of Texas Instruments on a Pi's I2C bus: four inputs against ground, 16 bits.

Registers and timing: SBAS444, https://www.ti.com/lit/ds/symlink/ads1115.pdf.
"""

from __future__ import annotations

import time

from node.sensors.errors import SensorError
from node.sensors.i2c import Chip

ADDRESSES = range(0x48, 0x4C)

CONVERSION, CONFIGURATION = 0x00, 0x01
START = READY = 0x8000
SINGLE_SHOT, NO_COMPARATOR = 0x0100, 0x0003
RATE_250 = 0x00A0
"""250 conversions a second: five of them see a period of mains hum."""

INPUT_MASK = 0x7000
RANGE_4096 = 0x0200
"""±4.096 V, whatever the supply: so a bit is 0.125 mV."""

MILLIVOLTS = 0.125
TRIES, PAUSE = 50, 0.001


class Ads1115:
    """One chip, as `adc.Converter`."""

    def __init__(self, bus: int, address: int) -> None:
        """Open the bus.

        Raises:
            SensorRefused: I2C is not enabled, or this user may not use it.
        """
        self._chip = Chip("ADS1115", bus, address)

    def millivolts(self, channel: int, samples: int) -> float:
        """The mean of several conversions.

        Raises:
            SensorError: the chip does not answer, or does not finish.
        """
        with self._chip.lock:
            return sum(self._convert(channel) for _ in range(samples)) * MILLIVOLTS / samples

    def close(self) -> None:
        """Let go of the bus."""
        self._chip.close()

    def __str__(self) -> str:
        return str(self._chip)

    def _convert(self, channel: int) -> int:
        wanted = START | (4 + channel) << 12 | RANGE_4096 | SINGLE_SHOT | RATE_250 | NO_COMPARATOR
        self._chip.write(CONFIGURATION, wanted)
        for _ in range(TRIES):
            time.sleep(PAUSE)
            shown = self._chip.read(CONFIGURATION)
            if (shown ^ wanted) & INPUT_MASK:
                raise SensorError(f"{self._chip} measures another input: does another program use it?")
            if shown & READY:
                value = self._chip.read(CONVERSION)
                return value - 0x10000 if value & 0x8000 else value
        raise SensorError(f"{self._chip} does not finish a conversion: check its supply")
