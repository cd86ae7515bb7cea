"""How the signers kept their turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chain.blocks import Block
from chain.errors import ChainError
from chain.headers import signer_of
from node.dapp.ledger.blocks import KEPT

TURNS = 128
"""Blocks from which they are told."""


@dataclass(frozen=True, kw_only=True)
class Turns:
    """One signer in the last blocks."""

    account: str
    due: int
    """Blocks whose turn was this signer's."""
    sealed: int
    missed: int
    """Of its turns, those that another signer took."""
    last: int | None
    """The newest block that it sealed."""


def turns(blocks: Sequence[Block], signers: Iterable[str]) -> list[Turns]:
    """By account, how each signer kept its turns in these blocks.

    Args:
        blocks: one after the other.
        signers: who may seal, as far as it is known; whoever did is told in any case.
    """
    sealers = [sealed_by(block).lower() for block in blocks]
    order = sorted({each.lower() for each in [*signers, *sealers] if each})
    # EIP-225: block n is the turn of signer n modulo their number, in the order of their accounts.
    due = [order[block.number % len(order)] if order else "" for block in blocks]
    kept = list(zip(blocks, sealers, due, strict=True))
    return [
        Turns(
            account=account,
            due=sum(who == account for who in due),
            sealed=sum(sealer == account for _, sealer, _ in kept),
            missed=sum(who == account != sealer for _, sealer, who in kept),
            last=max((block.number for block, sealer, _ in kept if sealer == account), default=None),
        )
        for account in order
    ]


@lru_cache(maxsize=KEPT)
def sealed_by(block: Block) -> str:
    """The account that sealed a block; empty where there is no such seal, as at block 0."""
    try:
        return signer_of(block)
    except (ChainError, ValueError):
        return ""
