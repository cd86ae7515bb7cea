"""What has to last before it counts: an overload, a dead line. And what is left of a time, for the wire."""

from __future__ import annotations


def since(before: float | None, holds: bool, moment: float) -> float | None:
    """Since when something holds without a break; None: it does not hold.

    Args:
        before: what this answered the last time.
        moment: of this look, or of the sample that shows it.
    """
    if not holds:
        return None
    return moment if before is None else before


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, never below nothing, never more than is left."""
    return max(int(seconds * 1_000), 0)
