"""The command for installation day, as a person runs it."""

from __future__ import annotations

import subprocess
import sys

from tests.integration.firmware.esp32.board_on_a_desk import Board, board
from tests.waiting import PATIENCE

__all__ = ["board"]


def by_hand(board: Board, *words: str, key_file: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "relay_server.drivers.esp32", board.address]
    key = ["--key-file", key_file or board.key_file()]
    while True:
        done = subprocess.run(
            [*command, *key, *words], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        if "no answer in time" not in done.stderr:  # a board on a busy machine: one asks again
            return done


def test_it_tells_how_the_board_stands(board: Board) -> None:
    told = by_hand(board, "status")
    assert told.returncode == 0
    assert told.stdout.startswith("IDLE (boot), lease 0 ms, 3.700 V, 41.7 % by curve; up ")
    looking = by_hand(board, "status", "--role", "look", key_file=board.key_file("look"))
    assert looking.returncode == 0


def test_it_supplies_for_so_long_and_leaves_the_board_idle(board: Board) -> None:
    for seconds in (1.2, 12, 60):  # a busy machine needs some of them until the path is closed
        told = by_hand(board, "supply", "--seconds", f"{seconds}")
        supplied = "SUPPLY (asked)" in told.stdout
        if supplied:
            break
    assert supplied, told
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[-1].startswith("IDLE (")
    assert {pin for pin, level in board.machine.record if level} == {26}
    assert board.closed == "IDLE"


def test_a_refusal_a_wrong_key_and_no_key_have_exit_codes_of_their_own(board: Board) -> None:
    board.machine.millivolts[34] = 1_450
    board.until(lambda: "refused: EMPTY" in by_hand(board, "supply").stderr)
    assert by_hand(board, "supply").returncode == 1
    wrong = by_hand(board, "status", key_file=board.key_file("wrong", b"w" * 32))
    assert (wrong.returncode, "does not know this key" in wrong.stderr) == (69, True)
    none = by_hand(board, "status", key_file="/nowhere")
    assert (none.returncode, "cannot be read" in none.stderr) == (78, True)
