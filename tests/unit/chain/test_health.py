from __future__ import annotations

import pytest

from chain.health import assess
from tests.unit.chain.sealed import SIGNERS, first_block, next_block

A, B, C = (each.address for each in SIGNERS[:3])


def test_who_seals_who_is_silent_and_whose_turns_were_missed() -> None:
    first = first_block(SIGNERS[:3])
    one = next_block(first, SIGNERS[0])
    headers = [first, one]
    for n in range(5):
        headers.append(next_block(headers[-1], SIGNERS[(n + 1) % 2], difficulty=1 + n % 2))
    health = assess(headers, {A, B, C}, peers=2, wall=headers[-1].timestamp + 3.5)
    assert health.height == 6
    assert health.age == 3.5
    assert health.seen == {A, B}
    assert health.silent == {C}
    assert health.missed == 3
    assert health.blocks == 6
    assert health.peers == 2


def test_a_chain_that_has_just_begun_accuses_nobody() -> None:
    health = assess([first_block(SIGNERS[:3])], {A, B, C}, peers=0, wall=0)
    assert health.silent == frozenset()
    assert health.blocks == 0


def test_nobody_is_called_silent_before_it_had_two_turns() -> None:
    one = next_block(first_block(SIGNERS[:3]), SIGNERS[0])
    assert assess([one], {A, B, C}, peers=2, wall=0).silent == frozenset()


def test_nothing_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="at least one"):
        assess([], {A}, peers=0, wall=0)
