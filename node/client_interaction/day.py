"""The household's day, by its own clock and time zone: what the daily budget is reckoned in."""

from __future__ import annotations

import time


def midnight(wall: float) -> float:
    """The beginning of the day to which a moment belongs, both in Unix seconds.

    A day in which the clock is put forward or back has 23 or 25 hours.
    """
    day = time.localtime(wall)
    return time.mktime((day.tm_year, day.tm_mon, day.tm_mday, 0, 0, 0, 0, 0, -1))
