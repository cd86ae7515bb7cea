"""The MCP3008 of Microchip at a Pi's SPI: eight inputs against ground, 10 bits, by gpiozero.

Data sheet: DS21295. gpiozero speaks through /dev/spidev where spidev is installed, else by the pins.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from node.sensors.errors import SensorError, SensorRefused

LARGEST = 1_023


class Mcp3008:
    """One chip, as `adc.Converter`."""

    def __init__(self, select: int, reference: int) -> None:
        """Prepare; an input is set up when it is first read.

        Args:
            select: BCM number of its select pin: 8 is CE0, 7 is CE1.
            reference: mV at its VREF.

        Raises:
            SensorRefused: gpiozero is not installed.
        """
        try:
            self._library: Any = import_module("gpiozero")  # only who has the chip pays for it
        except ImportError as error:
            raise SensorRefused(
                f"an MCP3008 needs the library gpiozero ({error}); install it: pip install 'commonwatt[pi]'"
            ) from error
        self._select, self._reference = select, reference
        self._inputs: dict[int, Any] = {}

    def millivolts(self, channel: int, samples: int) -> float:
        """The mean of several conversions.

        Raises:
            SensorError: the pins cannot be used.
        """
        try:
            if channel not in self._inputs:
                self._inputs[channel] = self._library.MCP3008(
                    channel=channel,
                    clock_pin=11,
                    mosi_pin=10,
                    miso_pin=9,
                    select_pin=self._select,
                )
            shown: list[int] = [self._inputs[channel].raw_value for _ in range(samples)]
        except Exception as error:  # each pin factory has its own
            raise SensorError(
                f"{self} cannot be read: {error}; enable SPI (sudo raspi-config nonint do_spi 0)"
            ) from error
        return sum(shown) * self._reference / LARGEST / samples

    def close(self) -> None:
        """Let go of the pins."""
        for one in self._inputs.values():
            one.close()
        self._inputs = {}

    def __str__(self) -> str:
        return f"MCP3008 selected by GPIO {self._select}"
