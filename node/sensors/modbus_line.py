"""A Modbus line that several meters share: a serial port, or the connection to a gateway.

One question at a time, whoever asks; after a failure a new connection, so that a late answer is nobody's.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from threading import Lock
from typing import Any

from chain.endpoint import host_and_port
from node.sensors.errors import OptionsRefused, SensorError, SensorRefused

WAIT = 1.5
"""Seconds to wait for the others on the line: less than a read may take."""

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
"""It complains of each lost answer; the logger says it once."""


@dataclass(frozen=True)
class Manner:
    """How a serial line speaks; all meters on it alike."""

    baud: int
    parity: str
    stop_bits: int
    timeout: float
    """Seconds for one answer."""


_lines: dict[str, Line] = {}
_taking = Lock()


class Line:
    """Taken by `take`, given back by `give_back`."""

    def __init__(self, at: str, manner: Manner) -> None:
        self.at, self.manner = at, manner
        self.users = 0
        self._lock = Lock()
        self._client: Any = None

    def ask(self, unit: int, kind: str, registers: range) -> list[int]:
        """Read registers of one meter.

        Args:
            kind: input or holding.

        Raises:
            SensorRefused: this user may not use the port.
            SensorError: no answer, or a refusal.
        """
        from pymodbus.exceptions import ModbusException  # noqa: PLC0415 - only who has such a meter pays

        if not self._lock.acquire(timeout=WAIT):
            raise SensorError(
                f"the line at {self.at} is busy for more than {WAIT} s: raise its baud, or readings.sample"
            )
        try:
            client = self._connected()
            read = client.read_input_registers if kind == "input" else client.read_holding_registers
            answer = read(registers.start, count=len(registers), device_id=unit)
            if answer.isError():
                raise SensorError(
                    f"meter {unit} at {self.at} refuses registers {registers.start} to {registers.stop - 1} "
                    f"({answer}): is the map the right one?"
                )
            words: list[int] = answer.registers
        except (ModbusException, OSError) as error:
            self._hang_up()
            raise SensorError(
                f"meter {unit} at {self.at} does not answer: check its wires (A and B changed places?), its "
                f"address{f' and that it speaks {self.manner.baud} baud' if self.serial else ''}"
            ) from error
        finally:
            self._lock.release()
        if len(words) != len(registers):
            raise SensorError(f"meter {unit} at {self.at} sends {len(words)} of {len(registers)} registers")
        return words

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._hang_up()

    @property
    def serial(self) -> bool:
        """Whether it is a serial port."""
        return self.at.startswith("/")

    def _connected(self) -> Any:
        if self._client is None:
            self._client = self._new()
        if not self._client.connected and not self._client.connect():
            self._hang_up()
            raise self._unreachable()
        return self._client

    def _new(self) -> Any:
        from pymodbus.client import ModbusSerialClient, ModbusTcpClient  # noqa: PLC0415

        m = self.manner
        if self.serial:
            return ModbusSerialClient(
                self.at,
                baudrate=m.baud,
                parity=m.parity,
                stopbits=m.stop_bits,
                timeout=m.timeout,
                retries=0,
            )
        host, port = host_and_port(self.at)
        return ModbusTcpClient(host, port=port, timeout=m.timeout, retries=0)

    def _unreachable(self) -> SensorError:
        if not self.serial:
            return SensorError(f"{self.at} cannot be reached: is it powered and on the network?")
        if not os.path.exists(self.at):  # noqa: PTH110 - a Path costs more than it brings here
            return SensorError(
                f"there is no {self.at}: plug the adapter in, or correct its port (ls /dev/serial/by-id)"
            )
        if not os.access(self.at, os.R_OK | os.W_OK):
            return SensorRefused(
                f"this user may not use {self.at}; add it to the group dialout "
                "(sudo usermod -aG dialout $USER) and log in again"
            )
        return SensorError(f"{self.at} cannot be opened: does something else use it?")

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


def take(at: str, manner: Manner) -> Line:
    """The line at a port or address, shared with who has it already.

    Raises:
        OptionsRefused: they speak in another manner.
    """
    with _taking:
        line = _lines.setdefault(at, Line(at, manner))
        if line.manner != manner:
            raise OptionsRefused(
                f"another sensor at {at} has {line.manner}: all on one line have the same baud, parity, "
                "stop_bits and timeout"
            )
        line.users += 1
        return line


def give_back(line: Line) -> None:
    """Need it no longer; the last one hangs up."""
    with _taking:
        line.users -= 1
        if line.users == 0:
            _lines.pop(line.at, None)
            line.close()
