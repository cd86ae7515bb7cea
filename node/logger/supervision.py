"""When a sensor is started, asked, given up and tried again: pure decisions, with time as an argument.

A device that does not answer once or twice is asked again at the next sample. One that keeps failing, or
whose driver breaks or hangs, is closed and started anew after a back-off that doubles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from node.sensors.status import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a sensor is waited for."""

    read: float = 2.0
    """Seconds a read may take: less than the 3 s after which a meter counts as stale."""

    start: float = 10.0
    """Seconds that opening the device and its first read may take."""

    tolerated: int = 2
    """Failed reads in a row before the driver is started anew."""

    first: float = 1.0
    """Seconds of the first back-off."""

    longest: float = 15.0
    """Seconds of the longest: a device that is plugged in again is soon found."""


class Act(Enum):
    """What is to be done about a sensor now."""

    WAIT = auto()
    START = auto()
    ASK = auto()
    ABANDON = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What supervision knows about one sensor. Times are monotonic seconds."""

    running: bool = False
    """A driver is open or being opened."""

    answered: bool = False
    """This driver has measured at least once."""

    asked: float | None = None
    """Since when an answer is outstanding."""

    failures: int = 0
    """In a row."""

    not_before: float = 0.0
    """When it may be started again."""


def decide(watch: Watch, now: float, patience: Patience, *, sample_due: bool) -> Act:
    """What to do about a sensor now."""
    if watch.asked is not None:
        allowed = patience.read if watch.answered else patience.start
        return Act.ABANDON if now - watch.asked > allowed else Act.WAIT
    if not sample_due:
        return Act.WAIT
    if watch.running:
        return Act.ASK
    return Act.START if now >= watch.not_before else Act.WAIT


def state(watch: Watch, *, fresh: bool) -> State:
    """What a sensor is said to do.

    Args:
        fresh: its newest believed sample is young enough to be live.
    """
    if not watch.answered:  # of a driver that was given up as well
        return State.FAILED if watch.failures else State.STARTING
    return State.LIVE if fresh else State.STALE


def asked(watch: Watch, now: float) -> Watch:
    """The sensor was started, or asked for a sample."""
    return replace(watch, running=True, asked=now)


def measured(watch: Watch) -> Watch:
    """The sensor answered with sense."""
    return replace(watch, asked=None, answered=True, failures=0)


def waiting(watch: Watch) -> Watch:
    """The driver is well and waits for its device: it is asked again, and not started anew."""
    return replace(watch, asked=None, failures=0)


def failed(watch: Watch, now: float, patience: Patience, *, broken: bool) -> Watch:
    """The sensor answered with an error or with nonsense, or not at all.

    Args:
        broken: the driver itself is of no more use: it could not be opened, broke or hangs.

    Returns:
        A watch whose `running` says whether the driver is kept.
    """
    failures = watch.failures + 1
    if not broken and failures <= patience.tolerated:
        return replace(watch, asked=None, failures=failures)
    restarts = max(failures - (0 if broken else patience.tolerated), 1)
    pause = min(patience.first * 2 ** min(restarts - 1, 16), patience.longest)
    return Watch(failures=failures, not_before=now + pause)
