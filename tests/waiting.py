"""How long tests wait. No test here asks how fast the machine is, which may be busy with several at once."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 90.0
"""Seconds to wait for what must happen."""

BUSY = 5.0
"""Seconds that a busy machine may add to what has to happen within a given time."""


def eventually(condition: Callable[[], object], what: str, within: float = PATIENCE) -> None:
    """Wait until something is true; fail with what it was."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        time.sleep(0.02)
