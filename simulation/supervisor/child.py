"""One supervised process: what it is, how often it died, when it may start again. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

FIRST_PAUSE = 0.25
"""Seconds before the first restart."""

LONGEST_PAUSE = 8.0
HEALTHY = 20.0
"""Seconds after which a process that dies has earned a quick restart again."""

REFUSALS = frozenset({64, 78})
"""Exit codes of a wrong command line and a wrong configuration: trying again does not help."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """How to start one process."""

    name: str
    """Unique: "birch.relay"."""

    arguments: tuple[str, ...]
    log: Path
    """Where its output goes."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """On top of the supervisor's own."""

    last: bool = False
    """Ends after all others: they need it to end in order."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process at one moment. Times are monotonic seconds."""

    command: Command
    pid: int | None = None
    """None while it does not run."""

    started: float = 0.0
    starts: int = 0
    pause: float = FIRST_PAUSE
    due: float = 0.0
    """When it may start (again)."""

    refused: bool = False
    """It said that its command line or its configuration is wrong."""

    def running(self, pid: int, now: float) -> Child:
        """It was started."""
        return replace(self, pid=pid, started=now, starts=self.starts + 1)

    def died(self, code: int, now: float) -> Child:
        """It ended by itself: start again after a pause, which doubles when it lived only shortly."""
        lived = now - self.started
        pause = FIRST_PAUSE if lived > HEALTHY else min(self.pause, LONGEST_PAUSE)
        return replace(
            self,
            pid=None,
            due=now + pause,
            pause=min(pause * 2, LONGEST_PAUSE),
            refused=code in REFUSALS,
        )

    def is_due(self, now: float) -> bool:
        """Whether to start it now."""
        return self.pid is None and not self.refused and now >= self.due
