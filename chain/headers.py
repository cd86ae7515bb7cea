"""A Clique header as its signer sees it (EIP-225): what is signed, who signed it, and the vote it casts."""

from __future__ import annotations

from dataclasses import dataclass

from chain import rlp
from chain.blocks import Header
from chain.errors import BadAnswer
from chain.genesis import EPOCH, SEAL, VANITY
from chain.keys import checksum, keccak, recover

EMPTY_UNCLES = keccak(rlp.encode([]))
ADD, DROP = b"\xff" * 8, bytes(8)
"""The nonce of a header that votes for a signer, and of one that votes against (or not at all)."""

NOBODY = checksum(bytes(20))

LENGTHS = {0: 32, 1: 32, 2: 20, 3: 32, 4: 32, 5: 32, 6: 256, 13: 32, 14: 8}
"""Bytes of a header's fields of fixed length, by position."""


@dataclass(frozen=True, kw_only=True)
class Unsealed:
    """A Clique header that waits for its signature."""

    number: int
    parent: str
    timestamp: int
    difficulty: int
    vote: str | None
    """Whose membership it votes about."""
    admits: bool
    """Whether that vote is in favour."""


def signed_bytes(header: Header) -> bytes:
    """The RLP that a block's signer signed: the header without the seal in its extra data."""
    fields: list[bytes] = [
        _hex(header.parent_hash),
        _hex(header.sha3_uncles),
        _hex(header.miner),
        _hex(header.state_root),
        _hex(header.transactions_root),
        _hex(header.receipts_root),
        header.logs_bloom,
        rlp.integer(header.difficulty),
        rlp.integer(header.number),
        rlp.integer(header.gas_limit),
        rlp.integer(header.gas_used),
        rlp.integer(header.timestamp),
        header.extra_data[:-SEAL],
        _hex(header.mix_hash),
        header.nonce,
    ]
    if header.base_fee is not None:
        fields.append(rlp.integer(header.base_fee))
    return rlp.encode(fields)


def signer_of(header: Header) -> str:
    """Who sealed a block.

    Raises:
        BadAnswer: the extra data is too short for a seal.
        SignatureRefused: the seal is no signature.
    """
    if len(header.extra_data) < VANITY + SEAL:
        raise BadAnswer(f"block {header.number} has no seal: not a Clique chain")
    seal = header.extra_data[-SEAL:]
    return recover(keccak(signed_bytes(header)), seal[:64] + bytes([seal[64] + 27]))


def read_unsealed(content: bytes) -> Unsealed:
    """Read what geth wants to have signed, and make sure that it is a Clique header and nothing else.

    Raises:
        ValueError: anything else; the message says what is wrong with it.
    """
    fields = rlp.decode(content)
    if not isinstance(fields, list) or len(fields) not in (15, 16):
        raise ValueError("a header has 15 or 16 fields")
    flat = [field for field in fields if isinstance(field, bytes)]
    if len(flat) != len(fields):
        raise ValueError("a header holds no lists")
    for position, length in LENGTHS.items():
        if len(flat[position]) != length:
            raise ValueError(f"field {position} of a header has {length} bytes, not {len(flat[position])}")
    numbers = [rlp.number(field) for field in (*flat[7:12], *flat[15:])]
    difficulty, height, gas_limit, gas_used, timestamp = numbers[:5]
    if flat[1] != EMPTY_UNCLES or flat[13] != bytes(32):
        raise ValueError("a Clique block has no uncles and no mix digest")
    if difficulty not in (1, 2):
        raise ValueError(f"the difficulty of a Clique block is 1 or 2, not {difficulty}")
    if flat[14] not in (ADD, DROP):
        raise ValueError("the nonce of a Clique block is all zeros or all ones")
    if height == 0 or gas_used > gas_limit:
        raise ValueError("no block can have this height and gas")
    checkpoint = height % EPOCH == 0
    listed = len(flat[12]) - VANITY
    if listed < 0 or listed % 20 or bool(listed) != checkpoint:
        raise ValueError(f"the extra data of block {height} has {len(flat[12])} bytes")
    if checkpoint and (any(flat[2]) or flat[14] != DROP):
        raise ValueError("a checkpoint casts no vote")
    return Unsealed(
        number=height,
        parent="0x" + flat[0].hex(),
        timestamp=timestamp,
        difficulty=difficulty,
        vote=checksum(flat[2]) if any(flat[2]) else None,
        admits=flat[14] == ADD,
    )


def _hex(text: str) -> bytes:
    return bytes.fromhex(text[2:])
