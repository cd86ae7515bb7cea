"""Pins by gpiozero, whatever it drives them with: lgpio on every Raspberry Pi, a Pi 5 included.

    pins: {driver: gpiozero, factory: lgpio, active_low: true, auxiliary: {17: 5}, sense: {23: 6}, beat: 26}

Pins are BCM numbers. An output is set up by its first `drive`, at the level asked for, so that no coil moves
before the relay wants it to. Inputs read high when the thing is so: auxiliary contact closed, voltage there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from chain import options
from relay_server.drivers.interface import DriverMissing
from relay_server.drivers.wiring import Wiring

FACTORIES = "gpiozero_pin_factories"
"""gpiozero's own entry-point group."""


@dataclass(frozen=True)
class Options(Wiring):
    """What stands beside `driver: gpiozero`."""

    factory: str = "lgpio"
    """How gpiozero reaches the pins: lgpio, rpigpio, pigpio or native."""

    beat: int | None = None
    """An output that toggles at each turn of the safety loop, for a retriggerable timer in the coils'
    supply."""


class GpiozeroPins:
    """Entry point `gpiozero` in `commonwatt.pins`."""

    def __init__(self, given: Mapping[str, Any], factory: Any = None) -> None:
        """Set the inputs up; no output changes.

        Args:
            factory: gpiozero's pin factory, instead of the one that the options name.

        Raises:
            DriverMissing: gpiozero or the factory does not work here, or an option is wrong.
        """
        try:
            self._options = options.read(Options, given)
        except options.OptionRefused as error:
            raise DriverMissing(f"relay.pins: {error}") from None
        self._devices = _gpiozero()
        self._factory = factory if factory is not None else _factory(self._options.factory)
        self._outputs: dict[int, Any] = {}
        self._energised: dict[int, bool] = {}
        self._inputs = {
            pin: self._devices.InputDevice(pin, pull_up=False, pin_factory=self._factory)
            for pin in self._options.inputs
        }
        self._beat = None
        if self._options.beat is not None:
            self._beat = self._devices.OutputDevice(
                self._options.beat, initial_value=False, pin_factory=self._factory
            )

    def drive(self, pin: int, energised: bool) -> None:
        """Energise or release one coil."""
        try:
            if pin in self._outputs:
                self._outputs[pin].value = energised
            else:
                self._outputs[pin] = self._devices.OutputDevice(
                    pin,
                    active_high=not self._options.active_low,
                    initial_value=energised,
                    pin_factory=self._factory,
                )
        except Exception as error:  # each factory has its own
            raise OSError(f"GPIO {pin}: {error}") from error
        self._energised[pin] = energised

    def followed(self, pin: int) -> bool | None:
        """Whether the auxiliary contact says what the coil was last told."""
        wired = self._options.auxiliary.get(pin)
        if wired is None or pin not in self._energised:
            return None
        return self._options.stands(pin, self._energised[pin], bool(self._inputs[wired].value))

    def powered(self, pin: int) -> bool | None:
        """Whether the sense input sees voltage."""
        wired = self._options.sense.get(pin)
        return None if wired is None else bool(self._inputs[wired].value)

    def beat(self) -> None:
        """Toggle the timer's output."""
        if self._beat is not None:
            self._beat.toggle()

    def close(self) -> None:
        """Make every pin an input again; pull-downs keep the coils released."""
        beat = [] if self._beat is None else [self._beat]
        for device in (*self._outputs.values(), *beat, *self._inputs.values()):
            device.close()
        self._factory.close()


def _gpiozero() -> Any:
    try:
        return import_module("gpiozero")
    except ImportError as error:
        raise DriverMissing(
            f"relay.pins.driver: gpiozero is not installed ({error}): pip install 'commonwatt[pi]'"
        ) from None


def _factory(name: str) -> Any:
    known = {point.name: point for point in entry_points(group=FACTORIES)}
    if name not in known:
        raise DriverMissing(f"relay.pins.factory: {name!r} is none of {', '.join(sorted(known))}")
    try:
        return known[name].load()()
    except Exception as error:  # each factory has its own
        raise DriverMissing(
            f"relay.pins.factory: {name} does not work on this machine: {error}; on a Raspberry Pi: "
            "pip install 'commonwatt[pi]'"
        ) from None
