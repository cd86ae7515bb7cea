"""What sits at this host's I2C buses and serial ports, found without changing anything there.

On I2C every address is asked for one byte, which writes nothing. Only at the addresses of chips that a driver
here knows are registers read, for which their number is written first; an address that a driver of the kernel
has is left alone, and so is whatever a sensor here uses already. Serial ports are listened to.

A probe is one transfer of the kernel's, which comes between no other one, whichever process makes it.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from node.sensors import acs712_line, ads1115, i2c
from node.sensors.acs712_line import BadLine
from node.sensors.addable import line as flow
from node.sensors.errors import SensorError
from node.sensors.max17043 import ADDRESS as GAUGE
from node.sensors.max17043 import VCELL, VERSION
from node.sensors.used import Used

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo

ADDRESSES = range(0x08, 0x78)
"""Of devices; the others are reserved."""

LISTEN = 2.5
"""Seconds at a serial port: the current meter sends a line each second."""

SPEED = 9_600

INA219 = range(0x40, 0x50)


@dataclass(frozen=True)
class Found:
    """Something that answers."""

    place: str
    likely: str
    """What it probably is."""

    options: Mapping[str, str] = field(default_factory=dict)
    """Its driver and that one's options, as they are written; nothing where no driver here knows it."""

    used: str = ""
    """Who uses it already: it was left alone."""

    @property
    def settings(self) -> str | None:
        """What to write beside its name under `sensors`."""
        return flow(self.options) if self.options else None


@dataclass(frozen=True)
class Port:
    """A serial port with something at it."""

    device: str
    name: str
    """The one of its names that stays the same whatever else is plugged in."""

    described: str


NOBODY = Used()


def buses(devices: Path = Path("/dev")) -> list[int]:
    """The I2C buses of this host."""
    return sorted(int(path.name.removeprefix("i2c-")) for path in devices.glob("i2c-[0-9]*"))


def worth_looking(there: Sequence[int]) -> list[int]:
    """The bus on the header's pins; where there is none, all."""
    return [1] if 1 in there else list(there)


def i2c_bus(bus: int, used: Used = NOBODY) -> Iterator[Found]:
    """Who answers on a bus.

    Args:
        used: what is not asked.

    Raises:
        SensorRefused: I2C is not enabled, or this user may not use it.
        SensorError: the bus cannot be opened for another reason.
    """
    opened = i2c.open_bus(bus)
    try:
        for address in ADDRESSES:
            place = f"/dev/i2c-{bus} {address:#04x}"
            if whose := used.chip(bus, address):
                yield Found(place, "left alone", used=whose)
                continue
            try:
                with i2c.LOCKS[bus]:
                    opened.read_byte(address)
            except OSError as error:
                if error.errno == errno.EBUSY:
                    yield Found(place, "has a driver in the kernel; left alone")
                continue
            yield _named(place, bus, address)
    finally:
        opened.close()


def _named(place: str, bus: int, address: int) -> Found:
    other = {} if bus == 1 else {"bus": str(bus)}
    at = {"address": f"{address:#04x}"}
    if address == GAUGE and (chip := _gauge(bus)):
        kind = {} if chip == "max17043" else {"chip": chip}
        return Found(place, f"{chip.upper()}, a fuel gauge", {"driver": "max17043", **kind, **other})
    if address in ads1115.ADDRESSES and _is_ads1115(bus, address):
        options = {"driver": "adc", "chip": "ads1115", **at, "voltage": "0", "divider": "1.0", **other}
        return Found(place, "ADS1115, an analogue-to-digital converter", options)
    if address in INA219 and _is_ina219(bus, address):
        return Found(place, "INA219, a current sensor", {"driver": "ina219", **at, **other})
    return Found(place, "no chip that a driver here knows")


