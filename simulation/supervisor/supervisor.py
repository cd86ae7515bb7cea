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
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from simulation.supervisor import guard
from simulation.supervisor.child import Child, Command

log = structlog.get_logger()

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

    def step(self) -> None:
        """Start what is due, notice what died.

        Raises:
            GaveUp: a process says that its configuration is wrong.
        """
        for name, process in list(self.processes.items()):
            if (code := process.poll()) is not None:
                self._buried(name, code)
        for name, child in self.children.items():
            if child.is_due(time.monotonic()):
                self.children[name] = child.running(self._start(child.command), time.monotonic())

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
        self._end({name: p for name, p in self.processes.items() if name not in last}, PATIENCE)
        self._end({name: p for name, p in self.processes.items() if name in last}, LAST_PATIENCE)
        self.processes.clear()
        self._end_guard()

    def _buried(self, name: str, code: int) -> None:
        """Note a death, and clear up after it."""
        self._clear(self.processes.pop(name).pid)
        child = self.children[name] = self.children[name].died(code, time.monotonic())
        log.warning("child.died", name=name, code=code, starts=child.starts)
        if child.refused:
            raise GaveUp(f"{name}: {last_line(child.command.log)}")

    def _end(self, processes: Mapping[str, subprocess.Popen[bytes]], patience: float) -> None:
        for process in processes.values():
            with suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + patience
        for name, process in processes.items():
            try:
                process.wait(max(until - time.monotonic(), 0.01))
            except subprocess.TimeoutExpired:
                log.warning("child.killed", name=name)
            self._clear(process.pid)
            process.wait()
        gone = time.monotonic() + GONE
        while time.monotonic() < gone and any(guard.alive(process.pid) for process in processes.values()):
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
