"""What a frame says is what was written, or nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.readings.interface import Sample
from node.readings.spool.frame import BLOCK, Frame, found, frames, pack, place, unpack

value = st.none() | st.integers(-(2**63), 2**63 - 1)
samples = st.builds(
    Sample,
    meter=st.sampled_from(["load", "battery", "tie-11"]),
    taken=st.integers(0, 2**45),
    voltage=value,
    current=value,
    power=value,
    forward=value,
    reverse=value,
    soc=st.none() | st.integers(0, 10_000),
)
state = st.dictionaries(st.text(max_size=5), st.integers() | st.floats(allow_nan=False) | st.text(max_size=5))
made = st.builds(
    Frame,
    spool=st.integers(0, 2**63 - 1),
    number=st.integers(1, 2**63 - 1),
    samples=st.lists(samples, max_size=20).map(tuple),
    state=state,
)


@given(made)
def test_a_frame_is_read_as_it_was_written(frame: Frame) -> None:
    packed = found(pack(frame), 0)
    assert packed is not None
    read = unpack(packed)
    assert (read.spool, read.number, read.state) == (frame.spool, frame.number, frame.state)
    assert packed.samples == len(frame.samples)
    for meter in ("load", "battery", "tie-11"):
        own = [each for each in frame.samples if each.meter == meter]
        assert [each for each in read.samples if each.meter == meter] == own


@given(made, st.data())
def test_a_frame_of_which_one_bit_changed_is_none(frame: Frame, data: st.DataObject) -> None:
    changed = bytearray(pack(frame))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert found(bytes(changed), 0) is None


@given(made, st.data())
def test_a_frame_that_was_cut_is_none(frame: Frame, data: st.DataObject) -> None:
    whole = pack(frame)
    assert found(whole[: data.draw(st.integers(0, len(whole) - 1))], 0) is None


@given(st.integers(0, 5 * BLOCK), st.integers(1, 2 * BLOCK))
def test_a_frame_that_fits_into_a_block_is_not_laid_across_two(end: int, length: int) -> None:
    at = place(end, length)
    assert end <= at < end + BLOCK
    if length <= BLOCK:
        assert at // BLOCK == (at + length - 1) // BLOCK


def test_a_file_ends_where_the_numbers_do_not_go_on() -> None:
    past = b"".join(pack(Frame(spool=1, number=number)) for number in range(1, 9))
    fresh = b"".join(pack(Frame(spool=1, number=number)) for number in (9, 10))
    file = fresh + past[len(fresh) :]
    assert [packed.number for packed in frames(file)] == [9, 10]
    other = pack(Frame(spool=1, number=1)) + pack(Frame(spool=2, number=2))
    assert [packed.number for packed in frames(other)] == [1]
