"""What to do about a chain that stands still, from what its nodes say of their last blocks. Pure.

Clique takes the chain of the greatest total difficulty (EIP-225), and of two that are equal the one it saw
first. Two signers that sealed at the same height out of turn hold equal chains: each waits for the other's
next block, which does not come, since whoever sealed one block may not seal the next. Nothing but going back
brings them together: all take one of the chains, here the one of the lowest hash, so that everybody who
judges the same surveys judges the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from chain.confirmations import depth
from chain.errors import BadAnswer

BACK = 16
"""How many of its last blocks a survey holds: an honest fork is a block or two deep."""

STILL = 10
"""Periods without a block after which a chain stands still; a signer that is away costs less than one."""

LEAST = 30.0
"""Seconds; the least that is waited in any case."""

TOGETHER = 300.0
"""Seconds within which all surveys have to be taken: older ones may tell of what has healed since."""


@dataclass(frozen=True, kw_only=True)
class Last:
    """One of a node's last blocks."""

    number: int
    hash: str
    parent: str
    sealed: int
    """Unix seconds of its timestamp."""
    difficulty: int
    """Total, from the first block on."""
    raw: str
    """The block itself, RLP in hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What one node says, at one time."""

    node: str
    """Its public key, as in its enode."""
    taken: float
    """Unix seconds."""
    period: int
    """Seconds between two blocks."""
    signers: tuple[str, ...]
    """Who may seal, by its head."""
    sealer: str | None
    """The signer that seals here."""
    blocks: tuple[Last, ...]
    """The last ones, the head last."""

    @property
    def head(self) -> Last:
        """The last block."""
        return self.blocks[-1]

    def to_json(self) -> str:
        """As a file."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            BadAnswer: it is no survey.
        """
        try:
            given: Mapping[str, Any] = json.loads(text)
            blocks = tuple(Last(**each) for each in given["blocks"])
            found = cls(**{**given, "blocks": blocks, "signers": tuple(given["signers"])})
            usable = bool(found.blocks) and float(found.taken) > 0 and int(found.period) > 0
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadAnswer(f"this is no survey of a node: {error!r}") from None
        if not usable:
            raise BadAnswer("this survey tells of no block")
        return found


class Finding(StrEnum):
    """What the surveys come to."""

    RUNS = "the chain runs"
    TOO_FEW = "too few signers are asked"
    OLD = "the surveys are not of one time"
    DEEP = "the chains part too far back"
    AGREED = "all nodes agree"
    PARTED = "the nodes hold different chains"


@dataclass(frozen=True)
class Verdict:
    """What is the matter, and what to do."""

    finding: Finding
    sentence: str
    winner: Survey | None = None
    """Whose chain everybody is to take; None: nobody has to take any."""
    adopters: Mapping[str, int] | None = None
    """By node: the last block that it has in common with the winner's chain, and goes back to."""
    heads: Mapping[str, str] | None = None
    """By node: the hash of its head when it was asked; one that has another since has gone on by itself."""

    def blocks_for(self, node: str) -> tuple[int, tuple[Last, ...]] | None:
        """The block to go back to, and the winner's that follow it; None: nothing is to be done there."""
        if self.winner is None or self.adopters is None or node not in self.adopters:
            return None
        common = self.adopters[node]
        return common, tuple(block for block in self.winner.blocks if block.number > common)


def judge(surveys: Sequence[Survey], now: float) -> Verdict:
    """Judge surveys of as many nodes as can be asked, taken at about the same time.

    Args:
        surveys: at least one; of one chain.
        now: Unix seconds.

    Raises:
        ValueError: no survey.
    """
    if not surveys:
        raise ValueError("at least one node has to be asked")
    newest = max(surveys, key=lambda each: each.head.sealed)
    still = _still(surveys, newest)
    found = _not_to_be_touched(surveys, newest, now)
    if found is not None:
        return found
    winner = min(surveys, key=lambda each: (-each.head.difficulty, each.head.hash))
    others = [each for each in surveys if each.head.hash != winner.head.hash]
    if not others:
        return Verdict(
            Finding.AGREED,
            f"all hold block {winner.head.number}, {still:.0f} s old: the next signer does not seal. Look at "
            "its sealer, its clock and its connections",
        )
    adopters: dict[str, int] = {}
    for each in others:
        common = _common(winner, each)
        if common is None or each.head.number - common > depth(len(newest.signers)):
            return Verdict(
                Finding.DEEP,
                f"node {each.node[:8]}… parts from the others before block "
                f"{common + 1 if common is not None else winner.blocks[0].number}: orders may have counted "
                "on both sides, so a person has to choose: stop trading, and keep a copy of its data first",
            )
        adopters[each.node] = common
    return Verdict(
        Finding.PARTED,
        f"{len(others)} of {len(surveys)} nodes take the chain of node {winner.node[:8]}…: block "
        f"{winner.head.number}, {winner.head.hash}",
        winner,
        adopters,
        {each.node: each.head.hash for each in others},
    )


def _still(surveys: Sequence[Survey], newest: Survey) -> float:
    """Seconds for which no node had a new block before the first was asked.

    Not until now: surveys take a while, and a chain that runs goes on between two of them.
    """
    return min(each.taken for each in surveys) - newest.head.sealed


def _not_to_be_touched(surveys: Sequence[Survey], newest: Survey, now: float) -> Verdict | None:
    """Why nothing may be done, by age and number of the surveys; None: it may."""
    oldest = min(each.taken for each in surveys)
    if now - oldest > TOGETHER:
        return Verdict(Finding.OLD, f"a survey is {now - oldest:.0f} s old: ask all nodes anew")
    still, patience = _still(surveys, newest), max(LEAST, STILL * newest.period)
    if still < patience:
        return Verdict(
            Finding.RUNS,
            f"block {newest.head.number} was {max(still, 0):.0f} s old when the first node was asked, "
            f"less than {patience:.0f} s: if no block comes, ask all nodes anew",
        )
    signers = set(newest.signers)
    asked = {each.sealer for each in surveys} & signers
    needed = len(signers) // 2 + 1
    if len(asked) < needed:
        return Verdict(
            Finding.TOO_FEW,
            f"{len(asked)} of {len(signers)} signers are asked; {needed} have to run, and to be asked, "
            "before anybody may go back: the others could have gone on meanwhile",
        )
    return None


def _common(one: Survey, other: Survey) -> int | None:
    """The highest block of both; None: further back than the surveys reach."""
    hashes = {block.hash for block in one.blocks}
    numbers = [block.number for block in other.blocks if block.hash in hashes]
    if numbers:
        return max(numbers)
    first = min(one.blocks[0], other.blocks[0], key=lambda block: block.number)
    known = {block.parent for block in (one.blocks[0], other.blocks[0])}
    return first.number - 1 if len(known) == 1 else None
