"""Trapezoids between samples are the exact integral of straight lines, in both directions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from node.logger.integration import GRAINS_PER_MWH, Grains, PowerAt, between

SECOND = 1_000_000_000
LONGEST = 3 * SECOND

powers = st.integers(-5_000_000, 5_000_000)
steps = st.integers(1, LONGEST)


def exact(first: int, second: int, time: int) -> tuple[Fraction, Fraction]:
    """The areas of a line above and below zero, in grains, as fractions."""
    p0, p1, t = Fraction(first), Fraction(second), Fraction(time)
    if p0 * p1 >= 0:
        area = (p0 + p1) * t
        return (area, Fraction(0)) if area >= 0 else (Fraction(0), -area)
    crossing = p0 / (p0 - p1) * t
    sides = abs(p0 * crossing), abs(p1 * (t - crossing))
    return sides if p0 > 0 else (sides[1], sides[0])


def test_a_watt_for_an_hour_is_a_watt_hour() -> None:
    samples = [PowerAt(1_000, second * SECOND) for second in range(3_601)]
    total = sum(between(a, b, LONGEST).forward for a, b in pairwise(samples))
    assert total == 1_000 * GRAINS_PER_MWH


def test_a_line_through_zero_counts_both_directions() -> None:
    area = between(PowerAt(1_000, 0), PowerAt(-1_000, 2 * SECOND), LONGEST)
    assert area == Grains(1_000 * SECOND, 1_000 * SECOND)


def test_a_gap_is_never_bridged() -> None:
    assert between(PowerAt(1_000, 0), PowerAt(1_000, LONGEST), LONGEST).forward > 0
    assert between(PowerAt(1_000, 0), PowerAt(1_000, LONGEST + 1), LONGEST) == Grains()


def test_time_that_stands_or_goes_back_counts_nothing() -> None:
    assert between(PowerAt(1_000, SECOND), PowerAt(1_000, SECOND), LONGEST) == Grains()
    assert between(PowerAt(1_000, SECOND), PowerAt(1_000, 0), LONGEST) == Grains()


@given(start=powers, line=st.lists(st.tuples(steps, powers), min_size=1, max_size=50))
def test_the_sum_is_the_integral_to_less_than_a_grain_a_sample(
    start: int, line: list[tuple[int, int]]
) -> None:
    at, power = 0, start
    forward = reverse = 0
    true_forward = true_reverse = Fraction(0)
    for step, following in line:
        area = between(PowerAt(power, at), PowerAt(following, at + step), LONGEST)
        above, below = exact(power, following, step)
        assert area.forward >= 0 and area.reverse >= 0
        assert area.forward - area.reverse == (power + following) * step
        forward, reverse = forward + area.forward, reverse + area.reverse
        true_forward, true_reverse = true_forward + above, true_reverse + below
        at, power = at + step, following
    assert abs(forward - true_forward) < len(line)
    assert abs(reverse - true_reverse) < len(line)


@given(first=powers, second=powers, step=steps)
def test_turning_the_meter_round_swaps_the_directions(first: int, second: int, step: int) -> None:
    area = between(PowerAt(first, 0), PowerAt(second, step), LONGEST)
    turned = between(PowerAt(-first, 0), PowerAt(-second, step), LONGEST)
    assert (turned.forward, turned.reverse) == (area.reverse, area.forward)