def _gauge(bus: int) -> str | None:
    """Which gauge of the family, by its version and a voltage that a cell can have."""
    version, voltage = _register(bus, GAUGE, VERSION), _register(bus, GAUGE, VCELL)
    if version is None or voltage is None or not voltage:
        return None
    if version < 0x10:
        return "max17043"
    return "max17048" if version & 0xFFF0 == 0x0010 else None


def _is_ads1115(bus: int, address: int) -> bool:
    """By the thresholds of its comparator, which nobody sets."""
    return (_register(bus, address, 2), _register(bus, address, 3)) == (0x8000, 0x7FFF)


def _is_ina219(bus: int, address: int) -> bool:
    """By bits that are always zero: two of its configuration, the last of its calibration."""
    configuration, calibration = _register(bus, address, 0), _register(bus, address, 5)
    if configuration is None or calibration is None or configuration == 0:
        return False
    return configuration & 0x4000 == 0 and calibration & 1 == 0


def _register(bus: int, address: int, register: int) -> int | None:
    with suppress(SensorError):
        chip = i2c.Chip("chip", bus, address)
        try:
            with chip.lock:
                return chip.read(register)
        finally:
            chip.close()
    return None


def ports() -> list[Port]:
    """The serial ports with something at them."""
    from serial.tools import list_ports  # noqa: PLC0415 - only whoever looks needs it

    names = _lasting_names()
    return [
        Port(port.device, names.get(port.device, port.device), _described(port))
        for port in sorted(list_ports.comports())
        # else it is a port of the board that nothing says anything about
        if port.vid is not None or port.device.startswith(("/dev/ttyAMA", "/dev/serial"))
    ]


def serial_port(port: Port, used: Used = NOBODY, listen: Callable[[str], bytes] | None = None) -> Found:
    """What sits at a port.

    Args:
        used: what is not opened.
        listen: returns what a port sends for a while; ours by default.
    """
    if whose := used.port(port.device):
        return Found(port.name, f"{port.described}; left alone", used=whose)
    return heard(port.name, port.described, (listen or listened)(port.device))


def heard(name: str, described: str, said: bytes) -> Found:
    """What sits at a serial port, by what it sends."""
    for line in said.split(b"\n")[1:]:
        for form, read in (("framed", acs712_line.read_framed), ("plain", acs712_line.read_plain)):
            with suppress(BadLine):
                read(line.rstrip(b"\r"))
                option = {} if form == "framed" else {"format": "plain"}
                options = {"driver": "acs712-serial", "port": name, **option}
                return Found(name, f"a current meter ({described})", options)
    likely = "says something else" if said else "is silent: a meter on RS-485, perhaps"
    options = {"driver": "modbus", "at": name, "unit": "1", "map": "sdm120"}
    return Found(name, f"{described}; it {likely}", options)


def listened(port: str) -> bytes:
    """What a port sends within a while; nothing if something else has it."""
    import serial  # noqa: PLC0415

    quiet: Any = serial.Serial()
    quiet.port, quiet.baudrate, quiet.timeout, quiet.exclusive = port, SPEED, 0.2, True
    quiet.dtr = False  # which would reset an Arduino
    said, until = b"", time.monotonic() + LISTEN
    with suppress(OSError, serial.SerialException):
        quiet.open()
        while time.monotonic() < until:
            said += quiet.read(quiet.in_waiting or 1)
    with suppress(OSError, serial.SerialException):
        quiet.close()
    return said


def _described(port: ListPortInfo) -> str:
    return port.product or port.description or "a serial port"


def _lasting_names(folder: Path = Path("/dev/serial/by-id")) -> dict[str, str]:
    """Device → its name that stays the same whatever else is plugged in."""
    with suppress(OSError):
        return {str(link.resolve()): str(link) for link in folder.iterdir()}
    return {}


def pasted(found: Sequence[Found]) -> str:
    """The section to paste."""
    known = [one for one in found if one.settings is not None]
    lines = [f"  meter-{number}: {one.settings}" for number, one in enumerate(known, 1)]
    return "\n".join(["sensors:", *lines]) if lines else ""
