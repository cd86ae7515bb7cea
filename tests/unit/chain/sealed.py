"""Clique blocks made by hand, with real seals."""

from __future__ import annotations

from dataclasses import replace

from chain.blocks import Header
from chain.genesis import EPOCH, SEAL, VANITY
from chain.headers import ADD, DROP, EMPTY_UNCLES, NOBODY
from chain.keys import Account
from simulation.long_chain import sealed

SIGNERS = tuple(Account.of(bytes([n]) * 32) for n in range(1, 8))
"""The same accounts in every run."""


def first_block(signers: tuple[Account, ...]) -> Header:
    """A genesis that lists these signers."""
    listed = b"".join(sorted(bytes.fromhex(each.address[2:]) for each in signers))
    return Header(
        number=0,
        hash="0x" + "00" * 32,
        parent_hash="0x" + "00" * 32,
        sha3_uncles="0x" + EMPTY_UNCLES.hex(),
        miner=NOBODY,
        state_root="0x" + "11" * 32,
        transactions_root="0x" + "22" * 32,
        receipts_root="0x" + "33" * 32,
        logs_bloom=bytes(256),
        difficulty=1,
        gas_limit=30_000_000,
        gas_used=0,
        timestamp=1_700_000_000,
        extra_data=bytes(VANITY) + listed + bytes(SEAL),
        mix_hash="0x" + "00" * 32,
        nonce=DROP,
        base_fee=0,
    )


def next_block(
    parent: Header,
    signer: Account,
    *,
    vote: tuple[str, bool] | None = None,
    difficulty: int = 2,
    signers: tuple[Account, ...] = (),
) -> Header:
    """The block that a signer seals on a parent; `signers` are listed if it is a checkpoint."""
    number = parent.number + 1
    listed = b""
    if number % EPOCH == 0:
        listed = b"".join(sorted(bytes.fromhex(each.address[2:]) for each in signers))
    draft = replace(
        parent,
        number=number,
        parent_hash=parent.hash,
        timestamp=parent.timestamp + 5,
        miner=vote[0] if vote else NOBODY,
        nonce=ADD if vote and vote[1] else DROP,
        difficulty=difficulty,
        extra_data=bytes(VANITY) + listed + bytes(SEAL),
    )
    return sealed(draft, signer)[0]
