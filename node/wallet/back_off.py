"""How long a purpose rests after a transaction for it failed. Counted in blocks: no clock can bend it."""

from __future__ import annotations

FIRST = 4
"""Blocks after the first failure."""

LONGEST = 256
"""Blocks, at most."""


def rest(failures: int) -> int:
    """Blocks to rest after so many failures in a row."""
    return 0 if failures < 1 else min(FIRST << min(failures - 1, 16), LONGEST)
