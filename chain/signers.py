"""Who may seal, read from the headers themselves: the last checkpoint's list, and the votes since (EIP-225).

What a configuration says could be outdated or forged; the headers are signed by the signers of before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chain.blocks import Header
from chain.errors import BadAnswer, StillCounting
from chain.genesis import EPOCH, SEAL, VANITY
from chain.headers import ADD, NOBODY, signer_of
from chain.keys import checksum

STRIDE = 500
"""Headers that are fetched at a time: about 1 MB of JSON."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The signers after a block, and the votes that are open then."""

    number: int
    hash: str
    signers: frozenset[str]
    votes: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """Whose membership → who voted → in favour."""


def checkpoint(header: Header) -> Tally:
    """The signers that a checkpoint lists: the first block, and every 30,000th.

    Raises:
        BadAnswer: it is no checkpoint.
    """
    listed = header.extra_data[VANITY:-SEAL]
    if header.number % EPOCH or not listed or len(listed) % 20:
        raise BadAnswer(f"block {header.number} lists no signers: not a checkpoint of a Clique chain")
    members = frozenset(checksum(listed[n : n + 20]) for n in range(0, len(listed), 20))
    return Tally(number=header.number, hash=header.hash, signers=members)


def follow(tally: Tally, headers: Iterable[Header]) -> Tally:
    """Count the votes of the blocks that follow.

    Raises:
        BadAnswer: a block does not follow the one before, or somebody sealed it who may not.
        SignatureRefused: a seal is no signature.
    """
    for header in headers:
        tally = _count(tally, header, signer_of(header))
    return tally


def _count(tally: Tally, header: Header, signer: str) -> Tally:
    if header.number != tally.number + 1 or header.parent_hash != tally.hash:
        raise BadAnswer(f"block {header.number} does not follow block {tally.number}: the chain reorganised")
    if signer not in tally.signers:
        raise BadAnswer(f"block {header.number} was sealed by {signer}, who is no signer")
    if header.number % EPOCH == 0:
        return checkpoint(header)
    signers, votes = tally.signers, tally.votes
    if header.miner != NOBODY:
        signers, votes = cast(signers, votes, signer, header.miner, header.nonce == ADD)
    return Tally(number=header.number, hash=header.hash, signers=signers, votes=votes)


Votes = Mapping[str, Mapping[str, bool]]


def cast(
    signers: frozenset[str], votes: Votes, voter: str, subject: str, admits: bool
) -> tuple[frozenset[str], Votes]:
    """One vote, and what it decides: more than half of the signers settle a membership.

    A vote replaces the voter's last one about the same subject, and counts only if it would change something.
    """
    ballots = {about: dict(cast_by) for about, cast_by in votes.items()}
    ballots.get(subject, {}).pop(voter, None)
    if admits != (subject in signers):
        ballots.setdefault(subject, {})[voter] = admits
        if len(ballots[subject]) > len(signers) // 2:
            del ballots[subject]
            signers = signers | {subject} if admits else signers - {subject}
            if not admits:  # Who is no signer any more has no votes.
                for cast_by in ballots.values():
                    cast_by.pop(subject, None)
    return signers, {about: cast_by for about, cast_by in ballots.items() if cast_by}


class Headers(Protocol):
    """Where headers come from: ChainClient, or the node's administrative socket."""

    def headers(self, first: int, last: int) -> list[Header]:
        """Consecutive headers, both ends included; none if `first` is above `last`."""
        ...


class SignerSet:
    """The chain's signers, followed block by block. Not for several threads at once."""

    def __init__(self, source: Headers) -> None:
        self._source = source
        self._tally: Tally | None = None

    def at(self, number: int) -> frozenset[str]:
        """The signers after a block: who may seal the next.

        The first call reads all headers since the last checkpoint (30,000 at most), later ones only the new.

        Raises:
            ChainError: the node does not answer, or its headers are not those of a Clique chain.
        """
        while (signers := self.step(number)) is None:
            pass
        return signers

    def counted(self, number: int) -> frozenset[str]:
        """As `at`, but read at most 500 headers: for a thread on whose news others wait.

        Raises:
            StillCounting: there are more to read; the next call goes on.
            ChainError: as `at`.
        """
        signers = self.step(number)
        if signers is None:
            raise StillCounting("the chain's signers are still being counted")
        return signers

    def step(self, number: int) -> frozenset[str] | None:
        """As `at`, but read at most 500 headers; None while there are more to read.

        For a loop that must not stand still: a Pi checks some thousand seals a second.
        """
        tally = self._begin(number)
        last = min(tally.number + STRIDE, number)
        try:
            self._tally = tally = follow(tally, self._source.headers(tally.number + 1, last))
        except BadAnswer:
            self._tally = None  # A reorganisation: count anew next time.
            raise
        return tally.signers if last == number else None

    def _begin(self, number: int) -> Tally:
        if self._tally is None or self._tally.number > number or self._tally.number < number - number % EPOCH:
            [header] = self._source.headers(number - number % EPOCH, number - number % EPOCH)
            self._tally = checkpoint(header)
        return self._tally
