"""The pin driver against the firmware: what the relay may rely on when board, Wi-Fi or relay fail."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from relay_server.drivers.esp32.pins import Esp32Pins
from relay_server.drivers.interface import DriverMissing, load
from tests.integration.firmware.esp32.board_on_a_desk import Board, board
from tests.waiting import BUSY

__all__ = ["board"]

FEED, TIE, HOME = 26, 25, 0
LEASE = 5_000
"""Milliseconds for which the board keeps a path for a silent driver."""


class Line:
    """The Wi-Fi between Pi and board: a forwarder that can be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.cut = threading.Event()
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self._listening.accept()[0]
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    near.close()
                    continue
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while got := one.recv(4_096):
                while self.cut.is_set() and not self._ended:
                    time.sleep(0.01)  # held back, and delivered late
                other.sendall(got)
        for each in (one, other):
            with suppress(OSError):
                each.close()

    def end(self) -> None:
        self._ended = True
        self._listening.close()


class Turning:
    """A relay's safety loop, as far as a driver sees it."""

    def __init__(self, pins: Esp32Pins) -> None:
        self.pins = pins
        self.hung = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(0.05):
            if not self.hung:
                self.pins.beat()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def line(board: Board) -> Iterator[Line]:
    made = Line(board.port)
    yield made
    made.cut.clear()
    made.end()


@pytest.fixture
def pins(board: Board, line: Line) -> Iterator[Esp32Pins]:
    made = load(
        "esp32", {"board": line.address, "key_file": board.key_file(), "lease": LEASE, "timeout": 1_000}
    )
    assert isinstance(made, Esp32Pins)
    yield made
    made.close()


@pytest.fixture
def turning(pins: Esp32Pins) -> Iterator[Turning]:
    made = Turning(pins)
    yield made
    made.end()


def follows(pins: Esp32Pins, pin: int) -> Callable[[], bool]:
    return lambda: pins.followed(pin) is True


def test_making_the_driver_changes_no_output(board: Board, pins: Esp32Pins) -> None:
    time.sleep(0.5)
    assert board.machine.record == []
    assert pins.followed(FEED) is pins.followed(HOME) is None


def test_a_feed_supplies_a_tie_receives_and_home_is_idle(
    board: Board, pins: Esp32Pins, turning: Turning
) -> None:
    for pin in (FEED, TIE, HOME):
        pins.drive(pin, False)
    board.until(follows(pins, FEED))
    board.until(follows(pins, TIE))
    pins.drive(FEED, True)
    assert pins.followed(FEED) is False
    board.until(follows(pins, FEED))
    assert board.closed == "SUPPLY"
    pins.drive(FEED, False)
    board.until(follows(pins, FEED))
    assert board.closed == "IDLE"
    pins.drive(HOME, True)
    assert pins.followed(HOME) is None
    pins.drive(TIE, True)
    board.until(follows(pins, TIE))
    assert board.closed == "RECEIVE"
    time.sleep(1.5 * LEASE / 1_000)
    assert board.closed == "RECEIVE", "renewed while the safety loop turns"
    assert pins.followed(TIE)


def test_both_paths_at_once_cannot_be_asked_for(board: Board, pins: Esp32Pins, turning: Turning) -> None:
    pins.drive(FEED, True)
    with pytest.raises(OSError, match="never both: SUPPLY is wanted"):
        pins.drive(TIE, True)
    board.until_closed("SUPPLY")


def test_a_safety_loop_that_hangs_opens_the_path(board: Board, pins: Esp32Pins, turning: Turning) -> None:
    pins.drive(FEED, True)
    board.until_closed("SUPPLY")
    turning.hung = True
    board.until_closed("IDLE")
    board.until(lambda: pins.followed(FEED) is False)


def test_a_cut_line_opens_within_the_lease_and_the_driver_knows(
    board: Board, line: Line, pins: Esp32Pins, turning: Turning
) -> None:
    pins.drive(FEED, True)
    board.until(follows(pins, FEED))
    line.cut.set()
    pins.drive(FEED, False)
    if board.closed == "SUPPLY":
        assert pins.followed(FEED) is False, "not certainly open yet"
    taken = board.until_closed("IDLE")
    assert taken <= LEASE / 1_000 + BUSY
    board.until(follows(pins, FEED))
    assert board.closed == "IDLE"


