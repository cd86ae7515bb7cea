"""The firmware over TCP: what it says, what it switches, and what bad neighbours on the Wi-Fi can do."""

from __future__ import annotations

import importlib
import socket
import sys
import time
from contextlib import suppress

import pytest

from relay_server.drivers.esp32.client import BoardClient, BoardLost
from relay_server.drivers.esp32.frames import No, Path, Role, Status
from tests.integration.firmware.esp32.board_on_a_desk import Board, board
from tests.unit.firmware.esp32.made import LOOK, SWITCH
from tests.waiting import BUSY

__all__ = ["board"]


@pytest.fixture
def client(board: Board) -> BoardClient:
    return BoardClient(board.address, Role.SWITCH, SWITCH, timeout=2)


def hold(client: BoardClient, path: Path, seconds: float) -> Status:
    answer = client.close_path(path, time.monotonic() + seconds)
    assert isinstance(answer, Status)
    return answer


def test_it_supplies_receives_and_is_idle_again(board: Board, client: BoardClient) -> None:
    board.until(lambda: client.status().why == "boot" and client.status().up_ms > 250)
    hold(client, Path.SUPPLY, 3)
    board.until_closed("SUPPLY")
    assert client.status().path is Path.SUPPLY
    hold(client, Path.RECEIVE, 3)
    assert board.closed == "IDLE"
    board.until_closed("RECEIVE")
    assert client.idle().path is Path.IDLE
    assert board.closed == "IDLE"


def test_a_silent_owner_loses_the_path_within_his_lease(board: Board, client: BoardClient) -> None:
    hold(client, Path.SUPPLY, 0.8)
    began = time.monotonic()
    board.until_closed("SUPPLY")
    client.close()
    board.until_closed("IDLE")
    assert time.monotonic() - began <= 0.8 + BUSY


def test_it_measures_voltage_and_charge(board: Board, client: BoardClient) -> None:
    status = client.status()
    assert (status.voltage, status.soc, status.by, status.current) == (3_700, 4_166, "curve", None)


def test_the_longest_lease_is_the_boards(client: BoardClient) -> None:
    assert client.close_path(Path.SUPPLY, time.monotonic() + 60) == No("LEASE")


def test_a_wrong_key_is_told_from_a_right_one_by_both_sides(board: Board) -> None:
    with pytest.raises(BoardLost, match="does not know this key: compare the key file"):
        BoardClient(board.address, Role.SWITCH, b"x" * 32).idle()
    with pytest.raises(BoardLost, match="may look only"):
        BoardClient(board.address, Role.LOOK, LOOK).idle()
    assert BoardClient(board.address, Role.LOOK, LOOK).status().path is Path.IDLE


def test_a_recorded_conversation_is_worth_nothing(board: Board) -> None:
    recording: list[bytes] = []

    class Tapped(BoardClient):
        def _send(self, line: bytes) -> None:
            recording.append(line)
            super()._send(line)

    tapped = Tapped(board.address, Role.SWITCH, SWITCH, timeout=2)
    hold(tapped, Path.SUPPLY, 1)
    tapped.idle()
    assert len(recording) == 4
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", board.port), timeout=2) as thief:
            thief.sendall(b"".join(recording))
            said = b"".join(iter(lambda: thief.recv(4_096), b"")).splitlines()
        assert said[0].startswith(b"HELLO 1 ")
        assert said[1:] == [b"ERR SEAL"] * 3
        assert board.closed == "IDLE"
        board.reboot()


def test_after_a_reboot_it_is_idle_and_counts_it(board: Board, client: BoardClient) -> None:
    hold(client, Path.SUPPLY, 4)
    board.until_closed("SUPPLY")
    board.switch_off()
    assert board.closed == "IDLE"
    board.switch_on()
    with pytest.raises(BoardLost):
        client.status()
    assert (client.status().boot, client.status().why) == (2, "boot")
    time.sleep(0.4)
    assert board.closed == "IDLE"


def test_silent_slow_and_babbling_neighbours_keep_nobody_out(board: Board) -> None:
    crowd = [socket.create_connection(("127.0.0.1", board.port), timeout=5) for _ in range(12)]
    for number, each in enumerate(crowd[:8]):
        with suppress(OSError):
            each.sendall(b"\xff" * 5_000 if number % 2 else b"HELLO 1 switch ")
    client = BoardClient(board.address, Role.SWITCH, SWITCH, timeout=2)
    hold(client, Path.SUPPLY, 3)
    board.until_closed("SUPPLY")
    more = [socket.create_connection(("127.0.0.1", board.port), timeout=5) for _ in range(12)]
    for _ in range(10):
        assert hold(client, Path.SUPPLY, 3).path is Path.SUPPLY
    for each in (*crowd, *more):
        each.close()


def test_a_lost_wifi_is_joined_again(board: Board, client: BoardClient) -> None:
    board.until(lambda: board.network.joined)
    time.sleep(0.2)
    board.network.joined = False
    board.until(lambda: board.network.joined)


def test_a_shorted_pin_is_a_fault(board: Board, client: BoardClient) -> None:
    hold(client, Path.SUPPLY, 4)
    board.until_closed("SUPPLY")
    board.machine.shorted[26] = 0
    board.until_closed("IDLE")
    assert client.status().fault == "pin"
    assert client.close_path(Path.SUPPLY, time.monotonic() + 2) == No("FAULT")
    board.machine.shorted.clear()
    assert client.clear().fault is None


def test_a_divider_that_came_off_opens(board: Board, client: BoardClient) -> None:
    hold(client, Path.SUPPLY, 4)
    board.until_closed("SUPPLY")
    board.machine.millivolts[34] = None
    board.until_closed("IDLE")
    assert client.status().voltage is None
    assert client.close_path(Path.SUPPLY, time.monotonic() + 2) == No("BLIND")
    board.machine.millivolts[34] = 0
    board.until(lambda: client.status().fault == "under")


@pytest.mark.parametrize("settings", ["{", '{"wifi": {}}', None])
def test_with_broken_settings_it_stays_idle_and_says_what_to_mend(
    board: Board, settings: str | None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    board.switch_off()
    file = board.folder / "settings.json"
    file.unlink() if settings is None else file.write_text(settings)
    main = importlib.import_module("main")

    def enough(milliseconds: int) -> None:
        raise board.machine.PowerCut

    monkeypatch.setattr(sys.modules["board"], "pause", enough)
    with pytest.raises(board.machine.PowerCut):
        main.main()
    assert "pathboard: IDLE: settings.json cannot be used: " in capfd.readouterr().out
    assert board.closed == "IDLE"
