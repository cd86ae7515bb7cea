"""A device's own times as ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.sensors.errors import SensorError
from node.sensors.other_clock import OtherClock


def test_a_measurement_is_as_old_as_the_other_clock_says() -> None:
    assert OtherClock().taken(1_000.0, 1_007.0, 50.0) == 43.0


def test_the_same_measurement_keeps_its_time() -> None:
    clock = OtherClock()
    assert clock.taken(1_000.0, 1_007.0, 50.0) == clock.taken(1_000.0, 1_009.0, 52.01) == 43.0


def test_a_clock_that_is_a_little_ahead_measures_now_and_one_far_ahead_is_wrong() -> None:
    assert OtherClock().taken(1_003.0, 1_000.0, 50.0) == 50.0
    with pytest.raises(SensorError, match="10 s in the future: set its clock"):
        OtherClock().taken(1_010.0, 1_000.0, 50.0)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(-0.5, 0.5)), min_size=1, max_size=20))
def test_later_measurements_are_never_older(steps: list[tuple[float, float]]) -> None:
    clock, now, before = OtherClock(), 0.0, float("-inf")
    for step, jitter in steps:
        now += step
        taken = clock.taken(1e9 + now, 1e9 + now + jitter + 0.5, now + 0.5)
        assert before <= taken <= now + 0.5
        before = taken
