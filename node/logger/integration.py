"""Energy out of power: the exact integral of straight lines between samples, in integers, nothing lost.

Between two samples power is taken as a straight line (the trapezoid rule). What lies above zero counts
forward, what lies below counts reverse, so a line through zero counts both. The unit is the grain, small
enough that rounding never shows; whole milliwatt-hours are what the registers carry.
"""

from __future__ import annotations

from dataclasses import dataclass

GRAINS_PER_MWH = 2 * 3_600 * 1_000_000_000
"""A grain is half a milliwatt-nanosecond: a trapezoid's area (p₀ + p₁) · t / 2 is a whole number of them."""

GAP_SAMPLES = 3
"""Samples further apart than this many periods have a gap between them: nobody knows the power there."""


@dataclass(frozen=True, slots=True)
class PowerAt:
    """A power at a moment."""

    power: int
    """mW, forward positive."""

    at: int
    """Boottime nanoseconds."""


@dataclass(frozen=True, slots=True)
class Grains:
    """Energies in grains, never negative."""

    forward: int = 0
    reverse: int = 0


def between(earlier: PowerAt, later: PowerAt, longest: int) -> Grains:
    """The energy from one sample to the next.

    Args:
        longest: nanoseconds beyond which the samples have a gap between them, which is never bridged.
    """
    time = later.at - earlier.at
    if not 0 < time <= longest:
        return Grains()
    first, second = earlier.power, later.power
    net = (first + second) * time
    if first >= 0 and second >= 0:
        return Grains(forward=net)
    if first <= 0 and second <= 0:
        return Grains(reverse=-net)
    # Through zero: the triangle on the first sample's side has the area p₀²·t / 2(p₀ − p₁).
    first_side = first * first * time // abs(first - second)
    if first > 0:
        return Grains(forward=first_side, reverse=first_side - net)
    return Grains(forward=first_side + net, reverse=first_side)
