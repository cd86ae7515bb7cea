from __future__ import annotations

import pytest
import rlp as reference  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from chain import rlp

items: st.SearchStrategy[rlp.Item] = st.recursive(
    st.binary(max_size=80), lambda inner: st.lists(inner, max_size=6), max_leaves=20
)


@given(items)
def test_what_is_encoded_is_the_references_and_comes_back(item: rlp.Item) -> None:
    encoded = rlp.encode(item)
    assert encoded == reference.encode(item)
    assert rlp.decode(encoded) == item


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_refused_or_canonical(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except ValueError:
        return
    assert rlp.encode(item) == data


@given(st.integers(0, 2**256))
def test_numbers_come_back(value: int) -> None:
    assert rlp.number(rlp.integer(value)) == value


@pytest.mark.parametrize("padded", [b"\0", b"\0\1"])
def test_a_number_with_leading_zeros_is_refused(padded: bytes) -> None:
    with pytest.raises(ValueError, match="shortest"):
        rlp.number(padded)


def test_deep_nesting_is_refused_before_it_hurts() -> None:
    data = b""
    for _ in range(40):
        data = rlp._prefix(0xC0, len(data)) + data
    with pytest.raises(ValueError, match="deep"):
        rlp.decode(data)
