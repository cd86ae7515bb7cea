"""The Modbus driver against a relay board that pymodbus plays, over TCP and over a serial line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from relay_server.drivers.interface import DriverMissing, Pins, load
from tests.integration.ports import free_port
from tests.integration.relay_server.drivers.relay_board import RelayBoard, Wire
from tests.waiting import PATIENCE, eventually

HOST = "127.0.3.7"


@pytest.fixture
def port() -> int:
    return free_port(HOST)


@pytest.fixture
def board(port: int) -> Iterator[RelayBoard]:
    made = RelayBoard(tcp=(HOST, port))
    yield made
    made.stop()


@pytest.fixture
def pins(board: RelayBoard, port: int) -> Iterator[Pins]:
    with closing(driver(f"{HOST}:{port}")) as made:
        yield made


def driver(address: str) -> Pins:
    options = {"board": address, "releases_after": 600, "auxiliary": {0: 0, 1: 1}, "sense": {0: 5}}
    return load("modbus", options)


def until(condition: Callable[[], object], pins: Pins, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        pins.beat()
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_coil_is_energised_and_released_and_its_contact_seen(board: RelayBoard, pins: Pins) -> None:
    assert pins.followed(0) is None, "not driven yet"
    pins.drive(0, True)
    until(lambda: pins.followed(0), pins)
    assert board.coil(0)
    pins.drive(0, False)
    until(lambda: pins.followed(0), pins)
    assert not board.coil(0)


def test_a_welded_contact_does_not_follow(board: RelayBoard, pins: Pins) -> None:
    board.welded.add(0)
    pins.drive(0, True)
    until(lambda: pins.followed(0), pins)
    pins.drive(0, False)
    until(lambda: not board.coil(0), pins)
    assert pins.followed(0) is False


def test_without_an_auxiliary_contact_the_coil_itself_is_read_back(board: RelayBoard, pins: Pins) -> None:
    pins.drive(3, True)
    until(lambda: pins.followed(3), pins)
    assert board.coil(3)


def test_voltage_is_sensed(board: RelayBoard, pins: Pins) -> None:
    until(lambda: pins.powered(0) is False, pins)
    board.voltage(5, there=True)
    until(lambda: pins.powered(0), pins)
    assert pins.powered(1) is None


def test_when_the_wire_is_cut_a_closed_contact_does_not_follow_and_the_board_lets_go(
    board: RelayBoard, pins: Pins, port: int
) -> None:
    pins.drive(0, True)
    until(lambda: pins.followed(0), pins)
    board.stop()
    until(lambda: pins.followed(0) is False, pins)
    pins.drive(0, False)
    assert pins.followed(0) is False, "nobody has confirmed it"
    until(lambda: pins.followed(0), pins)  # the board must have released by itself


def test_a_board_that_comes_back_is_not_energised_by_itself(port: int) -> None:
    first = RelayBoard(tcp=(HOST, port))
    with closing(driver(f"{HOST}:{port}")) as pins:
        pins.drive(0, True)
        until(lambda: pins.followed(0), pins)
        first.stop()
        time.sleep(0.6)
        second = RelayBoard(tcp=(HOST, port))
        until(lambda: pins.powered(0) is False, pins)
        assert not second.coil(0)
        assert pins.followed(0) is False
        second.stop()


def test_a_safety_loop_that_stands_still_lets_the_board_release(board: RelayBoard, pins: Pins) -> None:
    pins.drive(0, True)
    until(lambda: pins.followed(0), pins)
    eventually(lambda: not board.coil(0), "the coil's release")


def test_closing_releases_what_was_energised(board: RelayBoard, port: int) -> None:
    pins = driver(f"{HOST}:{port}")
    pins.drive(0, True)
    until(lambda: pins.followed(0), pins)
    pins.close()
    assert not board.coil(0)


def test_over_a_serial_line() -> None:
    wire = Wire()
    board = RelayBoard(line=wire.there)
    with closing(driver(wire.here)) as pins:
        pins.drive(0, True)
        until(lambda: pins.followed(0), pins)
        assert board.coil(0)
    board.stop()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"releases_after": 1_000}, "'board' is missing"),
        ({"board": "10.0.0.9:502"}, "releases_after: 0"),
        ({"board": "10.0.0.9", "releases_after": 1_000}, "an address and a port"),
        ({"board": "10.0.0.9:502", "releases_after": 1_000, "unit": 300}, "unit: 300"),
    ],
)
def test_wrong_options_are_told(options: dict[str, object], says: str) -> None:
    with pytest.raises(DriverMissing, match=says):
        load("modbus", dict(options))
