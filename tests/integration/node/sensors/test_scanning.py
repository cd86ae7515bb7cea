"""What a scan makes of the chips on a bus and of what serial ports send."""

from __future__ import annotations

import os
import pty
import threading
import tty

import pytest
import yaml

from node.sensors import scanning
from node.sensors.errors import SensorRefused
from node.sensors.scanning import Found
from node.sensors.settings import SensorSettings
from tests.integration.node.sensors.chip import Ads1115, Bus, Chip, Max17043

FRAMED = b"$CWM,0,A,1910,3700,4166,439263,1*78A8\r\n"


class Stranger:
    """A chip that no driver knows, at an address where one might be looked for."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def read(self, length: int) -> bytes:
        return b"\xff\xff"[:length]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    made = Bus(1, {0x36: Max17043(), 0x40: Chip(volts=12.0), 0x48: Ads1115(), 0x49: Chip(), 0x70: Stranger()})
    made.serve(monkeypatch)
    return made


def likely(found: list[Found]) -> dict[str, str]:
    return {one.place.rpartition(" ")[2]: one.likely.partition(",")[0] for one in found}


def test_chips_are_told_apart_by_their_registers(bus: Bus) -> None:
    assert likely(list(scanning.i2c_bus(1))) == {
        "0x36": "MAX17043", "0x40": "INA219", "0x48": "ADS1115", "0x49": "INA219",
        "0x70": "no chip that a driver here knows",
    }  # fmt: skip


def test_a_stranger_is_not_written_to_where_no_driver_would_look(bus: Bus) -> None:
    list(scanning.i2c_bus(1))
    assert bus.chips[0x70].written == []


def test_a_stranger_at_a_known_address_is_no_sensor(bus: Bus) -> None:
    stranger = Stranger()
    bus.chips = {0x36: stranger, 0x40: stranger, 0x48: stranger}
    assert set(likely(list(scanning.i2c_bus(1))).values()) == {"no chip that a driver here knows"}
    assert all(len(data) == 1 for data in stranger.written), "no register is ever set"


def test_an_address_that_the_kernel_uses_is_left_alone(bus: Bus) -> None:
    bus.taken.add(0x40)
    assert likely(list(scanning.i2c_bus(1)))["0x40"] == "has a driver in the kernel; left alone"


def test_without_i2c_it_says_how_to_enable_it(bus: Bus) -> None:
    with pytest.raises(SensorRefused, match=r"no /dev/i2c-2; enable I2C"):
        list(scanning.i2c_bus(2))


def test_what_is_printed_can_be_pasted(bus: Bus) -> None:
    found = [*scanning.i2c_bus(1), scanning.heard("/dev/ttyUSB0", "USB Serial", b"x\n" + FRAMED)]
    section = yaml.safe_load(scanning.pasted(found))["sensors"]
    drivers = [SensorSettings.model_validate(one).driver for one in section.values()]
    assert drivers == ["max17043", "ina219", "adc", "ina219", "acs712-serial"]
    assert scanning.pasted([Found("x", "y")]) == ""


@pytest.mark.parametrize(
    ("said", "settings"),
    [
        (b"cut off\n" + FRAMED, "{driver: acs712-serial, port: /dev/ttyUSB0}"),
        (b"3.7\n3.700|41.66|1.234\r\n", "{driver: acs712-serial, port: /dev/ttyUSB0, format: plain}"),
        (b"", "{driver: modbus, at: /dev/ttyUSB0, unit: 1, map: sdm120}"),
        (b"\x00\xff\n\xff\n", "{driver: modbus, at: /dev/ttyUSB0, unit: 1, map: sdm120}"),
    ],
)
def test_a_port_is_named_by_what_it_sends(said: bytes, settings: str) -> None:
    assert scanning.heard("/dev/ttyUSB0", "USB Serial", said).settings == settings


def test_a_port_is_listened_to_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "LISTEN", 1.0)
    meter, pi = pty.openpty()
    tty.setraw(pi)
    threading.Timer(0.3, os.write, (meter, FRAMED * 2)).start()
    assert FRAMED in scanning.listened(os.ttyname(pi))
    os.set_blocking(meter, False)
    with pytest.raises(BlockingIOError):
        os.read(meter, 1)
    os.close(meter)
    os.close(pi)
    assert scanning.listened("/dev/nothing") == b""
