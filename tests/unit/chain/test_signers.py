from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.blocks import Header
from chain.errors import BadAnswer, StillCounting
from chain.genesis import EPOCH, SEAL, VANITY
from chain.headers import signer_of
from chain.signers import SignerSet, cast, checkpoint, follow
from tests.unit.chain.sealed import SIGNERS, first_block, next_block

A, B, C, D = (each.address for each in SIGNERS[:4])
THREE = SIGNERS[:3]


def grown(
    signers: tuple[int, ...], *blocks: tuple[int, tuple[str, bool] | None]
) -> tuple[Header, list[Header]]:
    """A chain: who is in the genesis, then who sealed each block with which vote."""
    first = head = first_block(tuple(SIGNERS[n] for n in signers))
    headers = []
    for signer, vote in blocks:
        head = next_block(head, SIGNERS[signer], vote=vote)
        headers.append(head)
    return first, headers


def signers_after(chain: tuple[Header, list[Header]]) -> frozenset[str]:
    first, headers = chain
    return follow(checkpoint(first), headers).signers


def test_the_first_block_lists_the_signers() -> None:
    assert checkpoint(first_block(THREE)).signers == {A, B, C}


def test_the_signer_of_a_block_is_who_sealed_it() -> None:
    assert signer_of(next_block(first_block(THREE), SIGNERS[1])) == B


def test_a_majority_admits_a_signer() -> None:
    assert signers_after(grown((0, 1, 2), (0, (D, True)))) == {A, B, C}
    assert signers_after(grown((0, 1, 2), (0, (D, True)), (1, (D, True)))) == {A, B, C, D}


def test_a_majority_drops_a_signer() -> None:
    assert signers_after(grown((0, 1, 2), (0, (C, False)), (1, (C, False)))) == {A, B}


def test_one_signer_repeating_a_vote_is_no_majority() -> None:
    assert signers_after(grown((0, 1, 2), (0, (D, True)), (0, (D, True)), (0, (D, True)))) == {A, B, C}


def test_a_vote_can_be_taken_back() -> None:
    chain = grown((0, 1, 2), (0, (D, True)), (0, (D, False)), (1, (D, True)))
    assert signers_after(chain) == {A, B, C}


def test_the_votes_of_a_dropped_signer_do_not_count() -> None:
    chain = grown((0, 1, 2), (2, (D, True)), (0, (C, False)), (1, (C, False)), (0, (D, True)))
    assert signers_after(chain) == {A, B}


def test_a_single_signer_admits_alone() -> None:
    assert signers_after(grown((0,), (0, (B, True)))) == {A, B}


def test_a_stranger_seals_nothing() -> None:
    with pytest.raises(BadAnswer, match=f"sealed by {D}, who is no signer"):
        signers_after(grown((0, 1, 2), (3, None)))


def test_a_forged_header_has_another_signer() -> None:
    honest = next_block(first_block(THREE), SIGNERS[0])
    with pytest.raises(BadAnswer, match="no signer"):
        follow(checkpoint(first_block(THREE)), [replace(honest, gas_used=1)])


def test_a_gap_or_another_branch_is_not_followed() -> None:
    first, headers = grown((0, 1, 2), (0, None), (1, None))
    with pytest.raises(BadAnswer, match="does not follow"):
        follow(checkpoint(first), headers[1:])


def test_a_checkpoint_lists_the_signers_and_ends_open_votes() -> None:
    start = replace(first_block(THREE), number=EPOCH - 2)
    tally = replace(checkpoint(first_block(THREE)), number=EPOCH - 2, hash=start.hash)
    voting = next_block(start, SIGNERS[0], vote=(D, True))
    epoch = next_block(voting, SIGNERS[1], signers=THREE)
    after = next_block(epoch, SIGNERS[2], vote=(D, True))
    assert follow(tally, [voting, epoch, after]).signers == {A, B, C}


def test_what_is_no_checkpoint_is_told() -> None:
    with pytest.raises(BadAnswer, match="not a checkpoint"):
        checkpoint(replace(first_block(()), extra_data=bytes(VANITY + SEAL)))


class Source:
    """Headers from a list, and how many were asked for."""

    def __init__(self, first: Header, headers: list[Header]) -> None:
        self.known = [first, *headers]
        self.read = 0

    def headers(self, first: int, last: int) -> list[Header]:
        self.read += max(last + 1 - first, 0)
        return self.known[first : last + 1]


def test_only_new_headers_are_read() -> None:
    source = Source(*grown((0, 1, 2), (0, None), (1, (D, True)), (2, (D, True)), (0, None)))
    signers = SignerSet(source)
    assert signers.at(2) == {A, B, C}
    assert source.read == 3
    assert signers.at(4) == {A, B, C, D}
    assert source.read == 5
    assert signers.at(4) == {A, B, C, D}
    assert source.read == 5


def test_after_a_reorganisation_the_count_begins_anew() -> None:
    source = Source(*grown((0, 1, 2), (0, None), (1, (D, True))))
    signers = SignerSet(source)
    signers.at(2)
    source.known = [source.known[0], *grown((0, 1, 2), (1, None), (2, (B, False)), (0, (B, False)))[1]]
    with pytest.raises(BadAnswer):
        signers.at(3)
    assert signers.at(3) == {A, C}


votes = st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans())


@given(st.integers(1, 5), st.lists(votes, max_size=40))
def test_no_membership_changes_without_a_majority_of_different_voters(
    count: int, ballots: list[tuple[int, int, bool]]
) -> None:
    addresses = [each.address for each in SIGNERS]
    signers, open_votes = frozenset(addresses[:count]), dict[str, dict[str, bool]]()
    latest: dict[tuple[str, str], bool] = {}
    for voter_at, subject_at, admits in ballots:
        voter, subject = addresses[voter_at], addresses[subject_at]
        if voter not in signers:
            continue
        latest[voter, subject] = admits
        before = signers
        signers, told = cast(signers, open_votes, voter, subject, admits)
        open_votes = {about: dict(given) for about, given in told.items()}
        if signers != before:
            assert signers ^ before == {subject}
            supporters = {who for who in before if latest.get((who, subject)) is admits}
            assert len(supporters) > len(before) // 2
            latest = {key: value for key, value in latest.items() if key[1] != subject and key[0] in signers}
        assert all(given.keys() <= signers for given in open_votes.values())
        assert all(given for given in open_votes.values())


def test_whoever_must_not_stand_still_counts_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain.signers.STRIDE", 2)
    source = Source(*grown((0, 1, 2), (0, None), (1, (D, True)), (2, (D, True)), (0, None)))
    signers = SignerSet(source)
    with pytest.raises(StillCounting):
        signers.counted(4)
    assert source.read == 3
    assert signers.counted(4) == {A, B, C, D}
