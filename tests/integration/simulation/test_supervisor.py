"""The supervisor with trivial children of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulation.supervisor import Command, GaveUp, Supervisor, memory, ports
from tests.waiting import BUSY, PATIENCE

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
PARENT = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]).wait())"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    running = Supervisor()
    yield running
    running.stop()


def python(folder: Path, name: str, program: str) -> Command:
    return Command(name=name, arguments=(sys.executable, "-c", program), log=folder / f"{name}.log")


def eventually(true: Callable[[], bool], supervisor: Supervisor | None = None) -> bool:
    until = time.monotonic() + PATIENCE
    while not true():
        if supervisor is not None:
            supervisor.step()
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def exists(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_what_was_killed_runs_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.add([python(tmp_path, "a", SLEEPER)])
    supervisor.step()
    first = supervisor.kill("a")
    assert eventually(lambda: supervisor.children["a"].starts == 2, supervisor)
    assert supervisor.processes["a"].pid != first


def test_what_a_killed_process_left_behind_is_gone_before_it_runs_again(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.add([python(tmp_path, "a", PARENT)])
    supervisor.step()
    assert eventually(lambda: bool(memory.descendants(supervisor.processes["a"].pid)))
    [orphan] = memory.descendants(supervisor.processes["a"].pid)
    supervisor.kill("a")
    assert eventually(lambda: supervisor.children["a"].starts == 2, supervisor)
    assert eventually(lambda: not exists(orphan))


def test_a_wrong_configuration_ends_it_with_the_process_last_line(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.add([python(tmp_path, "a", "print('relay.listen: no such address'); raise SystemExit(78)")])
    with pytest.raises(GaveUp, match=r"a: relay\.listen: no such address"):
        eventually(lambda: False, supervisor)


def test_stopping_leaves_nothing_behind_within_five_seconds(tmp_path: Path) -> None:
    running = Supervisor()
    running.add(
        [python(tmp_path, "a", SLEEPER), python(tmp_path, "b", STUBBORN), python(tmp_path, "c", PARENT)]
    )
    running.step()
    assert eventually(lambda: (tmp_path / "b.log").read_text() == "up\n")
    assert eventually(lambda: bool(memory.descendants(running.processes["c"].pid)))
    pids = [process.pid for process in running.processes.values()]
    pids += memory.descendants(running.processes["c"].pid)
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 5 + BUSY
    assert not any(exists(pid) for pid in pids)


def test_nothing_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    program = f"""
import sys, time
from pathlib import Path
from simulation.supervisor import Command, Supervisor
running, folder = Supervisor(), Path({str(tmp_path)!r})
for name, code in (("a", {SLEEPER!r}), ("b", {PARENT!r}), ("c", {STUBBORN!r})):
    running.add([Command(name=name, arguments=(sys.executable, "-c", code), log=folder / name)])
running.step()
time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", program])
    assert eventually(lambda: len(memory.descendants(process.pid)) == 5)
    assert eventually(lambda: (tmp_path / "c").read_text() == "up\n")
    pids = memory.descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert eventually(lambda: not any(exists(pid) for pid in pids))


def test_a_taken_port_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.8.9", 0))
        listener.listen()
        port = listener.getsockname()[1]
        [found] = ports.taken([("127.0.8.9", port)])
        assert found.startswith(f"127.0.8.9:{port} (")
    assert ports.taken([("127.0.8.9", port)]) == []


def test_memory_counts_children_by_program(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.add([python(tmp_path, "a", PARENT)])
    supervisor.step()
    pid = supervisor.processes["a"].pid
    assert eventually(lambda: bool(memory.descendants(pid)))
    used = memory.group(pid)
    assert set(used) == {"python"}
    assert used["python"].rss > memory.of(pid).rss > 1_000
    assert 0 < used["python"].pss <= used["python"].rss
