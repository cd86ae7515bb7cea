"""Installation day, as the installer sees it: a real command, simulated contacts behind real drivers."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulation.world import spec
from simulation.world.client import WorldClient
from tests.integration.chain_node import short_directory
from tests.integration.cli.household import Home, line, settled
from tests.unit.simulation.bench_of_two import FEED_PIN, bench
from tests.waiting import PATIENCE, eventually

HOST = "127.0.5.9"


@dataclass(frozen=True)
class World:
    """A running one, of which one contact is the household's feed."""

    socket: Path
    process: subprocess.Popen[bytes]


@pytest.fixture
def world() -> Iterator[World]:
    with short_directory() as short:
        (short / "world.json").write_text(spec.dump(bench()))
        command = [sys.executable, "-m", "simulation.world", "--spec", str(short / "world.json")]
        command += ["--socket", str(short / "world.sock"), "--folder", str(short / "state")]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            client = WorldClient(str(short / "world.sock"), patience=10)
            client.ask("truth")
            yield World(socket=short / "world.sock", process=process)
            client.close()
            process.terminate()


@pytest.fixture
def home(tmp_path: Path, world: World) -> Home:
    """A seller at this world."""
    made = settled(tmp_path, HOST)
    made.change(
        relay={
            "listen": f"{HOST}:15555",
            "pins": {"driver": "simulated", "world": str(world.socket), "household": "alder"},
            "feeds": [{"contact": 1, "pin": FEED_PIN, "meter": "feed-1"}],
        }
    )
    return made


def test_a_contact_that_follows_is_told_move_by_move(home: Home) -> None:
    answer = home.run("relay", "try", "1", "--yes", "--hold", "0.1")
    assert answer.code == 0, answer.err
    first, second, last = answer.out.splitlines()
    assert first.startswith("contact 1 energised: its auxiliary contact follows after")
    assert second.startswith("contact 1 released: its auxiliary contact follows after")
    assert last == "every coil is released"


def test_nothing_moves_before_somebody_has_said_that_it_is_safe(home: Home) -> None:
    command = line(home, ("relay", "try", "1"))
    asked = subprocess.run(
        command, input="n\n", capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert asked.returncode == 130
    assert "hands off the wires?" in asked.stdout
    assert "energised" not in asked.stdout


def test_a_running_relay_server_is_not_interfered_with(home: Home) -> None:
    with home.running("relay", "run"):
        eventually(lambda: "is not ready" in home.run("relay", "state").err, "a relay that answers")
        answer = home.run("relay", "try", "1", "--yes")
    assert answer.code == 69
    assert "another relay runs here" in answer.complaint


def test_a_lost_session_ends_the_trial_in_good_order(home: Home) -> None:
    command = line(home, ("relay", "try", "1", "--yes", "--hold", "30"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as trial:
        assert trial.stdout is not None
        assert "energised" in trial.stdout.readline()
        trial.send_signal(signal.SIGHUP)
        assert trial.wait(PATIENCE) == 130


def test_a_driver_that_hangs_is_told_in_place_of_a_wait_for_ever(home: Home, world: World) -> None:
    command = line(home, ("relay", "try", "1", "--yes", "--hold", "2"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as trial:
        assert trial.stdout is not None
        assert "energised" in trial.stdout.readline()
        world.process.send_signal(signal.SIGSTOP)
        try:
            said, complaint = trial.communicate(timeout=PATIENCE)
        finally:
            world.process.send_signal(signal.SIGCONT)
    assert trial.returncode == 69
    assert "contact 1 released: its output cannot be driven: the pin driver hangs" in said
    assert "switch the coils' supply off" in complaint
    assert "every coil is released" not in said


def test_wear_is_counted_and_shown(home: Home) -> None:
    assert home.run("relay", "wear").code == 69, "no relay has run yet"
    with home.running("relay", "run"):
        eventually(lambda: "is not ready" in home.run("relay", "state").err, "a relay that answers")
    answer = home.run("relay", "wear")
    assert answer.code == 0
    assert "starts: 1" in answer.out
    assert "0 of 100000 operations" in answer.out
