"""Where requests and answers are, in the state folder, and a word that changes with them."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

FOLDER = "changes"
"""Of the requests: the pages write."""

FILE = "settings.db"
"""Of the answers: who applies them writes."""

NAMES = 32
"""Requests looked at."""


def trace(state: Path) -> str:
    """Changes with what is asked for, what came of it, and each five seconds while something is asked for."""
    waiting: list[str] = []
    with suppress(OSError):
        waiting = sorted(entry.name for entry in (state / FOLDER).iterdir())[:NAMES]
    found: list[object] = list(waiting)
    for name in (FILE, f"{FILE}-wal"):
        with suppress(OSError):
            facts = (state / FILE).resolve().with_name(name).stat()
            found.append((facts.st_mtime_ns, facts.st_size))
    if waiting:
        found.append(time.time() // 5)
    return f"{hash(tuple(found)) & 0xFFFFFFFF:x}"
