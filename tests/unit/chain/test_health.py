from __future__ import annotations

import pytest

from chain.health import assess
from tests.unit.chain.sealed import SIGNERS, first_block, next_block

A, B, C = (each.address for each in SIGNERS[:3])


def test_who_seals_who_is_silent_and_whose_turns_were_missed() -> None:
    first = first_block(SIGNERS[:3])
    one = next_block(first, SIGNERS[0])
    two = next_block(one, SIGNERS[1], difficulty=1)
    health = assess([first, one, two], {A, B, C}, peers=2, wall=two.timestamp + 3.5)
    assert health.height == 2
    assert health.age == 3.5
    assert health.seen == {A, B}
    assert health.silent == {C}
    assert health.missed == 1
    assert health.blocks == 2
    assert health.peers == 2


def test_a_chain_that_has_just_begun_accuses_nobody() -> None:
    health = assess([first_block(SIGNERS[:3])], {A, B, C}, peers=0, wall=0)
    assert health.silent == frozenset()
    assert health.blocks == 0


def test_nothing_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="at least one"):
        assess([], {A}, peers=0, wall=0)
