"""Chips on an I2C bus of this host, by smbus2: whole transfers, one conversation at a time, errors that help.

Every transfer is one message pair (register's number out, bytes in) with a repeated start, so that no other
process can come between.
"""

from __future__ import annotations

import errno
from collections import defaultdict
from threading import Lock
from typing import TYPE_CHECKING

from node.sensors.errors import SensorError, SensorRefused

if TYPE_CHECKING:
    from smbus2 import SMBus

LOCKS: defaultdict[int, Lock] = defaultdict(Lock)
"""One conversation at a time on each bus: the sensors of a household have a thread each."""


class Chip:
    """One chip. Registers are sixteen bits, the high byte first, as most measuring chips have them."""

    def __init__(self, kind: str, bus: int, address: int) -> None:
        """Open the bus; the chip itself is not spoken to yet.

        Args:
            kind: its name, for messages.

        Raises:
            SensorRefused: I2C is not enabled, or this user may not use it.
            SensorError: the bus cannot be opened for another reason.
        """
        self._kind, self._bus, self._address = kind, bus, address
        self.lock = LOCKS[bus]
        """Hold it for conversations of several transfers."""
        self._open: SMBus | None = open_bus(bus)

    def read(self, register: int) -> int:
        """A register's value, unsigned.

        Raises:
            SensorError: the chip does not answer.
        """
        from smbus2 import i2c_msg  # noqa: PLC0415 - only a household with such a chip pays for it

        answer = i2c_msg.read(self._address, 2)
        self._transfer(i2c_msg.write(self._address, [register]), answer)
        return int.from_bytes(bytes(answer), "big")

    def write(self, register: int, value: int) -> None:
        """Set a register.

        Raises:
            SensorError: the chip does not answer.
        """
        from smbus2 import i2c_msg  # noqa: PLC0415

        self._transfer(i2c_msg.write(self._address, [register, *value.to_bytes(2, "big")]))

    def close(self) -> None:
        """Let go of the bus."""
        if self._open is not None:
            self._open.close()
        self._open = None

    def __str__(self) -> str:
        return f"{self._kind} at {self._address:#04x} on /dev/i2c-{self._bus}"

    def _transfer(self, *messages: object) -> None:
        if self._open is None:
            raise SensorError(f"{self} was closed")
        try:
            self._open.i2c_rdwr(*messages)  # type: ignore[arg-type]
        except OSError as error:
            raise SensorError(silent(str(self), self._bus, error)) from error


def open_bus(bus: int) -> SMBus:
    """Open a bus.

    Raises:
        SensorRefused: I2C is not enabled, or this user may not use it.
        SensorError: another reason.
    """
    from smbus2 import SMBus  # noqa: PLC0415

    try:
        return SMBus(bus)
    except OSError as error:
        raise unopened(bus, error) from error


def unopened(bus: int, error: OSError) -> SensorError:
    """What to do about a bus that cannot be opened."""
    if error.errno == errno.ENOENT:
        return SensorRefused(
            f"there is no /dev/i2c-{bus}; enable I2C (sudo raspi-config nonint do_i2c 0), "
            "or correct the option bus"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return SensorRefused(
            f"this user may not use /dev/i2c-{bus}; add it to the group i2c "
            "(sudo usermod -aG i2c $USER) and log in again"
        )
    return SensorError(f"/dev/i2c-{bus} cannot be opened: {error.strerror or error}")


def silent(who: str, bus: int, error: OSError) -> str:
    """What to do about a chip that does not answer."""
    return (
        f"{who} does not answer ({error.strerror or error}); check its wiring and address: "
        f"commonwatt sensor scan, or i2cdetect -y {bus}"
    )
