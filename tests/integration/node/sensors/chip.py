"""Chips as their data sheets describe them, behind a `/dev/i2c-N` made of messages: wire level, no shortcuts.

Only what the kernel does is replaced (opening the bus, ioctl, read and write); every byte between the driver
and the chip is the real library's. INA219: SBOS448, chapter 8.6. MAX17043: 19-4811. ADS1115: SBAS444.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Protocol

import pytest

I2C_SLAVE, I2C_FUNCS, I2C_RDWR, I2C_SMBUS, I2C_M_RD = 0x0703, 0x0705, 0x0707, 0x0720, 0x0001
SMBUS_READ, SMBUS_BYTE = 1, 1
CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
POWER_ON_CONFIGURATION = 0x399F


class OnBus(Protocol):
    """Whatever answers at an address."""

    def write(self, data: bytes) -> None: ...
    def read(self, length: int) -> bytes: ...


@dataclass
class Max17043:
    """A fuel gauge and its cell."""

    volts: float = 3.7
    soc: float = 50.0
    """Percent."""

    dead: bool = False
    pointer: int = 0

    def write(self, data: bytes) -> None:
        self._answer()
        self.pointer = data[0]

    def read(self, length: int) -> bytes:
        """The register, and those after it: the gauge counts on by itself."""
        self._answer()
        registers = {
            0x02: round(self.volts / 0.00125) << 4,
            0x04: round(self.soc * 256),
            0x06: 0,
            0x08: 0x0003,
            0x0C: 0x971C,
        }
        found = b"".join(registers.get(self.pointer + 2 * n, 0).to_bytes(2, "big") for n in range(4))
        return found[:length]

    def _answer(self) -> None:
        if self.dead:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")


@dataclass
class Ads1115:
    """A converter and the volts at its four inputs; a conversion takes some looks at it."""

    volts: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 0.0])
    looks: int = 2
    stolen: bool = False
    """Another program starts a conversion of input 3 after each of ours."""

    pointer: int = 0
    configuration: int = 0x8583
    conversion: int = 0
    _busy: int = 0

    def write(self, data: bytes) -> None:
        self.pointer = data[0]
        if len(data) == 3 and self.pointer == 1:
            self.configuration = int.from_bytes(data[1:], "big") & 0x7FFF
            if self.stolen:
                self.configuration = self.configuration & 0x0FFF | 0x7000
            assert self.configuration & 0x0100, "continuous conversions are not modelled"
            self._busy = self.looks if data[1] & 0x80 else 0

    def read(self, length: int) -> bytes:
        if self.pointer == 1:
            self._busy -= 1
            if self._busy == 0:
                self._convert()
            return (self.configuration | (0x8000 if self._busy <= 0 else 0)).to_bytes(2, "big")[:length]
        if self.pointer in (2, 3):  # the comparator's thresholds
            return (0x8000, 0x7FFF)[self.pointer - 2].to_bytes(2, "big")[:length]
        return (self.conversion & 0xFFFF).to_bytes(2, "big")[:length]

    def _convert(self) -> None:
        scale = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)[self.configuration >> 9 & 7]
        multiplexer = self.configuration >> 12 & 7
        assert multiplexer >= 4, "differential inputs are not modelled"
        bits = round(self.volts[multiplexer - 4] / scale * 32_768)
        self.conversion = max(-32_768, min(32_767, bits))


@dataclass
class Chip:
    """The INA219 and the line that it measures."""

    volts: float = 0.0
    """At VIN-."""

    amps: float = 0.0
    """From VIN+ to VIN-."""

    shunt: float = 0.1
    dead: bool = False
    registers: dict[int, int] = field(
        default_factory=lambda: {CONFIGURATION: POWER_ON_CONFIGURATION, CALIBRATION: 0}
    )
    pointer: int = 0

    def write(self, data: bytes) -> None:
        """A write: the register's number, and two bytes if it is to be changed."""
        self._answer()
        self.pointer = data[0]
        if len(data) == 3 and self.pointer in (CONFIGURATION, CALIBRATION):
            value = int.from_bytes(data[1:], "big")
            reset = self.pointer == CONFIGURATION and value & 0x8000
            self.registers[self.pointer] = POWER_ON_CONFIGURATION if reset else value

    def read(self, length: int) -> bytes:
        """A read of the register that was pointed to."""
        self._answer()
        return (self._value(self.pointer) & 0xFFFF).to_bytes(2, "big")[:length]

    def blink(self) -> None:
        """Lose the supply for a moment."""
        self.registers = {CONFIGURATION: POWER_ON_CONFIGURATION, CALIBRATION: 0}

    def _answer(self) -> None:
        if self.dead:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def _value(self, register: int) -> int:
        most = 4_000 << ((self.registers[CONFIGURATION] >> 11) & 3)  # ±40 to ±320 mV in steps of 10 µV
        shunt = max(-most, min(most, round(self.amps * self.shunt * 1e5)))
        limit = 32 if self.registers[CONFIGURATION] & 0x2000 else 16
        bus = round(min(max(self.volts, 0.0), limit) * 250)
        current = shunt * self.registers[CALIBRATION] // 4096
        overflow = abs(current) > 0x7FFF
        match register:
            case 1:
                return shunt
            case 2:
                return bus << 3 | 0b10 | overflow
            case 3:
                return abs(current) * bus // 5000
            case 4:
                return current
        return self.registers[register]


class Bus:
    """The kernel's side of one I2C bus."""

    def __init__(self, number: int, chips: Mapping[int, OnBus]) -> None:
        self.number = number
        self.chips: dict[int, Any] = dict(chips)
        self.taken: set[int] = set()
        """Addresses that a driver of the kernel's has."""
        self.denied = False
        self._selected = 0

    def open(self, path: str, *options: object, **more: object) -> Bus:
        """In place of open(2)."""
        if path != f"/dev/i2c-{self.number}":
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        if self.denied:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return self

    def fileno(self) -> Bus:
        """What `ioctl` is given."""
        return self

    def ioctl(self, bus: Bus, operation: int, request: Any) -> int:
        """In place of ioctl(2)."""
        assert bus is self
        if operation == I2C_FUNCS:
            request.value = 0x0EFF0009
            return 0
        if operation == I2C_SLAVE:
            if request in self.taken:
                raise OSError(errno.EBUSY, "Device or resource busy")
            self._selected = request
            return 0
        if operation == I2C_SMBUS:
            assert (request.read_write, request.size) == (SMBUS_READ, SMBUS_BYTE), "probe by reading only"
            request.data.contents.byte = self._chip(self._selected).read(1)[0]
            return 0
        assert operation == I2C_RDWR
        for number in range(request.nmsgs):
            message = request.msgs[number]
            chip = self._chip(message.addr)
            if message.flags & I2C_M_RD:
                ctypes.memmove(message.buf, chip.read(message.len), message.len)
            else:
                chip.write(ctypes.string_at(message.buf, message.len))
        return request.nmsgs  # type: ignore[no-any-return]

    def write(self, data: bytes) -> int:
        """In place of write(2)."""
        self._chip(self._selected).write(bytes(data))
        return len(data)

    def close(self) -> None:
        """In place of close(2)."""

    def serve(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be what smbus2 opens."""
        import smbus2.smbus2 as library

        opened = SimpleNamespace(open=self.open, close=lambda bus: None, O_RDWR=os.O_RDWR)
        monkeypatch.setattr(library, "os", opened)
        monkeypatch.setattr(library, "ioctl", self.ioctl)

    def _chip(self, address: int) -> OnBus:
        if address not in self.chips:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        found: OnBus = self.chips[address]
        return found
