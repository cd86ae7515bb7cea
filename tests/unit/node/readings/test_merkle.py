"""Merkle trees of RFC 9162."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.readings import merkle
from node.readings.merkle import EMPTY, climbed, leaf, node, path, root

hashes = st.lists(st.binary(min_size=0, max_size=4).map(leaf), min_size=1, max_size=40)


def defined(leaves: list[bytes]) -> bytes:
    """The root as section 2.1.1 of the RFC defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = max(2**k for k in range(8) if 2**k < len(leaves))
    return sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()


def test_leaves_and_nodes_are_hashed_as_the_documentation_says() -> None:
    assert leaf(b"reading") == sha256(b"\x00reading").digest()
    assert node(b"a", b"b") == sha256(b"\x01ab").digest()


def test_the_known_tree_of_certificate_transparency() -> None:
    """Vectors of the CT implementations: eight leaves, and the root over the first n of them."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    leaves = [leaf(bytes.fromhex(each)) for each in inputs]
    assert root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_nothing_has_a_root_of_its_own() -> None:
    assert root([]) == EMPTY


@given(leaves=hashes)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert root(leaves) == defined(leaves)


@given(leaves=hashes)
def test_the_root_is_the_same_whatever_is_hashed_in_one_go(leaves: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(merkle, "PAGE", 4)
        assert root(leaves) == defined(leaves)


@given(leaves=hashes, at=st.integers(0, 39))
def test_every_leaf_climbs_to_the_root_by_a_short_path(leaves: list[bytes], at: int) -> None:
    index = at % len(leaves)
    beside = path(leaves, index)
    assert climbed(leaves[index], index, len(leaves), beside) == root(leaves)
    assert len(beside) <= (len(leaves) - 1).bit_length()


@given(leaves=hashes, at=st.integers(0, 39), other=st.integers(0, 39), size=st.integers(1, 40))
def test_no_other_place_or_size_leads_to_the_root(
    leaves: list[bytes], at: int, other: int, size: int
) -> None:
    index = at % len(leaves)
    beside = path(leaves, index)
    unique = len(set(leaves)) == len(leaves)
    if unique and other != index:
        assert climbed(leaves[index], other, len(leaves), beside) != root(leaves)
    assert climbed(leaves[index], index, len(leaves), [*beside, EMPTY]) is None
    if beside:
        assert climbed(leaves[index], index, len(leaves), beside[:-1]) != root(leaves)


def test_a_node_is_no_leaf() -> None:
    a, b = leaf(b"a"), leaf(b"b")
    assert root([leaf(a + b)]) != root([a, b])


def test_what_is_not_there_has_no_path() -> None:
    with pytest.raises(IndexError, match="2 leaves"):
        path([leaf(b""), leaf(b"")], 2)
    assert climbed(leaf(b""), 1, 1, []) is None
    assert climbed(leaf(b""), -1, 1, []) is None
