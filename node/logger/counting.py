"""A device's own energy counter, read as a total that never falls and never jumps.

Counters go back to zero when a device is reset, start elsewhere when it is replaced, and roll over at their
end. From one reading to the next a counter adds what a meter of its rating can have seen in the time between;
anything else is a restart, from where counting goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from quantities.energy import SECONDS_PER_HOUR

SLACK_SECONDS = 60.0
"""Added to the time between two readings: coarse counters move in steps."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The counter went on."""

    energy: int
    """mWh."""


@dataclass(frozen=True, slots=True)
class Restarted:
    """The counter is not the one of before, or began anew: nothing can be said about the time between."""

    was: int
    now: int


def counted(was: int, now: int, elapsed: float, rating: int, rollover: int | None) -> Counted | Restarted:
    """What a counter added between two readings.

    Args:
        was: mWh, the earlier reading.
        now: mWh, the later one.
        elapsed: seconds between them.
        rating: mW, the most that the meter can see.
        rollover: mWh at which the counter begins again at zero; None if it does not.
    """
    most = rating * (max(elapsed, 0.0) + SLACK_SECONDS) / SECONDS_PER_HOUR
    if now >= was:
        added = now - was
    elif rollover is not None and was <= rollover:
        added = rollover - was + now
    else:
        return Restarted(was, now)
    return Counted(added) if added <= most else Restarted(was, now)
