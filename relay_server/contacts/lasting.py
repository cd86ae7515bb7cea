"""What has to last before it counts: an overload, a dead line, a contact that does not follow."""

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
