"""Pins of a Raspberry Pi by RPi.GPIO (on a Pi 5 by rpi-lgpio, which provides the same module).

    pins: {driver: rpi-gpio, active_low: true, auxiliary: {17: 5}, sense: {23: 6}, beat: 26}

Pins are BCM numbers. An output is set up by its first `drive`, at the level asked for, so that no coil moves
before the relay wants it to. Inputs read high when the thing is so: auxiliary contact closed, voltage there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from chain import options
from relay_server.drivers.interface import DriverMissing
from relay_server.drivers.wiring import Wiring


@dataclass(frozen=True)
class Options(Wiring):
    """What stands beside `driver: rpi-gpio`."""

    beat: int | None = None
    """An output that toggles at each turn of the safety loop, for a retriggerable timer in the coils'
    supply."""


class RpiGpioPins:
    """Entry point `rpi-gpio` in `commonwatt.pins`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        try:
            self._options = options.read(Options, given)
        except options.OptionRefused as error:
            raise DriverMissing(f"relay.pins: {error}") from None
        self._gpio = _gpio()
        self._gpio.setmode(self._gpio.BCM)
        self._driven: dict[int, bool] = {}
        self._beating = False
        for pin in self._options.inputs:
            self._gpio.setup(pin, self._gpio.IN, pull_up_down=self._gpio.PUD_DOWN)
        if self._options.beat is not None:
            self._gpio.setup(self._options.beat, self._gpio.OUT, initial=self._gpio.LOW)

    def drive(self, pin: int, energised: bool) -> None:
        """Energise or release one coil."""
        level = self._gpio.HIGH if energised != self._options.active_low else self._gpio.LOW
        try:
            if pin in self._driven:
                self._gpio.output(pin, level)
            else:
                self._gpio.setup(pin, self._gpio.OUT, initial=level)
        except (RuntimeError, ValueError) as error:
            raise OSError(f"GPIO {pin}: {error}") from error
        self._driven[pin] = energised

    def followed(self, pin: int) -> bool | None:
        """Whether the auxiliary contact says what the coil was last told."""
        wired = self._options.auxiliary.get(pin)
        if wired is None or pin not in self._driven:
            return None
        return self._options.stands(pin, self._driven[pin], bool(self._gpio.input(wired)))

    def powered(self, pin: int) -> bool | None:
        """Whether the sense input sees voltage."""
        wired = self._options.sense.get(pin)
        return None if wired is None else bool(self._gpio.input(wired))

    def beat(self) -> None:
        """Toggle the timer's output."""
        if self._options.beat is not None:
            self._beating = not self._beating
            self._gpio.output(self._options.beat, self._gpio.HIGH if self._beating else self._gpio.LOW)

    def close(self) -> None:
        """Make every pin an input again; pull-downs keep the coils released."""
        used = (
            *self._driven,
            *self._options.inputs,
            *([] if self._options.beat is None else [self._options.beat]),
        )
        if used:
            self._gpio.cleanup(list(used))


def _gpio() -> Any:
    try:
        return import_module("RPi.GPIO")
    except (ImportError, RuntimeError) as error:
        raise DriverMissing(
            f"relay.pins.driver: rpi-gpio needs RPi.GPIO on a Raspberry Pi ({error}): pip install "
            "'commonwatt[pi]', on a Pi 5 rpi-lgpio"
        ) from None
