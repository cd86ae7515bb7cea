"""Blocks that were in the chain and are no more."""

from __future__ import annotations

import pytest

from chain.blocks import Header
from chain.reorganisation import hashes, replaced, too_deep
from tests.unit.chain.sealed import SIGNERS, first_block, next_block


def chain(length: int, parts_at: int = 99, signer: int = 1) -> list[Header]:
    """Blocks 0 to `length`; from one on another signer's, so they have other hashes."""
    blocks = [first_block(SIGNERS[:3])]
    for number in range(1, length + 1):
        blocks.append(next_block(blocks[-1], SIGNERS[signer if number >= parts_at else 0]))
    return blocks


def test_a_chain_that_goes_on_replaces_nothing() -> None:
    assert replaced({}, chain(5)) == 0
    assert replaced(hashes(chain(5)), chain(5)) == 0
    assert replaced(hashes(chain(5)), chain(9)) == 0


@pytest.mark.parametrize(("parts_at", "blocks"), [(8, 1), (6, 3), (1, 8)])
def test_each_block_of_the_other_side_counts(parts_at: int, blocks: int) -> None:
    assert replaced(hashes(chain(8)), chain(10, parts_at)) == blocks


def test_a_head_that_went_back_counts_what_is_gone() -> None:
    assert replaced(hashes(chain(8)), chain(5)) == 3


def test_what_is_older_than_the_headers_is_not_judged() -> None:
    assert replaced(hashes(chain(4)), chain(20, 1)[10:]) == 0
    assert replaced(hashes(chain(8)), []) == 0


@pytest.mark.parametrize(("blocks", "signers", "deep"), [
    (1, 1, False), (2, 1, True), (2, 3, False), (3, 3, True), (1, 0, False),
])  # fmt: skip
def test_only_blocks_by_which_an_order_counted_are_told(blocks: int, signers: int, deep: bool) -> None:
    assert too_deep(blocks, signers) is deep
