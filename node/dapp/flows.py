"""Which way energy flows between panel, battery, neighbours and house, from the meters: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from node.dapp.household import Household, Line
from node.dapp.sources import STALE_METER, Observation

NOTHING = 50
"""mW; less than that is a meter's noise."""


class Way(StrEnum):
    """Seen from the middle of the house's wiring."""

    IN = "in"
    OUT = "out"
    IDLE = "idle"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One arm of the diagram."""

    power: int | None
    """mW towards the middle; None: not known."""
    age: float = 0.0
    """Seconds, of the oldest meter in it."""
    measured: bool = True
    """False: worked out from the other meters."""

    @property
    def stale(self) -> bool:
        """Shows what was, not what is."""
        return self.power is not None and self.age > STALE_METER

    @property
    def way(self) -> Way:
        """Where it flows."""
        if self.power is None or self.stale:
            return Way.UNKNOWN
        if abs(self.power) < NOTHING:
            return Way.IDLE
        return Way.IN if self.power > 0 else Way.OUT


@dataclass(frozen=True, kw_only=True)
class Flows:
    """The whole diagram. An arm that the household does not have is None."""

    panel: Flow | None
    battery: Flow | None
    neighbours: Flow | None
    house: Flow
    lines: tuple[tuple[Line, Flow], ...] = field(default=())
    """The wires of which `neighbours` is the sum; towards us is positive."""


def flows(household: Household, seen: Observation) -> Flows:
    """What the meters say. A house without a meter of its own draws what the others bring."""
    panel = _sum(seen, household.panels, 1)
    battery = _battery(household, seen)
    lines = (
        *((line, _sum(seen, [line.meter], 1)) for line in household.ties),
        *((line, _sum(seen, [line.meter], -1)) for line in household.feeds),
    )
    wires = tuple((line, flow) for line, flow in lines if flow is not None)
    neighbours = _total([flow for _, flow in wires]) if wires else None
    house = _sum(seen, household.loads, -1) or _rest([panel, battery, neighbours])
    return Flows(panel=panel, battery=battery, neighbours=neighbours, house=house, lines=wires)


def _sum(seen: Observation, meters: Iterable[str], sign: int) -> Flow | None:
    """These meters together; None when there are none, unknown when one is missing."""
    names = list(meters)
    if not names:
        return None
    if any(name not in seen.meters for name in names):
        return Flow(power=None)
    return Flow(
        power=sign * sum(seen.meters[name].power for name in names),
        age=max(seen.ages[name] for name in names),
    )


def _battery(household: Household, seen: Observation) -> Flow | None:
    """The battery's arm: charging leaves the middle."""
    if household.battery is None:
        return None
    if household.battery not in seen.meters and seen.battery is not None:
        return Flow(power=-seen.battery.power, age=seen.battery.age)
    return _sum(seen, [household.battery], -1)


def _total(arms: list[Flow]) -> Flow:
    """Several arms as one. A wire that is silent does not hide the others."""
    known = [arm for arm in arms if arm.power is not None]
    if not known:
        return Flow(power=None)
    return Flow(power=sum(arm.power or 0 for arm in known), age=max(arm.age for arm in known))


def _rest(arms: list[Flow | None]) -> Flow:
    """What is left for the house when it has no meter: known only when every arm is."""
    there = [arm for arm in arms if arm is not None]
    if not there or any(arm.power is None for arm in there):
        return Flow(power=None, measured=False)
    drawn = max(sum(arm.power or 0 for arm in there), 0)
    return Flow(power=-drawn, age=max(arm.age for arm in there), measured=False)
