"""How the spool does: `run/spool.json`, written by the logger at each sync. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from store import snapshot

FILE = "spool.json"


@dataclass(frozen=True, kw_only=True)
class Status:
    """What waits for the store, and what could not be kept."""

    waiting: int
    """Samples that are not stored yet."""

    oldest: float | None = None
    """When the oldest of them was taken; None: there are none."""

    since: float | None = None
    """Since when the store does not take them; None: it does."""

    reason: str | None = None
    """Why not."""

    dropped: int = 0
    """Samples that had to go, ever: the spool was full."""

    dropped_at: float | None = None
    """When the last did."""


def write(run: Path, status: Status) -> None:
    """Publish it.

    Raises:
        Unwritable: the folder cannot be written.
    """
    snapshot.write(run / FILE, asdict(status))


def read(run: Path) -> Status | None:
    """What the logger last published since the host was booted; None if it did not."""
    found = snapshot.read(run / FILE)
    try:
        return None if found is None else Status(**found.fields)
    except TypeError:
        return None
