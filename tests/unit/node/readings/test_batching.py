"""Batches end with their slots of time, whatever the order in which samples come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.readings.batching import MOST_SAMPLES, batches, cut, slot, until_next
from node.readings.interface import Sample
from node.readings.spool import Frame

DAY = 86_400_000


def at(*taken: int) -> tuple[Sample, ...]:
    return tuple(Sample(meter="load", taken=each) for each in taken)


def framed(*parts: tuple[Sample, ...]) -> list[Frame]:
    return [Frame(spool=1, number=number, samples=part) for number, part in enumerate(parts, start=1)]


def test_no_batch_lies_across_midnight() -> None:
    parts = [tuple(part) for part in cut(at(DAY - 2_000, DAY + 1_000, DAY - 1_000), 300.0)]
    assert parts == [at(DAY - 2_000, DAY - 1_000), at(DAY + 1_000)]
    made = list(batches(framed(*parts), 300.0, None))
    assert made == [(1, list(at(DAY - 2_000, DAY - 1_000))), (2, list(at(DAY + 1_000)))]


def test_what_fills_up_waits_until_it_is_over() -> None:
    frames = framed(at(290_000), at(299_000), at(300_000), at(310_000))
    assert [number for number, _ in batches(frames, 300.0, 311_000)] == [2]
    assert [number for number, _ in batches(frames, 300.0, 600_000)] == [2, 4]
    assert [number for number, _ in batches(frames, 300.0, None)] == [2, 4]


def test_a_clock_that_stepped_back_leaves_nothing_behind() -> None:
    frames = framed(at(7_200_000), at(3_600_000), at(3_610_000))
    assert [number for number, _ in batches(frames, 300.0, 3_611_000)] == [1]


def test_a_long_absence_is_stored_in_pieces() -> None:
    frames = framed(*(at(*(n * 2_000 + each for each in range(2_000))) for n in range(7)))
    sizes = [len(samples) for _, samples in batches(frames, 900.0, None)]
    assert sum(sizes) == 14_000
    assert max(sizes) <= MOST_SAMPLES


@given(st.integers(0, 10 * DAY), st.sampled_from([0.3, 5.0, 60.0, 300.0, 900.0]))
def test_the_store_is_next_looked_at_when_a_slot_is_over(now: int, length: float) -> None:
    wait = until_next(now, length, 10.0)
    assert 0 < wait <= length + 12
    assert slot(now + round(wait * 1_000) - 12_000, length) == slot(now, length) + 1
