"""Buckets fold into longer ones and lose nothing by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.readings.interface import Level, rolled
from node.readings.rollups import Bucket, charted, fold, rollups

maybe = st.none() | st.integers(0, 10**6)


@st.composite
def minutes(draw: st.DrawFn) -> list[Bucket]:
    made, forward = [], 0
    for minute in sorted(draw(st.sets(st.integers(0, 40), max_size=12))):
        powers = draw(st.lists(st.integers(-(10**6), 10**6), max_size=4))
        began = forward + draw(st.integers(0, 50))
        forward = began + draw(st.integers(0, 50))
        made.append(
            Bucket(
                minute * Level.MINUTE, len(powers) + 1, len(powers), min(powers, default=None),
                sum(powers) if powers else None, max(powers, default=None), began, forward, None, None,
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("length", "level"),
    [
        (59_999, None), (60_000, Level.MINUTE), (899_999, Level.MINUTE), (900_000, Level.QUARTER),
        (1_200_000, Level.MINUTE), (1_200_001, Level.QUARTER), (3_600_000, Level.HOUR),
        (5_400_000, Level.QUARTER), (14_399_999, Level.QUARTER), (14_400_001, Level.HOUR),
        (16_200_000, Level.QUARTER), (31_567_568, Level.HOUR),
        (86_400_000, Level.DAY), (86_400_001, Level.DAY),
    ],
)  # fmt: skip
def test_slices_are_made_of_the_coarsest_buckets_that_fit(length: int, level: Level | None) -> None:
    assert rolled(length) is level


@given(minutes())
def test_energies_of_any_length_of_buckets_add_up_to_the_same(given_: list[Bucket]) -> None:
    sums = {
        sum(rollup.forward for rollup in rollups(None, fold(given_, length)))
        for length in (Level.MINUTE, Level.QUARTER, Level.DAY)
    }
    assert sums == {given_[-1].forward - given_[0].forward_from if given_ else 0}  # type: ignore[operator]


@given(minutes())
def test_folding_in_two_steps_is_folding_in_one(given_: list[Bucket]) -> None:
    assert fold(fold(given_, Level.QUARTER), Level.DAY) == fold(given_, Level.DAY)


def test_what_was_counted_between_two_buckets_belongs_to_the_later() -> None:
    first = Bucket(0, 2, 0, None, None, None, 100, 110, 0, 0)
    later = Bucket(600_000, 2, 0, None, None, None, 150, 160, 3, 3)
    assert [(r.forward, r.reverse) for r in rollups(None, [first, later])] == [(10, 0), (50, 3)]


def test_a_register_that_fell_over_a_lost_disk_counts_nothing() -> None:
    first = Bucket(0, 2, 0, None, None, None, 100, 110, 0, 0)
    anew = Bucket(60_000, 2, 0, None, None, None, 0, 5, 0, 0)
    assert [r.forward for r in rollups(first, [anew])] == [0]


def test_a_chart_leaves_out_buckets_without_power() -> None:
    assert charted([Bucket(0, 3, 0, None, None, None, 1, 2, 3, 4)]) == []
