"""The current meter (firmware/acs712) on a USB port: current, power, and the cell's voltage and charge where
it has a fuel gauge.

    load: {driver: acs712-serial, port: /dev/serial/by-id/usb-1a86_USB_Serial-if00-port0}

The meter sends a line a second; `read` waits for the next one. Lines with a wrong checksum are passed over.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import serial

from chain import options
from node.sensors import acs712_line
from node.sensors.acs712_line import BadLine, Line
from node.sensors.driver import Measurement, Quantity
from node.sensors.errors import SensorError, SensorRefused
from store.snapshot import boottime

FORMATS = {"framed": acs712_line.read_framed, "plain": acs712_line.read_plain}

BACKLOG = 4_096
"""Bytes that the kernel may have kept while nobody read: what is older than the last line is not needed."""


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: acs712-serial`."""

    port: str
    """Its serial port; the names under /dev/serial/by-id stay the same whatever else is plugged in."""

    format: Literal["framed", "plain"] = "framed"
    """As the meter was told by its command `format`. Plain is what DAISEE's meters sent: no checksum."""

    speed: int = 9_600
    """Baud."""

    patience: int = 1_800
    """Milliseconds to wait for a good line; a line comes each second. The logger takes a driver that does not
    return for 2 s for hung."""

    invert: bool = False
    """The current flows the other way round through the sensor."""

    def __post_init__(self) -> None:
        options.within("patience", self.patience, 500, 1_900)
        options.within("speed", self.speed, 1_200, 115_200)


class Acs712Serial:
    """Entry point `acs712-serial` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Open the port.

        Raises:
            SensorRefused: this user may not use it.
            SensorError: it is not there, or somebody else reads it.
        """
        self._options = options.read(Options, given)
        self._port: serial.Serial | None = None
        self._received = b""
        self._open()

    def read(self) -> Sequence[Measurement]:
        """What the meter measured within the last second.

        Raises:
            SensorError: no good line in time, the port is gone, or more current than the sensor can measure.
        """
        line, taken = self._line()
        if line.clipped:
            raise SensorError(f"{self._where()} sees more current than it can measure: use a larger sensor")
        sign = -1 if self._options.invert else 1
        signed = {Quantity.CURRENT: line.current, Quantity.POWER: line.power}
        measured = [Measurement(q, sign * v, taken) for q, v in signed.items() if v is not None]
        cell = {Quantity.VOLTAGE: line.voltage, Quantity.SOC: line.soc}
        return [*measured, *(Measurement(q, v, taken) for q, v in cell.items() if v is not None)]

    def close(self) -> None:
        """Let go of the port."""
        if self._port is not None:
            self._port.close()
        self._port, self._received = None, b""

    def _line(self) -> tuple[Line, float]:
        """The newest good line, and when it came."""
        if self._port is None:
            self._open()
        deadline, wrong, found = boottime() + self._options.patience / 1_000, 0, None
        while found is None:
            if boottime() >= deadline:
                raise SensorError(f"{self._where()} {self._silence(wrong)}")
            self._received += self._bytes()
            *lines, self._received = self._received[-BACKLOG:].split(b"\n")
            for line in lines:
                try:
                    found = FORMATS[self._options.format](line.rstrip(b"\r"))
                except BadLine:
                    wrong += bool(line.strip()) and not line.startswith(b"#")
            if len(self._received) > acs712_line.LONGEST:
                wrong, self._received = wrong + 1, b""
        return found, boottime()

    def _bytes(self) -> bytes:
        """What has come, or what comes within a fifth of a second."""
        assert self._port is not None  # noqa: S101 - _line has opened it
        try:
            return bytes(self._port.read(self._port.in_waiting or 1))
        except (OSError, serial.SerialException) as error:
            self.close()
            raise SensorError(f"{self._where()} was lost ({error}): is it still plugged in?") from error

    def _open(self) -> None:
        o = self._options
        try:
            self._port = serial.Serial(o.port, o.speed, timeout=0.2, exclusive=True)
        except (OSError, serial.SerialException) as error:
            if not os.path.exists(o.port):  # noqa: PTH110 - a Path costs more than it brings here
                raise SensorError(
                    f"there is no {o.port}: plug the meter in, or correct its port (ls /dev/serial/by-id)"
                ) from error
            if not os.access(o.port, os.R_OK | os.W_OK):
                raise SensorRefused(
                    f"this user may not use {o.port}; add it to the group dialout "
                    "(sudo usermod -aG dialout $USER) and log in again"
                ) from error
            raise SensorError(
                f"{self._where()} cannot be opened ({error}): does something else read it?"
            ) from error

    def _silence(self, wrong: int) -> str:
        o = self._options
        if wrong:
            other = "plain" if o.format == "framed" else "framed"
            return (
                f"sends nothing that is a good {o.format} line ({wrong} bad ones): check its cable, that its "
                f"speed is {o.speed} baud, and whether it is set to the format {other}"
            )
        return f"has been silent for {o.patience / 1_000:g} s: check its cable and its power"

    def _where(self) -> str:
        return f"the meter at {self._options.port}"
