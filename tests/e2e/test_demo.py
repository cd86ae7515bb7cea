"""How the demo begins and ends: what it refuses, what it leaves behind (nothing)."""

import signal
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from simulation.demo import processes
from simulation.demo.errors import DemoRefused
from simulation.neighbourhood import plan
from simulation.supervisor import ports
from tests.e2e.demo_run import DemoRun, eventually, processes_of
from tests.waiting import BUSY, PATIENCE

READY = "everything started"

try:
    processes.geth()
    MISSING = ""
except DemoRefused as error:
    MISSING = str(error)

needs_geth = pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} (or `python -m chain.geth`)")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[DemoRun]]:
    """Demos that a test started: killed, if it could not end them."""
    running: list[DemoRun] = []
    yield running
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


@needs_geth
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_demo_ends(tmp_path: Path, started: list[DemoRun], number: int) -> None:
    folder = tmp_path / "kept"
    run = DemoRun(tmp_path, "127.0.8.31", "--households", "2", "--keep", str(folder))
    started.append(run)
    run.until(READY, PATIENCE)
    assert len(processes_of(folder)) >= 2 * 5
    assert run.end(number) < 5 + BUSY
    assert eventually(lambda: not processes_of(folder), seconds=5 + BUSY), processes_of(folder)
    assert ports.taken(processes.endpoints(plan(2, first=IPv4Address("127.0.8.31")))) == []
    if number != signal.SIGKILL:
        assert run.process.returncode == 0, run.output


def test_a_taken_port_is_one_clear_line(tmp_path: Path, started: list[DemoRun]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.8.42", 8080))
        other.listen()
        run = DemoRun(tmp_path, "127.0.8.41")
        started.append(run)
        assert run.wait(PATIENCE) == 69
    [line] = run.output.splitlines()
    assert "127.0.8.42:8080" in line


def test_a_folder_in_use_is_not_touched(tmp_path: Path, started: list[DemoRun]) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "thesis.txt").write_text("mine")
    run = DemoRun(tmp_path, "127.0.8.51", "--keep", str(tmp_path / "kept"))
    started.append(run)
    assert run.wait(PATIENCE) == 69
    assert "is not empty" in run.output


@needs_geth
def test_trades_that_do_not_come_end_it_with_the_reason(tmp_path: Path, started: list[DemoRun]) -> None:
    run = DemoRun(tmp_path, "127.0.8.61", "--households", "2", "--trades", "1", "--timeout", "5s")
    started.append(run)
    assert run.wait(PATIENCE) == 1
    assert "0 of 1 trades settled in 5 s: Alder" in run.output
