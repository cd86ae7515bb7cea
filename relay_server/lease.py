"""How much a buyer may be behind with its vouchers, and how long a contact stays closed.

The bound: S − N ≤ f · S + P_max · (lease + sample lag), with S and N summed over the buyer's orders on one
contact (docs/architecture.md). It is held on the *true* energy, not on the last register: what may have
flowed since the sample, and what still may until the contact could be open, at most its rating, is added
before the comparison.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from quantities import Energy, Power
from relay_server.accounts import Account

LOOK = 0.1
"""Seconds from one look at a supply to the next, at most: the safety loop turns every 80 ms."""


class UnpaidLimits(Protocol):
    """The settings that the bound depends on; see `RelaySettings`."""

    @property
    def lease(self) -> float: ...  # noqa: D102
    @property
    def stale_meter(self) -> float: ...  # noqa: D102
    @property
    def unpaid_fraction(self) -> float: ...  # noqa: D102
    @property
    def follow(self) -> float: ...  # noqa: D102


def bound(owed: Energy, rating: Power, limits: UnpaidLimits) -> Energy:
    """The most that may stand open after S = `owed` was delivered."""
    return tolerance(owed, limits) + rating.over(limits.lease + limits.stale_meter)


def tolerance(owed: Energy, limits: UnpaidLimits) -> Energy:
    """What two honest meters may differ by."""
    return Energy(int(max(owed.mwh, 0) * limits.unpaid_fraction))


def uncounted(sample_age: float, limits: UnpaidLimits) -> float:
    """Seconds of supply that the meter cannot have shown by the time at which the contact could be open.

    Should this look find the gap too wide at the next one only, the contact still has `follow` to open in.
    """
    return max(sample_age, 0.0) + LOOK + limits.follow


def keeps_pace(account: Account, rating: Power, seconds: float, limits: UnpaidLimits) -> bool:
    """Whether the gap is within the bound, with what the meter has not counted.

    Args:
        seconds: for how long that may flow at the contact's rating: `uncounted`; 0 for an open feed.
    """
    unseen = rating.over(seconds)
    return account.gap + unseen <= bound(account.owed + unseen, rating, limits)


def judged(account: Account, rating: Power, limits: UnpaidLimits) -> Account:
    """Latch `unpaid` beyond the bound; release it once only the meters' tolerance is open.

    The step between the two keeps a debtor from paying a milliwatt-hour to take a milliwatt-hour.
    """
    if account.gap > bound(account.owed, rating, limits):
        return replace(account, unpaid=True)
    if account.unpaid and account.gap <= tolerance(account.owed, limits):
        return replace(account, unpaid=False)
    return account
