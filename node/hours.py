"""Days and hours in which a price rule holds, also past midnight: pure."""

from __future__ import annotations

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MINUTES = 24 * 60


def began(after: int | None, before: int | None, minute: int) -> int | None:
    """Whether the hours hold at this minute of the day, and on which day they began: 0 today, −1 yesterday.

    Args:
        after: first minute of the day in which they hold; None: midnight.
        before: first minute in which they hold no more, on the next day if it is not later; None: midnight.

    Returns:
        None: they do not hold.
    """
    first, end = after or 0, MINUTES if before is None else before
    if first < end:
        return 0 if first <= minute < end else None
    if minute >= first:
        return 0
    return -1 if minute < end else None


def written(minute: int) -> str:
    """A minute of the day as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"
