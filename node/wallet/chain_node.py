"""What the wallet asks of the chain: `chain.client.ChainClient` answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

BlockTag = int | Literal["latest", "pending", "earliest"]


class Receipt(Protocol):
    """What a transaction came to."""

    @property
    def block(self) -> int:
        """The number of its block."""
        ...

    @property
    def succeeded(self) -> bool:
        """Whether it did what it was to do; False: it reverted."""
        ...

    @property
    def gas_used(self) -> int:
        """Units of gas."""
        ...


class Transaction(Protocol):
    """A transaction in a block."""

    @property
    def hash(self) -> str:
        """0x and 64 digits."""
        ...

    @property
    def sender(self) -> str:
        """Checksummed."""
        ...

    @property
    def to(self) -> str | None:
        """Checksummed; None: it made a contract."""
        ...

    @property
    def nonce(self) -> int:
        """Its number among the sender's."""
        ...

    @property
    def value(self) -> int:
        """Wei."""
        ...

    @property
    def data(self) -> bytes:
        """Calldata."""
        ...

    @property
    def max_fee(self) -> int:
        """Wei for each unit of gas."""
        ...

    @property
    def max_priority_fee(self) -> int:
        """Wei for each unit of gas."""
        ...


class Block(Protocol):
    """A block with its transactions."""

    @property
    def number(self) -> int:
        """Its height."""
        ...

    @property
    def transactions(self) -> Sequence[Transaction]:
        """In full."""
        ...


class Node(Protocol):
    """The household's own chain node. Every method may raise `chain.errors.ChainError`."""

    def nonce(self, address: str, block: BlockTag) -> int:
        """How many transactions an account has in the chain up to a block; "pending": waiting ones too."""
        ...

    def balance(self, address: str, block: BlockTag) -> int:
        """Wei."""
        ...

    def send_raw(self, raw: bytes) -> str:
        """Hand a signed transaction to the node."""
        ...

    def receipt(self, tx_hash: str) -> Receipt | None:
        """None while it is in no block."""
        ...

    def block(self, number: int, full: bool) -> Block:
        """A block of the chain."""
        ...

    def call(self, to: str, data: bytes, block: int, sender: str | None, value: int) -> bytes:
        """What a contract would answer in the state after a block."""
        ...
