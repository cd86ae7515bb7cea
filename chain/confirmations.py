"""When a block counts: deep enough that the signers' majority stands behind it."""

from __future__ import annotations


def depth(signers: int) -> int:
    """The blocks that must lie on top: signers // 2 + 1, so one with 1 signer, two with 3.

    A Clique signer may seal only one of any signers // 2 + 1 blocks in a row, so that many blocks on top were
    sealed by a majority of different signers (EIP-225, SIGNER_LIMIT).

    Raises:
        ValueError: a chain without signers.
    """
    if signers < 1:
        raise ValueError(f"a chain has at least one signer, not {signers}")
    return signers // 2 + 1


def is_final(head: int, block: int, signers: int) -> bool:
    """Whether a block counts, seen from a head."""
    return head - block >= depth(signers)


def settled(head: int, signers: int) -> int:
    """The highest block that counts, seen from a head; the first block always does."""
    return max(head - depth(signers), 0)
