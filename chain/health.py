"""The chain's health, judged from its last headers: height, age, who seals and who misses turns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chain.blocks import Header
from chain.headers import signer_of

IN_TURN = 2
"""The difficulty of a block that was sealed by the signer whose turn it was (EIP-225)."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the chain does."""

    height: int
    age: float
    """Seconds from the head's timestamp to now; below zero if a clock is wrong."""
    peers: int
    seen: frozenset[str]
    """Signers that sealed at least one of the last blocks."""
    silent: frozenset[str]
    """Signers that sealed none of them."""
    missed: int
    """Blocks of these that somebody else had to seal than the signer whose turn it was."""
    blocks: int
    """How many blocks were looked at."""


def assess(headers: Sequence[Header], signers: Collection[str], peers: int, wall: float) -> Health:
    """Judge the last consecutive headers, the head last.

    Args:
        headers: at least one. Of fewer than 2 · n, nobody is called silent. The first block is nobody's.
        signers: who may seal.
        peers: connected nodes.
        wall: Unix seconds.

    Raises:
        ValueError: no header.
        SignatureRefused, BadAnswer: a seal is none.
    """
    if not headers:
        raise ValueError("health is judged from at least one header")
    sealed = [header for header in headers if header.number > 0]
    seen = frozenset(signer_of(header) for header in sealed)
    return Health(
        height=headers[-1].number,
        age=wall - headers[-1].timestamp,
        peers=peers,
        seen=seen,
        silent=frozenset(signers) - seen if len(sealed) >= 2 * len(signers) else frozenset(),
        missed=sum(header.difficulty != IN_TURN for header in sealed),
        blocks=len(sealed),
    )
