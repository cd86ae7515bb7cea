"""Energy meters that speak Modbus, on a serial line (RTU, by a USB adapter for RS-485) or over TCP.

    load: {driver: modbus, at: /dev/serial/by-id/usb-FTDI-if00-port0, unit: 1, map: sdm120}
    panel: {driver: modbus, at: "10.0.0.40:502", unit: 3, map: /etc/commonwatt/inverter.yml}

`map` names a file of registers: one that comes with Commonwatt (`node/sensors/maps`), or your own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chain import options
from chain.endpoint import host_and_port
from node.sensors import modbus_line, modbus_map
from node.sensors.driver import Measurement
from node.sensors.errors import SensorError
from node.sensors.modbus_line import Line, Manner
from node.sensors.units import inverted
from store.snapshot import boottime

LONGEST = 1_500
"""Milliseconds: the logger takes a driver that does not return for 2 s for hung."""


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: modbus`."""

    at: str
    """`host:port` (502 is usual), or the device of a serial line."""

    map: str
    """sdm120, sdm630, pzem-004t, pzem-017, generic, or the path of a map of your own."""

    unit: int = 1
    """The meter's own address on the line."""

    baud: int | None = None
    """Of a serial line; null: as the map says, which is how the meter comes."""

    parity: Literal["N", "E", "O"] | None = None
    stop_bits: Literal[1, 2] | None = None
    timeout: int = 400
    """Milliseconds for one answer."""

    invert: bool = False
    """Its power and current are the meter's the other way round; forward and reverse change places."""

    def __post_init__(self) -> None:
        if not self.at.startswith("/"):
            try:
                host_and_port(self.at, "10.0.0.40:502")
            except ValueError as error:
                raise options.OptionRefused(f"at: {error}, or a device as /dev/ttyUSB0") from None
        options.within("unit", self.unit, 1, 247)
        options.within("timeout", self.timeout, 50, LONGEST)


class ModbusMeter:
    """Entry point `modbus` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Read the map; the first `read` connects.

        Raises:
            OptionsRefused: the map is wrong, or another meter on the line speaks in another manner.
        """
        o = self._options = options.read(Options, given)
        self._meter = modbus_map.load(o.map)
        self._blocks = self._meter.blocks()
        usual = self._meter.line
        manner = Manner(
            baud=usual.baud if o.baud is None else o.baud,
            parity=usual.parity if o.parity is None else o.parity,
            stop_bits=usual.stop_bits if o.stop_bits is None else o.stop_bits,
            timeout=o.timeout / 1_000,
        )
        self._line: Line | None = modbus_line.take(o.at, manner)

    def read(self) -> Sequence[Measurement]:
        """What the meter shows.

        Raises:
            SensorError: it does not answer, or refuses, or shows what is no number.
        """
        o, line = self._options, self._line
        if line is None:
            raise SensorError("the driver was closed")
        taken = boottime()
        registers: dict[int, int] = {}
        for block in self._blocks:
            words = line.ask(o.unit, self._meter.line.registers, block)
            registers |= dict(zip(block, words, strict=True))
        try:
            found = self._meter.measured(registers)
        except SensorError as error:
            raise SensorError(f"meter {o.unit} at {o.at} {error}: is the map the right one?") from error
        if o.invert:
            found = inverted(found)
        return [Measurement(quantity, value, taken) for quantity, value in found.items()]

    def close(self) -> None:
        """Leave the line."""
        line, self._line = self._line, None
        if line is not None:
            modbus_line.give_back(line)
