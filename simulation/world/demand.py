"""What the loads want and what the sun gives: published profiles, and a family's own restlessness.

The profiles are the small CSV files of `simulation/profiles`. Around the load profile every family has its
own appliances: a factor that changes every few seconds, derived from the world's seed, so that a run can be
had again.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from random import Random

from simulation.world.spec import HouseholdSpec, WorldSpec

PROFILES = Path(__file__).resolve().parent.parent / "profiles"

APPLIANCES = (0.75, 1.25)
"""Range of the factor that a family's appliances put on the profile."""

CLOUDS = (0.93, 1.0)
"""Range of the factor of passing clouds, shared by the whole neighbourhood."""

HOLD = 4.0
"""Real seconds for which one factor holds."""


def load(spec: WorldSpec, household: HouseholdSpec, t: float) -> float:
    """Watts that a household's loads want at `t` world seconds."""
    fraction = (spec.begins + t / spec.day - household.phase) % 1.0
    return household.load * at(profile("load"), fraction) * factor(spec.seed, household.name, int(t / HOLD))


def sun(spec: WorldSpec, household: HouseholdSpec, t: float) -> float:
    """Watts that a household's panel could give at `t` world seconds."""
    if household.panel <= 0:
        return 0.0
    fraction = (spec.begins + t / spec.day) % 1.0
    return household.panel * at(profile("sun"), fraction) * factor(spec.seed, "clouds", int(t / HOLD))


def at(values: tuple[float, ...], fraction: float) -> float:
    """The day's value at a fraction of the day, linear between the profile's steps."""
    position = fraction * len(values)
    index = int(position) % len(values)
    low, high = values[index], values[(index + 1) % len(values)]
    return low + (high - low) * (position - int(position))


@lru_cache(maxsize=1024)
def factor(seed: int, what: str, interval: int) -> float:
    """The restless factor in one interval: the same for the same seed."""
    low, high = CLOUDS if what == "clouds" else APPLIANCES
    return Random(f"{seed}:{what}:{interval}").uniform(low, high)


@lru_cache(maxsize=8)
def profile(name: str) -> tuple[float, ...]:
    """The day in `simulation/profiles/<name>.csv`: load as a multiple of its mean, sun of its peak.

    Raises:
        ValueError: a file that does not hold equal steps of one day.
    """
    lines = (PROFILES / f"{name}.csv").read_text().splitlines()
    rows = list(csv.reader(line for line in lines if line and not line.startswith("#")))[1:]
    hours = [float(row[0]) for row in rows]
    steps = {round(b - a, 6) for a, b in pairwise([*hours, 24.0])}
    if not hours or hours[0] != 0.0 or len(steps) != 1:
        raise ValueError(f"{name}.csv does not hold equal steps from hour 0 to 24")
    return tuple(float(row[1]) for row in rows)
