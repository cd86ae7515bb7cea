"""What honest figures may differ by, in mWh, and why. docs/reconciliation.md explains each number."""

from __future__ import annotations

from dataclasses import dataclass

RESOLUTION = 5
"""mWh. Registers count whole milliwatt-hours; two meters' difference has four of them, and one to spare."""

LINE_LOSS = 0.05
"""Of what was sent: the voltage drop that IEC 60364-5-52 (annex G) allows from the origin to a load."""

CREEP = 0.10
"""Beyond this a consistent difference is no drift of an instrument any more."""

SEVERAL = 4
"""Trades after which a difference in the same direction is called systematic."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The household's settings that tolerance depends on."""

    fraction: float = 0.03
    """Of what the seller's meter counted: both meters' class together, `relay.unpaid_fraction`."""

    sample: float = 1.0
    """Seconds between two samples."""

    keep: float = 3.0
    """Seconds between two vouchers."""

    unanswered: float = 5.0
    """Seconds without an answer after which a buyer goes home."""

    lease: float = 10.0
    stale: float = 3.0
    """Seconds: the design's bound of unpaid energy."""

    save: float = 15.0
    """Seconds of vouchers that a power cut at the seller may lose."""

    rating: int = 300_000
    """mW, of the contact."""

    settle: float = 900.0
    """Seconds after its end in which an order is settled."""


def over(limits: Limits, seconds: float) -> int:
    """What flows at the contact's rating in some seconds."""
    return -int(-limits.rating * seconds // 3_600)


def meters(limits: Limits, counted: int) -> int:
    """Two meters that were read with their contacts open: f · S + resolution."""
    return int(limits.fraction * max(counted, 0)) + RESOLUTION


def running(limits: Limits, counted: int) -> int:
    """Two meters that were read while energy flowed, each sample up to a period old: that, and P · sample."""
    return meters(limits, counted) + over(limits, limits.sample)


def line(counted: int) -> int:
    """What a line may lose beyond that."""
    return int(LINE_LOSS * max(counted, 0))


def unsigned(limits: Limits) -> int:
    """What a buyer's meter counts after its last voucher: P · (keep + unanswered + sample)."""
    return over(limits, limits.keep + limits.unanswered + limits.sample) + RESOLUTION


def unpaid(limits: Limits, counted: int) -> int:
    """The bound of the design: f · S + P · (lease + stale)."""
    return int(limits.fraction * max(counted, 0)) + over(limits, limits.lease + limits.stale)


def lost(limits: Limits) -> int:
    """Vouchers that a seller may have lost: a power cut's, or the last that never arrived."""
    return over(limits, limits.save + limits.keep)
