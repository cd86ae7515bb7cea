"""Makes a chain of many blocks in seconds, for tests and benchmarks: real seals, empty blocks, one signer.

A signer at work makes a block a second at most. geth takes these as it takes a peer's: headers, seals and
state are right. They are made in memory and written as geth's `import` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chain import rlp
from chain.blocks import Header
from chain.genesis import EPOCH, SEAL, VANITY
from chain.headers import DROP, EMPTY_UNCLES, NOBODY, signed_bytes
from chain.keys import Account, keccak

NOTHING = "0x" + keccak(rlp.encode(b"")).hex()
"""Root of the tree of no transactions, and of no receipts."""


@dataclass(frozen=True)
class Sealed:
    """A block as bytes, and its header."""

    header: Header
    raw: bytes


def blocks(first: Header, signer: Account, count: int, period: int) -> Iterator[Sealed]:
    """The blocks that follow one, all sealed by the chain's only signer.

    Args:
        first: the block before, as a node tells it: block 0, to begin with.
        signer: the one in its extra data.
        count: how many.
        period: seconds between two.
    """
    parent = first
    own = bytes.fromhex(signer.address[2:])
    for number in range(first.number + 1, first.number + count + 1):
        listed = own if number % EPOCH == 0 else b""
        draft = replace(
            parent,
            number=number,
            parent_hash=parent.hash,
            timestamp=parent.timestamp + period,
            sha3_uncles="0x" + EMPTY_UNCLES.hex(),
            transactions_root=NOTHING,
            receipts_root=NOTHING,
            logs_bloom=bytes(256),
            miner=NOBODY,
            nonce=DROP,
            difficulty=2,
            gas_used=0,
            extra_data=bytes(VANITY) + listed + bytes(SEAL),
        )
        parent, raw = sealed(draft, signer)
        yield Sealed(parent, rlp.encode([rlp.decode(raw), [], []]))


def sealed(draft: Header, signer: Account) -> tuple[Header, bytes]:
    """A header with a signer's seal and its hash, and its RLP, of which that is the hash."""
    signature = signer.sign(keccak(signed_bytes(draft)))
    seal = signature[:64] + bytes([signature[64] - 27])
    header = replace(draft, extra_data=draft.extra_data[:-SEAL] + seal)
    fields = list(rlp.decode(signed_bytes(header)))
    fields[12] = header.extra_data
    raw = rlp.encode(fields)
    return replace(header, hash="0x" + keccak(raw).hex()), raw
