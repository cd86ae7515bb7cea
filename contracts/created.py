"""Which contracts an account has created: from its nonces alone, for an address follows from both.

Nothing has to be written down to find them again, and nothing that is lost can hide one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chain import rlp
from chain.keys import checksum, keccak
from contracts.codec import CONTRACTS, artifact

PAGE = 100
"""Addresses in one question."""


class Chain(Protocol):
    """What finding contracts needs of a chain client: `chain.client.ChainClient` has it."""

    def block_number(self) -> int:
        """Height of the head."""
        ...

    def nonce(self, address: str, block: int) -> int:
        """How many transactions an account has in the chain up to a block."""
        ...

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Several calls, their results as JSON."""
        ...


@dataclass(frozen=True, kw_only=True)
class Created:
    """A contract that an account put on the chain."""

    address: str
    nonce: int
    contract: str
    """Name of ours; empty: none of ours, or of another version."""


def address_of(creator: str, nonce: int) -> str:
    """Where an account's transaction of this number creates its contract (Yellow Paper, section 7)."""
    return checksum(keccak(rlp.encode([bytes.fromhex(creator[2:]), rlp.integer(nonce)]))[12:])


def created(
    chain: Chain, account: str, nonces: int, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> list[Created]:
    """Every contract that an account created with its first `nonces` transactions, oldest first."""
    found = []
    for start in range(0, nonces, PAGE):
        numbers = range(start, min(start + PAGE, nonces))
        addresses = [address_of(account, nonce) for nonce in numbers]
        codes = chain.batch([("eth_getCode", (address, "latest")) for address in addresses])
        for nonce, address, code in zip(numbers, addresses, codes, strict=True):
            if code != "0x":
                name = contract_of(bytes.fromhex(code[2:]))
                found.append(Created(address=address, nonce=nonce, contract=name))
        progress(numbers[-1] + 1, nonces)
    return found


def block_of(chain: Chain, account: str, nonce: int) -> int:
    """The block with an account's transaction of this number, which is in the chain (archive nodes know)."""
    low, high = 0, chain.block_number()
    while low < high:
        middle = (low + high) // 2
        if chain.nonce(account, middle) > nonce:
            high = middle
        else:
            low = middle + 1
    return low


def contract_of(code: bytes) -> str:
    """The name of the contract of ours whose code this is; empty if it is none."""
    return next((name for name in CONTRACTS if same_code(name, code)), "")


def same_code(contract: str, code: bytes) -> bool:
    """Whether code from the chain is a compiled contract's, whatever its constructor put into the holes."""
    compiled = artifact(contract)
    expected = bytes.fromhex(compiled["deployedBytecode"].removeprefix("0x"))
    found = bytearray(code)
    for start, length in compiled["immutables"]:
        found[start : start + length] = bytes(length)
    return bytes(found) == expected
