"""The INA219 of Texas Instruments on a Pi's I2C bus: voltage, current and power of a DC line up to 26 V.

It measures the voltage over a shunt (0.1 Ω on the usual boards: up to 3.2 A) and the bus voltage behind it.
Register map and scales: data sheet SBOS448, https://www.ti.com/lit/ds/symlink/ina219.pdf. The registers are
read through the library pi-ina219 (`pip install --no-deps -r requirements/pi.txt`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from chain import options
from node.sensors.driver import Measurement, Quantity
from node.sensors.errors import SensorError, SensorRefused
from node.sensors.i2c import LOCKS, silent, unopened
from store.snapshot import boottime

if TYPE_CHECKING:
    from types import ModuleType

SHUNT_LSB = 0.01
"""mV, of the shunt voltage register (data sheet, 8.6.3.1)."""

LARGEST_SHUNT_VOLTAGE = 320
"""mV, at the largest gain."""


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: ina219`."""

    address: int = 0x40
    """On the bus; two solder bridges choose it."""

    bus: int = 1
    """I2C bus: 1 is /dev/i2c-1, on pins 3 and 5."""

    shunt: float = 0.1
    """Resistance of the shunt in ohms."""

    range: Literal[16, 32] = 32
    """Largest bus voltage in volts."""

    invert: bool = False
    """Current from VIN- to VIN+ is the meter's forward direction."""

    def __post_init__(self) -> None:
        options.within("address", self.address, 0x40, 0x4F)
        options.within("bus", self.bus, 0, 20)
        options.within("shunt", self.shunt, 0.000_01, 10)


class Ina219:
    """Entry point `ina219` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Find the device and configure it.

        Raises:
            SensorRefused: the library is not installed, I2C is not enabled, or this user may not use it.
            SensorError: nobody answers at the address.
        """
        self._options = options.read(Options, given)
        library = _library()
        self._lock = LOCKS[self._options.bus]
        try:
            with self._lock:
                self._device: Any = library.INA219(
                    self._options.shunt, busnum=self._options.bus, address=self._options.address
                )
                self._device.configure(
                    voltage_range=library.INA219.RANGE_16V
                    if self._options.range == 16
                    else library.INA219.RANGE_32V,
                    gain=library.INA219.GAIN_8_320MV,
                    bus_adc=library.INA219.ADC_32SAMP,
                    shunt_adc=library.INA219.ADC_32SAMP,
                )
        except (FileNotFoundError, PermissionError) as error:
            raise unopened(self._options.bus, error) from error
        except OSError as error:
            raise SensorError(self._silent(error)) from error

    def read(self) -> Sequence[Measurement]:
        """Voltage, current and power, each the mean of the last 17 ms.

        Current is computed from the shunt voltage itself: it needs no calibration register, which a device
        loses when its supply blinks.

        Raises:
            SensorError: the device does not answer, or its shunt sees more than it can measure.
        """
        try:
            with self._lock:
                taken = boottime()
                shunt = self._device.shunt_voltage()
                voltage = self._device.voltage()
        except OSError as error:
            raise SensorError(self._silent(error)) from error
        except Exception as error:  # the library's own DeviceRangeError, which has no base but Exception
            raise SensorError(f"{self._where()}: {error}") from error
        if abs(shunt) > LARGEST_SHUNT_VOLTAGE - 2 * SHUNT_LSB:
            raise SensorError(
                f"{self._where()}: more current than its shunt can measure; use a smaller shunt"
            )
        milliamps = shunt / self._options.shunt * (-1 if self._options.invert else 1)
        return (
            Measurement(Quantity.VOLTAGE, round(voltage * 1_000), taken),
            Measurement(Quantity.CURRENT, round(milliamps), taken),
            Measurement(Quantity.POWER, round(voltage * milliamps), taken),
        )

    def close(self) -> None:
        """Let go of the bus."""
        self._device = None  # the library has no close; its bus closes with the last reference

    def _where(self) -> str:
        return f"INA219 at {self._options.address:#04x} on /dev/i2c-{self._options.bus}"

    def _silent(self, error: OSError) -> str:
        return silent(self._where(), self._options.bus, error)


def _library() -> ModuleType:
    try:
        return import_module("ina219")  # on a Pi only, with the first sensor
    except ImportError as error:
        raise SensorRefused(
            f"the driver ina219 needs the library pi-ina219 ({error}); install it: "
            "pip install --no-deps -r requirements/pi.txt"
        ) from error
