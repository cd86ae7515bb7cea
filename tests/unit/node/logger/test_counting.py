"""A device's counter goes on, begins anew, or rolls over; it never makes a total fall or jump."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.logger.counting import Counted, Restarted, counted

RATING = 300_000
"""300 W."""


def test_a_counter_that_went_on_counts_its_difference() -> None:
    assert counted(1_000, 1_080, 1.0, RATING, None) == Counted(80)


def test_a_device_that_was_reset_counts_nothing() -> None:
    assert counted(50_000, 3, 1.0, RATING, None) == Restarted(50_000, 3)


def test_a_device_that_was_replaced_by_one_with_more_on_it_counts_nothing() -> None:
    assert counted(1_000, 9_000_000, 1.0, RATING, None) == Restarted(1_000, 9_000_000)


def test_what_was_counted_while_nobody_looked_is_counted() -> None:
    assert counted(1_000, 301_000, 3_600.0, RATING, None) == Counted(300_000)


def test_a_counter_rolls_over_where_it_is_said_to() -> None:
    assert counted(999_990, 20, 1.0, RATING, 1_000_000) == Counted(30)


def test_a_fall_that_is_no_rollover_is_a_restart() -> None:
    assert counted(500_000, 20, 1.0, RATING, 1_000_000) == Restarted(500_000, 20)


@given(
    was=st.integers(0, 10**9),
    now=st.integers(0, 10**9),
    elapsed=st.floats(0, 1e6),
    rollover=st.none() | st.integers(1, 10**9),
)
def test_no_more_is_counted_than_the_rating_allows(
    was: int, now: int, elapsed: float, rollover: int | None
) -> None:
    result = counted(was, now, elapsed, RATING, rollover)
    if isinstance(result, Counted):
        assert 0 <= result.energy <= RATING * (elapsed + 60) / 3_600
