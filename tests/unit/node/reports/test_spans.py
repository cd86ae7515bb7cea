"""Which intervals are due."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from node.reports.spans import BACKLOG, GRACE, MOST, due, wakes

DAY = 86_400
MONDAY = 20_000 * DAY


def test_a_day_is_reported_once_it_is_over_and_its_readings_are_stored() -> None:
    for late, found in ((GRACE - 1, []), (GRACE, [(MONDAY, MONDAY + DAY)])):
        assert due(MONDAY + DAY + late, DAY, oldest=MONDAY + 5, reported=None, lowest=0) == found


def test_nothing_is_due_without_readings() -> None:
    assert due(MONDAY, DAY, oldest=None, reported=None, lowest=0) == []


def test_what_was_missed_is_made_up_for_a_part_at_a_time() -> None:
    now = MONDAY + 50 * DAY + GRACE
    first = due(now, DAY, oldest=0, reported=MONDAY, lowest=0)
    assert first[0] == (MONDAY, MONDAY + DAY)
    assert len(first) == MOST
    second = due(now, DAY, oldest=0, reported=first[-1][1], lowest=first[-1][0] + 1)
    assert second[0][0] == first[-1][1]
    assert second[-1][1] == MONDAY + 50 * DAY


def test_what_is_too_old_is_left() -> None:
    found = due(MONDAY + GRACE, DAY, oldest=0, reported=DAY, lowest=0)
    assert found[0][0] == MONDAY - BACKLOG * DAY


def test_a_household_that_forgot_its_books_goes_on_where_the_chain_is() -> None:
    found = due(MONDAY + 3 * DAY + GRACE, DAY, oldest=0, reported=None, lowest=MONDAY + DAY + 1)
    assert found == [(MONDAY + 2 * DAY, MONDAY + 3 * DAY)]


def test_from_minutes_to_days_no_second_is_left_out() -> None:
    noon = MONDAY + DAY // 2
    assert due(MONDAY + DAY + GRACE, DAY, oldest=0, reported=noon, lowest=noon - 59) == [(noon, MONDAY + DAY)]


@given(
    now=st.integers(0, 2 * 10**9),
    length=st.sampled_from([60, 900, 3_600, DAY]),
    oldest=st.integers(0, 2 * 10**9),
    reported=st.none() | st.integers(0, 2 * 10**9),
    lowest=st.integers(0, 2 * 10**9),
)
def test_intervals_rise_are_over_and_never_repeat(
    now: int, length: int, oldest: int, reported: int | None, lowest: int
) -> None:
    found = due(now, length, oldest=oldest, reported=reported, lowest=lowest)
    assert len(found) <= MOST
    for start, end in found:
        assert start < end <= now - GRACE
        assert end - start <= length
        assert end % length == 0
        assert start >= lowest
    assert all(before[1] == after[0] for before, after in pairwise(found))


@given(now=st.integers(0, 2 * 10**9), length=st.sampled_from([60, 900, 3_600, DAY]))
def test_it_wakes_when_the_next_one_is_due(now: int, length: int) -> None:
    wait = wakes(now, length)
    assert 0 < wait <= length
    assert (now + wait - GRACE) % length == 0
