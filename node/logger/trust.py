"""Whether a sensor lies: what it says is held against what it said before. Pure decisions.

Three lies are known. *Out of range*: a voltage that the household cannot have. *Frozen*: a device that shows
the very same for minutes has stopped measuring, though it answers. *A jump*: a value that nothing real can
reach within a sample is a flipped bit, unless the next sample says it again; a real change of that size is
believed one sample later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from node.logger.observation import Observation

if TYPE_CHECKING:
    from node.sensors.settings import SensorSettings

SOC_JUMP = 2_000
"""Hundredths of a percent: no battery of a household gains or loses so much within a minute."""

SOC_JUMP_WITHIN = 60.0
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is known about a sensor beforehand."""

    rating: int
    """mW. A swing of more than that from one sample to the next is a jump."""

    lowest_voltage: int | None = None
    highest_voltage: int | None = None
    frozen_after: float | None = None

    @classmethod
    def of(cls, settings: SensorSettings) -> Bounds:
        """As the configuration has them."""
        return cls(
            rating=settings.rating.mw,
            lowest_voltage=settings.lowest_voltage,
            highest_voltage=settings.highest_voltage,
            frozen_after=settings.frozen_after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a sensor said until now."""

    last: Observation | None = None
    """What was last believed."""

    doubted: Observation | None = None
    """A jump that the next sample may confirm."""

    same_since: float | None = None
    """Boottime seconds since when it shows what it shows."""


def judge(trust: Trust, seen: Observation, bounds: Bounds) -> tuple[Trust, str | None]:
    """Whether to believe a sample.

    Returns:
        The trust after it, and the lie, or None.
    """
    same = trust.last is not None and _shown(trust.last) == _shown(seen)
    since = trust.same_since if same and trust.same_since is not None else seen.at
    trust = replace(trust, same_since=since)
    lie = _out_of_range(seen.voltage, bounds) or _frozen(seen, since, bounds)
    if lie:
        return replace(trust, doubted=None), lie
    jump = None if trust.last is None else _jump(trust.last, seen, bounds)
    confirmed = trust.doubted is not None and _jump(trust.doubted, seen, bounds) is None
    if jump and not confirmed:
        return replace(trust, doubted=seen), jump
    return Trust(last=seen, same_since=since), None


def _shown(seen: Observation) -> tuple[int | None, ...]:
    return (seen.voltage, seen.current, seen.power, seen.forward, seen.reverse, seen.soc)


def _out_of_range(voltage: int | None, bounds: Bounds) -> str | None:
    low, high = bounds.lowest_voltage, bounds.highest_voltage
    if voltage is None:
        return None
    if low is not None and voltage < low:
        return f"{voltage / 1_000:g} V, below the lowest of {low / 1_000:g} V"
    if high is not None and voltage > high:
        return f"{voltage / 1_000:g} V, above the highest of {high / 1_000:g} V"
    return None


def _frozen(seen: Observation, since: float, bounds: Bounds) -> str | None:
    if bounds.frozen_after is None or not any((seen.voltage, seen.current, seen.power)):
        return None
    age = seen.at - since
    return f"it has shown exactly the same for {age:.0f} s" if age > bounds.frozen_after else None


def _jump(before: Observation, after: Observation, bounds: Bounds) -> str | None:
    if before.power is not None and after.power is not None:
        swing = abs(after.power - before.power)
        if swing > bounds.rating:
            return f"its power jumped from {before.power / 1_000:g} W to {after.power / 1_000:g} W"
    if before.soc is None or after.soc is None or after.at - before.at >= SOC_JUMP_WITHIN:
        return None
    if abs(after.soc - before.soc) <= SOC_JUMP:
        return None
    return f"its state of charge jumped from {before.soc / 100:g} % to {after.soc / 100:g} %"
