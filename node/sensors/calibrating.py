"""Zero and gain of a sensor out of samples against a known load: pure, and hard to please.

A calibration is believed for years, so what is not certain is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import fmean, stdev

FEWEST = 10
"""Samples."""

STEADY = 4.0
"""The halves of a steady series differ by less than so many of their standard errors, or by a step."""

STEP = 1.0
"""Of our units: what rounding alone does."""

LARGEST_ZERO = 0.1
"""Of the largest value: a sensor that is further off at nothing is broken, or it is not nothing."""

SMALLEST_LOAD = 0.05
"""Of the largest value: gain found with less carries the zero's error to the top."""

NOISE = 0.005
"""The standard error may be so much of the load."""

GAINS = (0.5, 2.0)


@dataclass(frozen=True)
class Refused:
    """No calibration comes of this."""

    reason: str


@dataclass(frozen=True)
class Zero:
    """What the sensor shows at nothing, in the quantity's unit."""

    value: int
    error: float


@dataclass(frozen=True)
class Gain:
    """True value by shown value."""

    value: float
    error: float


@dataclass(frozen=True)
class Series:
    """Samples of one quantity, in its unit."""

    values: Sequence[float]

    @property
    def mean(self) -> float:
        """Their mean."""
        return fmean(self.values)

    @property
    def deviation(self) -> float:
        """Their standard deviation."""
        return stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def error(self) -> float:
        """The standard error of their mean; never less than what rounding leaves open."""
        return hypot(self.deviation, STEP / sqrt(12)) / sqrt(len(self.values))


def zero(series: Series, largest: float | None) -> Zero | Refused:
    """The zero of a sensor at which nothing flows.

    Args:
        largest: the most that it can see, in the same unit; None if that is not known.
    """
    wrong = _unfit(series)
    if wrong:
        return Refused(wrong)
    if largest is not None and abs(series.mean) > LARGEST_ZERO * largest:
        return Refused(
            f"it shows {series.mean:.0f} at nothing, more than {LARGEST_ZERO:.0%} of the most it can see "
            f"({largest:.0f}): is the load really disconnected, and are the options right?"
        )
    return Zero(round(series.mean), series.error)


def gain(series: Series, true: float, zero_at: int, largest: float | None) -> Gain | Refused:
    """The gain of a sensor that sees a known load.

    Args:
        true: what a good instrument shows meanwhile, in the same unit.
        zero_at: its zero.
        largest: the most that it can see; None if that is not known.
    """
    wrong = _unfit(series)
    if wrong:
        return Refused(wrong)
    if largest is not None and abs(true) < SMALLEST_LOAD * largest:
        return Refused(
            f"a load of {true:.0f} is too small: at least {SMALLEST_LOAD:.0%} of the most that the sensor "
            f"can see ({SMALLEST_LOAD * largest:.0f})"
        )
    shown = series.mean - zero_at
    if abs(shown) < series.error / NOISE:
        return Refused(
            f"too noisy: {series.mean:.0f} ± {series.error:.1f} is known to {_percent(series.error, shown)} "
            f"only, {NOISE:.1%} is needed: take a larger load, or measure longer (--seconds)"
        )
    found = true / shown
    if found < 0:
        return Refused(
            f"it shows {shown:.0f} for {true:.0f}: turn the sensor round, or set its option `invert`"
        )
    if not GAINS[0] <= found <= GAINS[1]:
        return Refused(
            f"it shows {shown:.0f} for {true:.0f}: so far off is no tolerance; correct the driver's options "
            "(shunt, divider, mv_per_a) first"
        )
    return Gain(round(found, 5), found * series.error / abs(shown))


def _unfit(series: Series) -> str | None:
    if len(series.values) < FEWEST:
        return f"only {len(series.values)} samples came, {FEWEST} are needed: measure longer (--seconds)"
    middle = len(series.values) // 2
    first, second = Series(series.values[:middle]), Series(series.values[middle:])
    drift = abs(first.mean - second.mean)
    if drift > STEADY * hypot(first.error, second.error) + STEP:
        return f"it is not steady: it went from {first.mean:.0f} to {second.mean:.0f} while it was measured"
    return None


def _percent(part: float, whole: float) -> str:
    return f"{part / abs(whole):.1%}" if whole else "nothing"
