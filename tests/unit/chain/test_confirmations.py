from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.confirmations import depth, is_final, settled


@pytest.mark.parametrize(("signers", "blocks"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_a_majority_of_the_signers_stands_behind_what_counts(signers: int, blocks: int) -> None:
    assert depth(signers) == blocks


@given(st.integers(0, 10**6), st.integers(1, 21))
def test_the_settled_block_is_the_last_final_one(head: int, signers: int) -> None:
    block = settled(head, signers)
    assert is_final(head, block, signers) or block == 0
    assert not is_final(head, block + 1, signers)


def test_a_chain_without_signers_confirms_nothing() -> None:
    with pytest.raises(ValueError, match="at least one signer"):
        depth(0)
