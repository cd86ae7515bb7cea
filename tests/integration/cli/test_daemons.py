"""Processes as systemd starts and stops them."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import urllib3

from node.dapp.users import set_password
from tests.integration.chain_node import short_directory
from tests.integration.cli.household import Home, settled
from tests.waiting import BUSY, eventually

HOST = "127.0.5.3"
PROMPT = 3.0 + BUSY
"""Seconds within which every daemon ends after SIGTERM."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return settled(tmp_path, HOST)


def answers(url: str) -> bool:
    """Whether a page is served."""
    try:
        return urllib3.request("GET", url, retries=False, timeout=1.0, redirect=False).status < 500
    except urllib3.exceptions.HTTPError:
        return False


def test_the_logger_runs_without_its_sensors_and_stops_at_once(home: Home) -> None:
    with home.running("logger", "run") as logger:
        eventually(lambda: any((home.folder / "state").glob("*.db")), "its readings")
        logger.send_signal(signal.SIGTERM)
        assert logger.wait(PROMPT) == 0


def test_the_pages_are_served_and_end_at_once(home: Home) -> None:
    set_password(home.folder / "state")
    with home.running("dapp", "run") as dapp:
        eventually(lambda: answers(f"http://{HOST}:8080/"), "a page")
        dapp.send_signal(signal.SIGTERM)
        assert dapp.wait(PROMPT) == 0


def test_a_new_password_is_shown_once(home: Home) -> None:
    answer = home.run("dapp", "password")
    assert answer.code == 0
    assert "password: " in answer.out
    assert answer.out != home.run("dapp", "password").out


def test_the_sealer_holds_its_socket_and_removes_it(home: Home) -> None:
    with short_directory() as short:
        socket = short / "seal"
        seal = {"keystore": "key.json", "password_file": "key.password", "socket": str(socket)}
        home.change(chain={"node": {"listen": f"{HOST}:30303", "seal": seal}})
        with home.running("chain", "seal") as sealer:
            eventually(socket.exists, "its socket")
            sealer.send_signal(signal.SIGTERM)
            assert sealer.wait(PROMPT) == 0
        assert not socket.exists()


def test_the_doctor_says_what_to_start(home: Home) -> None:
    answer = home.run("doctor")
    assert answer.code == 1
    assert "✓ config" in answer.out
    assert "✗ chain" in answer.out
    assert "→ start it" in answer.out
