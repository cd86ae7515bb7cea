"""The hash chain of the readings."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from node.readings import Sample
from node.readings.chain import FIELDS, GENESIS, content, fits, next_batch, ordered

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
    assert content([sample]) == sha256(b"tie-11,1750000000000,,,-5,7,,\n").digest()


def test_the_first_batch_is_bound_to_nothing_and_the_second_to_it() -> None:
    sample = Sample(meter="tie-11", taken=1)
    first = next_batch(None, [sample])
    second = next_batch(first, [sample])
    assert first.digest == sha256(GENESIS + first.content).digest()
    assert second.digest == sha256(first.digest + second.content).digest()


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
    assert not fits(None, replace(link, content=bytes(32)), [])
