"""One meter's registers, advanced by each sample: by the device's own counters, without them by power."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from node.logger import counting, integration
from node.logger.counting import Counted, Restarted
from node.logger.integration import GRAINS_PER_MWH, PowerAt
from node.logger.observation import Observation
from quantities.energy import SECONDS_PER_HOUR
from store.registers import Register

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is known about a meter beforehand."""

    rating: int
    """mW, the most that it can see."""

    longest: int
    """Nanoseconds between two samples, beyond which there is a gap between them."""

    rollover: int | None = None
    """mWh at which the device's counters begin again at zero."""


@dataclass(frozen=True, slots=True)
class Direction:
    """One of the two directions of a meter."""

    grains: int = 0
    """The register, see `integration.GRAINS_PER_MWH`. Never falls."""

    counter: int | None = None
    """mWh, what the device's counter showed when it was last read; None if it has none."""

    floor: int = 0
    """Grains that were published before a restart: what is counted anew does not fall below it."""

    @property
    def mwh(self) -> int:
        """The register in whole milliwatt-hours."""
        return self.grains // GRAINS_PER_MWH


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """The state of one meter between two samples."""

    name: str
    forward: Direction = field(default_factory=Direction)
    reverse: Direction = field(default_factory=Direction)
    power: int = 0
    """mW at the last sample."""

    at: float | None = None
    """Boottime seconds of the last sample. After a restart, when the counters were saved; None: never."""

    line: PowerAt | None = None
    """Where the straight line to the next sample begins; None after a gap."""

    def register(self) -> Register | None:
        """What is published; None before the first sample."""
        if self.at is None:
            return None
        return Register(
            meter=self.name,
            forward=self.forward.mwh,
            reverse=self.reverse.mwh,
            power=self.power,
            sampled=self.at,
        )


@dataclass(frozen=True, slots=True)
class Stepped:
    """A meter after a sample, and which of its counters had begun anew."""

    meter: Meter
    restarts: tuple[Restarted, ...] = ()


def step(meter: Meter, seen: Observation, limits: Limits) -> Stepped | None:
    """Advance the registers by one sample; None if the sensor measures neither power nor energy."""
    if seen.power is None and seen.forward is None and seen.reverse is None:
        return None
    line = None if seen.power is None else PowerAt(seen.power, round(seen.at * NANOSECONDS))
    area = integration.Grains()
    if line is not None and meter.line is not None:
        area = integration.between(meter.line, line, limits.longest)
    elapsed = None if meter.at is None else seen.at - meter.at
    forward, first = _advance(meter.forward, seen.forward, area.forward, elapsed, limits)
    reverse, second = _advance(meter.reverse, seen.reverse, area.reverse, elapsed, limits)
    advanced = replace(meter, forward=forward, reverse=reverse, at=seen.at, line=line)
    power = _mean_power(meter, advanced, elapsed) if seen.power is None else seen.power
    return Stepped(replace(advanced, power=power), tuple(r for r in (first, second) if r is not None))


def _advance(
    direction: Direction, counter: int | None, area: int, elapsed: float | None, limits: Limits
) -> tuple[Direction, Restarted | None]:
    restarted = None
    if counter is None:
        added = area
    elif direction.counter is None:
        # The first reading of a counter: a meter that was never read shows what its device shows.
        added = counter * GRAINS_PER_MWH if elapsed is None else 0
    else:
        went = counting.counted(direction.counter, counter, elapsed or 0.0, limits.rating, limits.rollover)
        added = went.energy * GRAINS_PER_MWH if isinstance(went, Counted) else 0
        restarted = went if isinstance(went, Restarted) else None
    grains = max(direction.grains + added, direction.floor)
    return Direction(grains, counter, direction.floor), restarted


def _mean_power(before: Meter, after: Meter, elapsed: float | None) -> int:
    """For meters that only count: the power that the counters' steps amount to."""
    if not elapsed or elapsed < 0:
        return 0
    net = (after.forward.grains - before.forward.grains) - (after.reverse.grains - before.reverse.grains)
    return round(net / GRAINS_PER_MWH * SECONDS_PER_HOUR / elapsed)
