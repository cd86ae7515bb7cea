"""A sample's time is right, or at least in the right order; never of 1970."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.logger.dating import SET_MS, Boot, ahead, dated, taken
from node.readings.interface import Sample
from node.readings.spool import Frame

NOW = 1_764_460_800


def frame(number: int, boot: str, *times: int) -> Frame:
    samples = tuple(Sample(meter="load", taken=each) for each in times)
    return Frame(spool=1, number=number, samples=samples, state={"boot": boot})


def times(frames: list[Frame], boot: Boot, before: int = NOW * 1_000) -> list[int]:
    return [sample.taken for each in dated(frames, boot, before) for sample in each.samples]


def test_with_a_clock_a_sample_is_as_old_as_the_time_up_says() -> None:
    assert taken(at=99.5, wall=NOW, up=100.0) == NOW * 1_000 - 500
    assert ahead(NOW, 100.0) == (NOW - 100) * 1_000


def test_without_a_clock_the_time_up_is_kept_until_there_is_one() -> None:
    assert taken(at=99.5, wall=130.0, up=100.0) == 99_500
    assert ahead(130.0, 100.0) is None
    waits = [frame(1, "a", NOW * 1_000), frame(2, "b", 10_000, 11_000), frame(3, "b", 12_000)]
    assert times(waits, Boot("b", None)) == [NOW * 1_000]
    assert times(waits, Boot("b", ahead(NOW + 300, 20.0))) == [
        NOW * 1_000, (NOW + 290) * 1_000, (NOW + 291) * 1_000, (NOW + 292) * 1_000,
    ]  # fmt: skip


def test_a_boot_that_ended_without_a_clock_follows_what_was_before_it() -> None:
    ended = [frame(1, "b", 10_000, 11_000), frame(2, "b", 12_000), frame(3, "c", 5_000), frame(4, "d", 7_000)]
    assert times(ended, Boot("d", None)) == [
        NOW * 1_000 + 1, NOW * 1_000 + 1_001, NOW * 1_000 + 2_001, NOW * 1_000 + 2_002,
    ]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(1, 500)), max_size=30))
def test_what_is_stored_is_never_of_before_there_was_a_clock(said: list[tuple[str, bool, int]]) -> None:
    up, frames = 0, []
    for number, (boot, clock, step) in enumerate(said, start=1):
        up += step
        frames.append(frame(number, boot, up * 1_000 + (NOW * 1_000 if clock else 0)))
    found = times(frames, Boot("c", NOW * 1_000))
    assert len(found) == len(frames)
    assert all(each >= SET_MS for each in found)
