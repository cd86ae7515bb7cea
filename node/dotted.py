"""How a key of the configuration is named in messages."""

from __future__ import annotations

from collections.abc import Sequence


def dotted(key: Sequence[str | int]) -> str:
    """A key with its names and positions: `relay.feeds[0].pin`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")
