"""Runs the demo as a user does, on addresses of the test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.waiting import PATIENCE


class DemoRun:
    """One `commonwatt demo` process. Its output is in `output`."""

    def __init__(self, folder: Path, address: str, *arguments: str) -> None:
        self.folder = folder
        self.log = folder / "demo.log"
        program = Path(sys.executable).with_name("commonwatt")
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [str(program), "demo", "--headless", "--address", address, *arguments],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait(self, seconds: float) -> int:
        return self.process.wait(seconds)

    def until(self, text: str, seconds: float) -> None:
        """Wait for a text in the output."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"no {text!r} within {seconds} s:\n{self.output}"
            time.sleep(0.1)

    def end(self, number: int = signal.SIGINT) -> float:
        """Send a signal; returns the seconds until the demo is gone."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        return time.monotonic() - began


def processes_of(folder: Path) -> dict[int, str]:
    """Every living process with this folder on its command line, or its log there (a lean process names no
    file), by pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            log = (entry / "fd" / "2").readlink()
        except OSError:
            continue
        if str(folder) in command or log.is_relative_to(folder):
            found[int(entry.name)] = command
    return found


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
