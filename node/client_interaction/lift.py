"""Whether what is left of an order lifts the battery to `resume`, going by what it has gained so far. Pure.

Not all that comes in over the tie stays in the battery: the household goes on living. How much stays is not
asked of anybody; it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from node.client_interaction.situation import Policy, Situation
from node.client_interaction.trade import Trade
from quantities import SoC

TELLING = 20
"""What flowed tells something once it is this part of the battery: a twentieth is more than the noise of any
state of charge, and of samples that are a second apart."""

SHORT = 10
"""It may fall short of `resume` by this part of the way from `limit`: a household that goes home at 57 %
instead of 60 needs nothing for long; one whose next order is supplied for a second asks what it was for."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Battery and meter at one moment of a supply."""

    soc: SoC
    forward: int
    """mWh, by the tie's meter."""

    @classmethod
    def of(cls, s: Situation) -> Self | None:
        """As they stand; None while one of them is not known."""
        if s.battery is None or s.meter is None:
            return None
        return cls(soc=s.battery.soc, forward=s.meter.forward)


def lifts(s: Situation, policy: Policy, current: Trade, start: Start | None) -> bool:
    """Whether the rest of the running order will do. Where that cannot be told, it will not.

    Args:
        start: of this supply.
    """
    now = Start.of(s)
    if now is None or start is None or current.baseline is None:
        return False
    received, gained = now.forward - start.forward, now.soc.value - start.soc.value
    if received <= 0 or received * TELLING < policy.capacity.mwh:
        return False
    left = current.baseline + current.energy.mwh - now.forward
    resume, limit = policy.trading.resume.value, policy.trading.limit.value
    return now.soc.value + left * gained / received >= resume - (resume - limit) / SHORT
