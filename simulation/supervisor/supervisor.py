"""Keeps a set of processes running until told to end them all.

Each process leads a group of its own, as in systemd: when it dies, what it left behind in its group (a geth,
a worker) is killed before it starts again. The guard ends everything if this process is killed itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from simulation.supervisor import guard
from simulation.supervisor.child import Child, Command

PATIENCE = 3.2
"""Seconds between asking everything to stop and killing what has not."""

LAST_PATIENCE = 0.8
"""The same for what ends last."""

GONE = 0.3
"""Seconds that the kernel gets to end what was killed."""


class GaveUp(Exception):
    """A process says that its configuration is wrong; the message is its last line."""


class Supervisor:
    """Starts, watches and ends processes. For one thread."""

    def __init__(self) -> None:
        self.children: dict[str, Child] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(guard.__file__))],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def add(self, commands: Iterable[Command]) -> None:
        """Take over processes; they start with the next `step`."""
        for command in commands:
            if command.name in self.children:
                raise ValueError(f"there is a process {command.name!r} already")
            self.children[command.name] = Child(command=command)

    def step(self) -> list[str]:
        """Start what is due, notice what died; each death in words.

        Raises:
            GaveUp: a process says that its configuration is wrong.
        """
        ended = {n: code for n, process in self.processes.items() if (code := process.poll()) is not None}
        deaths = [self._bury(name, code) for name, code in ended.items()]
        for name, child in self.children.items():
            if child.is_due(time.monotonic()):
                self.children[name] = child.running(self._start(child.command), time.monotonic())
        return deaths

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send one process a signal, as a fault would; returns its pid.

        Raises:
            KeyError: it does not run.
        """
        process = self.processes[name]
        process.send_signal(number)
        return process.pid

    def stop(self) -> None:
        """End every process: asked first, killed after a few seconds. Returns when all are gone."""
        last = {name for name, child in self.children.items() if child.command.last}
        self._end([p for name, p in self.processes.items() if name not in last], PATIENCE)
        self._end([p for name, p in self.processes.items() if name in last], LAST_PATIENCE)
        self.processes.clear()
        self._end_guard()

    def _bury(self, name: str, code: int) -> str:
        """Note a death, and clear up after it."""
        self._clear(self.processes.pop(name).pid)
        child = self.children[name] = self.children[name].died(code, time.monotonic())
        said = last_line(child.command.log)
        if child.refused:
            raise GaveUp(f"{name}: {said}")
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}: {said}"
        return f"{name} {how}; starts again in {child.due - time.monotonic():.1f} s"

    def _end(self, processes: Sequence[subprocess.Popen[bytes]], patience: float) -> None:
        for process in processes:
            with suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + patience
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0.01))
            self._clear(process.pid)
            process.wait()
        gone = time.monotonic() + GONE
        while time.monotonic() < gone and any(guard.alive(process.pid) for process in processes):
            time.sleep(0.01)

    def _start(self, command: Command) -> int:
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as output:
            process = subprocess.Popen(
                command.arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **command.environment},
                start_new_session=True,
            )
        self.processes[command.name] = process
        self._tell_guard(f"+{process.pid}")
        return process.pid

    def _clear(self, group: int) -> None:
        """Kill what a dead process left behind in its group."""
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self._tell_guard(f"-{group}")

    def _tell_guard(self, line: str) -> None:
        assert self._guard.stdin is not None  # noqa: S101 - it was made with a pipe
        with suppress(BrokenPipeError):
            self._guard.stdin.write(f"{line}\n".encode())
            self._guard.stdin.flush()

    def _end_guard(self) -> None:
        assert self._guard.stdin is not None  # noqa: S101 - it was made with a pipe
        with suppress(BrokenPipeError):
            self._guard.stdin.close()
        self._guard.wait(guard.PATIENCE + 1)


def last_line(log_file: Path) -> str:
    """The last line that a process wrote."""
    try:
        lines = log_file.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
