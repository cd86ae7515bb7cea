"""The driver `modbus` against pymodbus's own server, over TCP and over a serial line."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from node.sensors import modbus
from node.sensors.driver import Quantity, Sensor, open_sensor
from node.sensors.errors import OptionsRefused, SensorError
from tests.integration.node.sensors.modbus_meter import HOLDING, Meters, floats
from tests.integration.relay_server.drivers.relay_board import Wire

PATIENT = 10_000
"""Milliseconds that a busy machine may need for an answer."""

ADDRESS = "127.0.61.3"
SDM120 = floats({0x00: 230.5, 0x06: 1.25, 0x0C: -280.0, 0x48: 1_234.5, 0x4A: 67.25})
SDM630 = floats({0x2A: 231.0, 0x30: 12.5, 0x34: 8_650.0, 0x48: 98_765.0, 0x4A: 0.5})
PZEM = {0: 2_301, 1: 0x0001, 2: 0x0001, 3: 615, 4: 0, 5: 0xFFFF, 6: 0x0001, 7: 500, 8: 95, 9: 0}
EXPECTED = {
    Quantity.VOLTAGE: 230_500, Quantity.CURRENT: 1_250, Quantity.POWER: -280_000,
    Quantity.FORWARD: 1_234_500_000, Quantity.REVERSE: 67_250_000,
}  # fmt: skip


def free() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
    return port


class Desk:
    """Starts meters, opens sensors on them, and puts everything away."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def meters(self, units: dict[int, dict[int, int]], port: int = 0, **options: Any) -> tuple[Meters, str]:
        port = port or free()
        made = Meters(units, tcp=(ADDRESS, port), **options)
        self._stack.callback(made.stop)
        return made, f"{ADDRESS}:{port}"

    def serial(self, units: dict[int, dict[int, int]], baud: int) -> tuple[Meters, Wire]:
        wire = Wire()
        made = Meters(units, port=wire.there, baud=baud)
        self._stack.callback(made.stop)
        return made, wire

    def opened(self, at: str, **options: Any) -> Sensor:
        sensor = open_sensor("load", "modbus", {"at": at, "map": "sdm120", "timeout": PATIENT, **options})
        return self._stack.enter_context(closing(sensor))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(modbus, "LONGEST", PATIENT)
    with ExitStack() as stack:
        yield Desk(stack)


def values(sensor: Sensor) -> dict[Quantity, int]:
    return {measurement.quantity: measurement.value for measurement in sensor.read()}


def eventually(sensor: Sensor, patience: float = 60.0) -> dict[Quantity, int]:
    """What it measures once it does again: a server that has just started may miss a question."""
    until = time.monotonic() + patience
    while True:
        try:
            return values(sensor)
        except SensorError:
            assert time.monotonic() < until, "it did not come back"
            time.sleep(0.05)


def test_an_sdm120_is_read_over_tcp(desk: Desk) -> None:
    _, at = desk.meters({1: SDM120})
    assert values(desk.opened(at)) == EXPECTED


def test_an_sdm120_is_read_over_a_serial_line(desk: Desk) -> None:
    _, wire = desk.serial({7: SDM120}, 2_400)
    assert eventually(desk.opened(wire.here, unit=7)) == EXPECTED


def test_an_sdm630_gives_its_three_phases_together(desk: Desk) -> None:
    _, at = desk.meters({1: SDM630})
    assert values(desk.opened(at, map="sdm630")) == {
        Quantity.VOLTAGE: 231_000, Quantity.CURRENT: 12_500, Quantity.POWER: 8_650_000,
        Quantity.FORWARD: 98_765_000_000, Quantity.REVERSE: 500_000,
    }  # fmt: skip


def test_a_pzem_has_the_lower_word_first(desk: Desk) -> None:
    meters, at = desk.meters({1: PZEM})
    assert values(desk.opened(at, map="pzem-004t")) == {
        Quantity.VOLTAGE: 230_100, Quantity.CURRENT: 65_537, Quantity.POWER: 61_500,
        Quantity.FORWARD: 131_071_000,
    }  # fmt: skip
    assert meters.asked == [(1, 0, 7)], "one question for all"


def test_a_pzem_for_direct_current(desk: Desk) -> None:
    _, at = desk.meters({1: {0: 1_260, 1: 250, 2: 315, 3: 0, 4: 12_345, 5: 0}})
    assert values(desk.opened(at, map="pzem-017")) == {
        Quantity.VOLTAGE: 12_600, Quantity.CURRENT: 2_500, Quantity.POWER: 31_500,
        Quantity.FORWARD: 12_345_000,
    }  # fmt: skip