def test_what_a_cut_line_delivers_late_closes_nothing(
    board: Board, line: Line, pins: Esp32Pins, turning: Turning
) -> None:
    pins.drive(FEED, True)
    board.until(follows(pins, FEED))
    line.cut.set()
    board.until_closed("IDLE")
    pins.drive(FEED, False)
    before = len(board.machine.record)
    line.cut.clear()
    board.until(follows(pins, FEED))
    time.sleep(0.7)
    assert len(board.machine.record) == before


def test_a_line_that_comes_back_carries_on(
    board: Board, line: Line, pins: Esp32Pins, turning: Turning
) -> None:
    pins.drive(FEED, True)
    board.until(follows(pins, FEED))
    line.cut.set()
    board.until_closed("IDLE")
    assert pins.followed(FEED) is False
    line.cut.clear()
    board.until(follows(pins, FEED))
    assert board.closed == "SUPPLY"


def test_a_board_that_reboots_is_idle_and_then_told_again(
    board: Board, pins: Esp32Pins, turning: Turning
) -> None:
    pins.drive(TIE, True)
    board.until(follows(pins, TIE))
    board.switch_off()
    assert board.closed == "IDLE"
    board.until(lambda: pins.followed(TIE) is False)
    board.switch_on()
    board.until(follows(pins, TIE))
    assert board.closed == "RECEIVE"


def test_a_board_that_refuses_has_not_followed(board: Board, pins: Esp32Pins, turning: Turning) -> None:
    board.machine.millivolts[34] = 1_450  # an empty cell
    time.sleep(0.5)
    pins.drive(FEED, True)
    time.sleep(0.5)
    assert pins.followed(FEED) is False
    assert board.closed == "IDLE"


def test_a_driver_that_is_closed_leaves_the_board_idle(
    board: Board, pins: Esp32Pins, turning: Turning
) -> None:
    pins.drive(FEED, True)
    board.until_closed("SUPPLY")
    pins.close()
    assert board.closed == "IDLE"


def test_without_a_board_it_starts_when_every_old_lease_is_over(board: Board, line: Line) -> None:
    board.switch_off()
    began = time.monotonic()
    made = Esp32Pins({"board": line.address, "key_file": board.key_file(), "lease": 1_000, "timeout": 200})
    assert 0.9 < time.monotonic() - began < 1 + BUSY
    made.drive(TIE, False)
    assert made.followed(TIE) is True
    made.drive(TIE, True)
    assert made.followed(TIE) is False
    made.close()


def test_with_a_wrong_key_nothing_follows(board: Board, line: Line) -> None:
    made = Esp32Pins({"board": line.address, "key_file": board.key_file("wrong", b"w" * 32), "lease": 1_000})
    turning = Turning(made)
    made.drive(FEED, True)
    time.sleep(0.6)
    assert made.followed(FEED) is False
    assert board.closed == "IDLE"
    turning.end()
    made.close()


def test_wrong_options_say_what_to_write(board: Board) -> None:
    with pytest.raises(DriverMissing, match="'key_file' is missing; add it"):
        load("esp32", {"board": "10.0.0.9:15556"})
    with pytest.raises(DriverMissing, match=r"board\.key cannot be read"):
        load("esp32", {"board": "10.0.0.9:15556", "key_file": str(board.folder / "board.key")})
    with pytest.raises(DriverMissing, match="write an address and a port"):
        load("esp32", {"board": "10.0.0.9", "key_file": board.key_file()})
    open_to_all = board.folder / "all.key"
    open_to_all.write_text("ab" * 32)
    open_to_all.chmod(0o644)
    with pytest.raises(DriverMissing, match=r"everybody can read .* chmod o="):
        load("esp32", {"board": "10.0.0.9:1", "key_file": str(open_to_all)})
