"""Whether the head that the node shows is the chain's present, judged without trusting either clock alone.

The wall clock says how old the head's timestamp is; it may be wrong (a Pi has no battery for its clock). The
monotonic clock says whether the head advances; it cannot be set, but knows nothing from before the start. A
head is fresh only if both agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of the chain, as a node shows it."""

    number: int
    timestamp: int
    """Unix seconds, from the signer that sealed it."""


class Freshness(Enum):
    """What the head says about the present."""

    FRESH = "fresh"
    """It advances, and its timestamp is near the wall clock."""

    STALE = "stale"
    """It is old by the wall clock: this node lags behind the others, or the clock is wrong."""

    STALLED = "stalled"
    """It has not advanced for too long: this node is cut off, or the signers are."""

    IN_THE_PAST = "in the past"
    """The wall clock is behind the head's timestamp: the clock of this host is wrong."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much deviation is normal."""

    stall: float
    """Seconds without a new head until it counts as stalled."""

    age: float
    """Seconds that a head's timestamp may lie behind the wall clock."""

    ahead: float = 15.0
    """Seconds that a head's timestamp may lie before the wall clock."""

    @classmethod
    def of(cls, period: int, signers: int = 3) -> Bounds:
        """Bounds for a chain with a block every `period` seconds.

        A signer that is gone costs its turn: the next one waits up to (signers // 2 + 1) · 0.5 s longer (the
        wiggle of EIP-225). Four periods and 5 s beside that are left for the network.
        """
        patience = 4 * period + 0.5 * (signers // 2 + 1) + 5
        return cls(stall=patience, age=patience + 5)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The head last seen, and since when it has been the head."""

    head: Head | None = None
    advanced: float | None = None
    """Monotonic seconds of its arrival; None until the head has been seen to advance.

    A first look cannot tell a head that came just now from one that has stood for hours."""


def observe(watch: Watch, head: Head, now: float) -> Watch:
    """Take a head that the node shows into account.

    Args:
        watch: what was known.
        head: what the node shows.
        now: monotonic seconds.
    """
    if watch.head is None:
        return Watch(head=head)
    if head.number > watch.head.number:
        return Watch(head=head, advanced=now)
    # The same head again, or a lower one after a reorganisation: neither is progress.
    return Watch(head=watch.head if head.number == watch.head.number else head, advanced=watch.advanced)


def judge(watch: Watch, bounds: Bounds, now: float, wall: float) -> Freshness:
    """What the head that was last seen says about the present.

    Args:
        watch: what was observed.
        bounds: how much deviation is normal.
        now: monotonic seconds.
        wall: Unix seconds of this host's clock.
    """
    if watch.head is None or watch.advanced is None or now - watch.advanced > bounds.stall:
        return Freshness.STALLED
    if watch.head.timestamp - wall > bounds.ahead:
        return Freshness.IN_THE_PAST
    if wall - watch.head.timestamp > bounds.age:
        return Freshness.STALE
    return Freshness.FRESH