def test_a_meter_of_ones_own_is_described_in_a_file(desk: Desk, tmp_path: Path) -> None:
    own = tmp_path / "meter.yml"
    own.write_text(
        "name: mine\nregisters: holding\ngap: 4\nvalues:\n"
        "  power: {address: 10, type: int32, unit: W}\n  soc: {address: 15, type: uint16, unit: '%'}\n"
    )
    meters, at = desk.meters({2: {10: 0xFFFF, 11: 0xFF38, 12: 0, 13: 0, 14: 0, 15: 55}}, kind=HOLDING)
    sensor = desk.opened(at, map=str(own), unit=2)
    assert values(sensor) == {Quantity.POWER: -200_000, Quantity.SOC: 5_500}
    assert meters.asked == [(2, 10, 6)]


def test_the_other_way_round_everything_changes_its_sign_or_place(desk: Desk) -> None:
    _, at = desk.meters({1: SDM120})
    assert values(desk.opened(at, invert=True)) == {
        Quantity.VOLTAGE: 230_500, Quantity.CURRENT: -1_250, Quantity.POWER: 280_000,
        Quantity.REVERSE: 1_234_500_000, Quantity.FORWARD: 67_250_000,
    }  # fmt: skip


def test_two_meters_share_a_serial_line(desk: Desk) -> None:
    other = floats({0x00: 10.0, 0x06: 0.0, 0x0C: 0.0, 0x48: 0.0, 0x4A: 0.0})
    _, wire = desk.serial({1: SDM120, 2: other}, 9_600)
    first, second = desk.opened(wire.here, baud=9_600), desk.opened(wire.here, unit=2, baud=9_600)
    assert eventually(first)[Quantity.VOLTAGE] == 230_500
    assert eventually(second)[Quantity.VOLTAGE] == 10_000
    first.close()
    assert eventually(second)[Quantity.VOLTAGE] == 10_000


def test_on_one_line_all_speak_alike(desk: Desk) -> None:
    _, wire = desk.serial({1: SDM120}, 9_600)
    desk.opened(wire.here, baud=9_600)
    with pytest.raises(OptionsRefused, match="all on one line have the same baud, parity, stop_bits"):
        desk.opened(wire.here, unit=2, baud=2_400)


def test_registers_that_a_meter_does_not_have_suggest_another_map(desk: Desk) -> None:
    _, at = desk.meters({1: SDM120})
    with pytest.raises(SensorError, match=r"refuses registers 42 to 43 .*: is the map the right one"):
        desk.opened(at, map="sdm630").read()


def test_a_float_that_is_no_number_is_no_measurement(desk: Desk) -> None:
    _, at = desk.meters({1: SDM120 | floats({0x0C: float("nan")})})
    with pytest.raises(SensorError, match="shows nan for power, which is no number"):
        desk.opened(at).read()


def test_a_meter_that_refuses_for_a_moment_may_answer_later(desk: Desk) -> None:
    meters, at = desk.meters({1: SDM120})
    sensor = desk.opened(at)
    meters.busy = True
    with pytest.raises(SensorError, match="refuses registers"):
        sensor.read()
    meters.busy = False
    assert values(sensor) == EXPECTED


def test_nobody_at_that_unit_says_what_to_check(desk: Desk) -> None:
    sensor = desk.opened(Wire().here, unit=9, timeout=200)
    with pytest.raises(SensorError, match=r"meter 9 at .* does not answer: .*A and B.* speaks 2400 baud"):
        sensor.read()


def test_a_gateway_that_is_away_may_come_back(desk: Desk) -> None:
    meters, at = desk.meters({1: SDM120})
    sensor = desk.opened(at)
    assert values(sensor) == EXPECTED
    meters.stop()
    with pytest.raises(SensorError):
        sensor.read()
    with pytest.raises(SensorError, match="cannot be reached: is it powered and on the network"):
        sensor.read()
    desk.meters({1: SDM120}, int(at.rpartition(":")[2]))
    assert eventually(sensor) == EXPECTED


def test_garbage_on_the_line_falsifies_nothing(desk: Desk) -> None:
    """A neighbour's cable, a bad terminator: bytes that nobody sent, in front of and between the answers."""
    meters, wire = desk.serial({1: SDM120}, 2_400)
    sensor = desk.opened(wire.here, timeout=300)
    assert eventually(sensor) == EXPECTED
    for noise in (b"\xff" * 40, os.urandom(64), b"\x01\x04\x04CR\x00\x00"):
        os.write(wire._one, noise)  # what this end receives
        assert eventually(sensor) == EXPECTED
    assert meters.asked


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"at": "meter"}, r"at: write an address and a port.* or a device as /dev/ttyUSB0"),
        ({"unit": 0}, "unit: 0"),
        ({"map": "sdm121"}, "map: 'sdm121': write one of generic, pzem-004t, pzem-017, sdm120, sdm630"),
        ({"map": "/nowhere.yml"}, "/nowhere.yml cannot be read"),
        ({"parity": "X"}, "parity: 'X'"),
    ],
)
def test_a_wrong_option_is_named(desk: Desk, options: dict[str, Any], why: str) -> None:
    with pytest.raises(OptionsRefused, match=rf"sensors\.load: .*{why}"):
        desk.opened(**{"at": "127.0.61.3:1", **options})
