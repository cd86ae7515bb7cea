"""An INA219 as its data sheet describes it, behind a `/dev/i2c-N` made of messages: wire level, no shortcuts.

Only what the kernel does is replaced (opening the bus, ioctl, read and write); every byte between the driver
and the chip is the real library's. Registers: SBOS448, chapter 8.6.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import Any

I2C_SLAVE, I2C_RDWR, I2C_M_RD = 0x0703, 0x0707, 0x0001
CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
POWER_ON_CONFIGURATION = 0x399F


@dataclass
class Chip:
    """The chip and the line that it measures."""

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

    def __init__(self, number: int, chips: dict[int, Chip]) -> None:
        self.number = number
        self.chips = chips
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
        if operation == I2C_SLAVE:
            self._selected = request
            return 0
        assert operation == I2C_RDWR
        for number in range(request.nmsgs):
            message = request.msgs[number]
            chip = self._chip(message.addr)
            if message.flags & I2C_M_RD:
                for place, byte in enumerate(chip.read(message.len)):
                    message.buf[place] = byte
            else:
                chip.write(bytes(message.buf[: message.len]))
        return request.nmsgs  # type: ignore[no-any-return]

    def write(self, data: bytes) -> int:
        """In place of write(2)."""
        self._chip(self._selected).write(bytes(data))
        return len(data)

    def close(self) -> None:
        """In place of close(2)."""

    def _chip(self, address: int) -> Chip:
        if address not in self.chips:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return self.chips[address]
