"""The hash chain of the readings."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from node.readings import Sample
from node.readings.chain import FIELDS, GENESIS, Span, bound, content, fits, leaf, next_batch, ordered, root

samples = st.lists(
    st.builds(
        Sample,
        meter=st.sampled_from(["battery", "tie-11"]),
        taken=st.integers(0, 10**13),
        **{field: st.none() | st.integers(-(2**40), 2**40) for field in FIELDS},
    ),
    min_size=1,
    max_size=10,
).map(ordered)


def test_the_content_is_what_the_documentation_says() -> None:
    sample = Sample(meter="tie-11", taken=1_750_000_000_000, power=-5, forward=7)
    line = b"tie-11,1750000000000,,,-5,7,,"
    assert leaf(sample) == sha256(b"\x00" + line).digest()
    assert content([sample]) == leaf(sample)
    later = replace(sample, taken=1_750_000_001_000)
    assert content([sample, later]) == sha256(b"\x01" + leaf(sample) + leaf(later)).digest()


def test_the_first_batch_is_bound_to_nothing_and_the_second_to_it() -> None:
    sample = Sample(meter="tie-11", taken=1)
    first = next_batch(None, [sample])
    second = next_batch(first, [sample])
    for number, batch, before in ((1, first, GENESIS), (2, second, first.digest)):
        facts = b"".join(n.to_bytes(8, "big") for n in (number, 1, 1, 1))
        assert batch.digest == sha256(b"\x02" + facts + before + batch.content).digest()


def test_the_order_of_arrival_does_not_matter() -> None:
    a, b = Sample(meter="a", taken=2), Sample(meter="b", taken=1)
    assert ordered([b, a]) == ordered([a, b]) == [a, b]


def test_of_two_samples_of_one_moment_the_later_stays() -> None:
    assert ordered([Sample(meter="a", taken=1, power=1), Sample(meter="a", taken=1, power=2)])[0].power == 2


@given(batch=samples, where=st.integers(0, 9), field=st.sampled_from(FIELDS), value=st.integers(-9, 9))
def test_whatever_is_changed_no_longer_fits(batch: list[Sample], where: int, field: str, value: int) -> None:
    link = next_batch(None, batch)
    assert fits(None, link, batch)
    place = where % len(batch)
    changed = [*batch]
    changed[place] = replace(batch[place], **{field: value})  # type: ignore[arg-type]
    assert fits(None, link, changed) == (changed == batch)
    if len(batch) > 1:
        assert not fits(None, link, batch[1:])


def test_a_link_that_was_moved_no_longer_fits() -> None:
    batch = [Sample(meter="a", taken=1)]
    first = next_batch(None, batch)
    second = next_batch(first, batch)
    assert fits(first, second, batch)
    assert not fits(None, second, batch)
    assert not fits(second, second, batch)


def test_samples_that_were_deleted_by_age_leave_a_chain_that_fits() -> None:
    link = next_batch(None, [Sample(meter="a", taken=1)])
    assert fits(None, link, [])
    for changed in ({"content": bytes(32)}, {"first": 0}, {"last": 2}, {"samples": 2}, {"number": 2}):
        assert not fits(None, replace(link, **changed), [])


SPAN = Span(start=86_400, end=172_800, first=2, batches=1, before=bytes([7]) * 32)


def test_a_root_is_what_the_documentation_says() -> None:
    tree = bytes([9]) * 32
    facts = b"".join(n.to_bytes(8, "big") for n in (86_400, 172_800, 2, 1))
    assert root(SPAN, [tree]) == sha256(b"\x03" + facts + SPAN.before + tree).digest()


def test_an_interval_without_readings_has_a_root_that_still_binds_what_was_before() -> None:
    empty = replace(SPAN, batches=0)
    assert root(empty, []) == bound(empty, bytes(32))
    assert root(empty, []) != root(replace(empty, before=GENESIS), [])
    assert empty.last == 1


@given(changed=st.sampled_from(["start", "end", "first", "batches"]), by=st.integers(1, 9))
def test_a_root_is_of_one_interval_only(changed: str, by: int) -> None:
    other = replace(SPAN, **{changed: getattr(SPAN, changed) + by})
    assert root(other, [GENESIS]) != root(SPAN, [GENESIS])
