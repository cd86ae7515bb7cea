"""An analogue-to-digital converter: a voltage behind a divider, a current by a sensor that gives a voltage.

    battery: {driver: adc, chip: ads1115, voltage: 0, divider: 5.7, current: 1, mv_per_a: 66, zero_mv: 1650}

A divider of R1 (to the line) and R2 (to ground) has the ratio (R1 + R2) / R2. Resistors have a tolerance and
current sensors an offset: `commonwatt sensor calibrate` finds both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from chain import options
from node.sensors.driver import Measurement, Quantity
from node.sensors.errors import SensorError
from store.snapshot import boottime

CLIPPED = 0.005
"""Of the reference: nearer to it than that, the input is at its end."""


class Converter(Protocol):
    """A chip. Both methods raise SensorError."""

    def millivolts(self, channel: int, samples: int) -> float: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: adc`."""

    chip: Literal["ads1115", "mcp3008"] = "ads1115"

    voltage: int | None = None
    """Its input behind the divider."""

    divider: float = 1.0
    """Volts at the line for each volt at the input."""

    current: int | None = None
    """Its input with the current sensor."""

    mv_per_a: float = 0.0
    """What the current sensor gives for each ampere, mV: 66 for an ACS712-30 at 5 V."""

    zero_mv: float = 0.0
    """What it gives at no current, mV: half of its supply, for most."""

    reference: int = 3_300
    """mV: supply of the ADS1115, VREF of the MCP3008. What comes near it is more than the input can see."""

    samples: int = 5
    """Conversions that are averaged, within 20 ms."""

    bus: int = 1
    address: int = 0x48
    """Of the ADS1115."""

    select: int = 8
    """Select pin of the MCP3008, BCM number."""

    invert: bool = False
    """The current flows the other way round through the sensor."""

    def __post_init__(self) -> None:
        if self.voltage is None and self.current is None:
            raise options.OptionRefused("neither voltage nor current: name the input that measures something")
        if self.current is not None and self.mv_per_a == 0:
            raise options.OptionRefused("the option 'mv_per_a' is missing; add it: mV for each ampere")
        options.within("divider", self.divider, 0.01, 1_000)
        options.within("mv_per_a", abs(self.mv_per_a), 0, 10_000)
        options.within("reference", self.reference, 1_000, 6_000)
        options.within("samples", self.samples, 1, 50)
        options.within("bus", self.bus, 0, 20)
        options.within("address", self.address, 0x48, 0x4B)
        most = 3 if self.chip == "ads1115" else 7
        for name, channel in (("voltage", self.voltage), ("current", self.current)):
            if channel is not None:
                options.within(name, channel, 0, most)


class Adc:
    """Entry point `adc` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Find the chip.

        Raises:
            SensorRefused: its bus is not enabled, or this user may not use it.
        """
        self._options = options.read(Options, given)
        self._converter = _converter(self._options)

    def read(self) -> Sequence[Measurement]:
        """Voltage, current, and power where both are wired.

        Raises:
            SensorError: the chip does not answer, or an input is at its end.
        """
        o, taken = self._options, boottime()
        found: dict[Quantity, float] = {}
        if o.voltage is not None:
            found[Quantity.VOLTAGE] = self._seen(o.voltage, "a larger divider") * o.divider
        if o.current is not None:
            shown = self._seen(o.current, "a larger current sensor") - o.zero_mv
            found[Quantity.CURRENT] = shown / o.mv_per_a * 1_000 * (-1 if o.invert else 1)
        if len(found) == 2:
            found[Quantity.POWER] = found[Quantity.VOLTAGE] * found[Quantity.CURRENT] / 1_000
        return [Measurement(quantity, round(value), taken) for quantity, value in found.items()]

    def close(self) -> None:
        """Let go of the chip."""
        self._converter.close()

    def _seen(self, channel: int, remedy: str) -> float:
        shown = self._converter.millivolts(channel, self._options.samples)
        if shown >= self._options.reference * (1 - CLIPPED):
            raise SensorError(
                f"input {channel} of the {self._converter} sees {shown:.0f} mV, all that it can: use {remedy}"
            )
        return shown


def _converter(o: Options) -> Converter:
    if o.chip == "ads1115":
        from node.sensors.ads1115 import Ads1115  # noqa: PLC0415 - of two chips one is needed

        return Ads1115(o.bus, o.address)
    from node.sensors.mcp3008 import Mcp3008  # noqa: PLC0415

    return Mcp3008(o.select, o.reference)
