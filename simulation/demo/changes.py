"""Changes of settings that are asked for on the households' pages: done as on a host, where a unit watches.

The product's own command judges and writes; what it says has to start anew is started anew.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from node.changes.places import FOLDER
from simulation.demo.processes import program
from simulation.neighbourhood.folders import Neighbourhood
from simulation.supervisor import Supervisor

AGAIN = 5.0
"""Seconds after which a command that failed is tried again."""


@dataclass
class Changes:
    """What watches every household's folder of requests. For one thread; times are monotonic seconds."""

    neighbourhood: Neighbourhood
    _looked_at: dict[str, frozenset[str]] = field(default_factory=dict)
    """By household: the requests that were there when it was last applied."""

    _running: tuple[str, frozenset[str], subprocess.Popen[bytes]] | None = None
    _due: float = 0.0

    def look(self, supervisor: Supervisor) -> list[str]:
        """Do what is asked for, one household after the other; what came of it, in words."""
        told = []
        if self._running is not None and self._running[2].poll() is not None:
            told = self._ended(supervisor)
        if self._running is None and time.monotonic() >= self._due:
            self._begin()
        return told

    def close(self) -> None:
        """Leave nothing running."""
        if self._running is not None:
            self._running[2].kill()
            self._running[2].communicate()

    def _begin(self) -> None:
        for member in self.neighbourhood.scenario.members:
            waiting = names(self.neighbourhood.state(member.name) / FOLDER)
            if waiting - self._looked_at.get(member.name, frozenset()):
                configuration = str(self.neighbourhood.configuration(member.name))
                process = subprocess.Popen(
                    [program(), "config", "apply", "--json", "--config", configuration],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                self._running = (member.name, waiting, process)
                return

    def _ended(self, supervisor: Supervisor) -> list[str]:
        assert self._running is not None  # noqa: S101 - looked at before
        household, waiting, process = self._running
        self._running = None
        told, wrong = process.communicate()
        if process.returncode:
            self._due = time.monotonic() + AGAIN
            return [f"{household}: no settings applied: {wrong.decode(errors='replace').strip()}"]
        self._looked_at[household] = waiting
        changes = json.loads(told)["changes"]
        for unit in {unit for change in changes for unit in change["restart"]}:
            if f"{household}.{unit}" in supervisor.processes:
                supervisor.kill(f"{household}.{unit}", signal.SIGTERM)
        return [
            f"{household}: settings {change['outcome']}: {'; '.join(change['said'] or change['problems'])}"
            for change in changes
        ]


def names(folder: Path) -> frozenset[str]:
    """What lies in a folder; nothing where there is none."""
    try:
        return frozenset(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return frozenset()
