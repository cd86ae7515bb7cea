"""Sends the authority's transactions: many at once, each waited for.

The authority's key lives with the operator, and is used now and then; unlike a household's wallet it needs no
journal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from chain.keys import Account
from chain.transactions import Call, Fees, sign
from contracts.deploy import Receipt, Transaction
from contracts.errors import DeploymentFailed

GAS = {"create": 4_000_000, "call": 600_000, "pay": 21_000}
"""Limits. The market's creation takes 2.9 million; admitting, with an enode, 280,000. Nodes ask for a
balance of limit times maximum fee for all that waits: 1.2 ether to deploy, 0.12 more for each household
that is admitted in the same batch. A hundredth of it is spent."""


class Client(Protocol):
    """What sending needs of a chain client: `chain.client.ChainClient` has it."""

    def chain_id(self) -> int:
        """Of the chain that the node follows."""
        ...

    def nonce(self, address: str) -> int:
        """How many transactions the account has in the chain."""
        ...

    def send_raw(self, raw: bytes) -> str:
        """Hand over a signed transaction; its hash."""
        ...

    def receipt(self, tx_hash: str) -> Receipt | None:
        """What a transaction came to; None while it is not mined."""
        ...


class Authority:
    """The authority's key at a node of its chain."""

    def __init__(
        self,
        account: Account,
        client: Client,
        *,
        patience: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Send as `account`.

        Args:
            patience: seconds that a batch may take to be mined.
            clock: monotonic seconds.
            pause: waits between two looks at the chain.
        """
        self._account = account
        self._client = client
        self._patience = patience
        self._clock = clock
        self._pause = pause

    @property
    def address(self) -> str:
        """Its account."""
        return self._account.address

    def nonce(self) -> int:
        """The number of its next transaction."""
        return self._client.nonce(self.address)

    def send(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        """Send transactions in order, and wait until all are mined.

        Raises:
            DeploymentFailed: not mined in time.
            ChainError: whatever the client raises.
        """
        nonce = self.nonce()
        chain_id = self._client.chain_id()
        hashes = [
            self._client.send_raw(signed(self._account, chain_id, nonce + n, each))
            for n, each in enumerate(transactions)
        ]
        deadline = self._clock() + self._patience
        return [self._mined(tx_hash, deadline) for tx_hash in hashes]

    def _mined(self, tx_hash: str, deadline: float) -> Receipt:
        while (receipt := self._client.receipt(tx_hash)) is None:
            if self._clock() > deadline:
                raise DeploymentFailed(
                    f"{tx_hash} was not mined within {self._patience:g} s: are the chain's signers running?"
                )
            self._pause(0.1)
        return receipt


def signed(account: Account, chain_id: int, nonce: int, transaction: Transaction) -> bytes:
    """The raw bytes of a transaction."""
    kind = "create" if transaction.to is None else "call" if transaction.data else "pay"
    call = Call(to=transaction.to, data=transaction.data, gas=GAS[kind], value=transaction.value)
    return sign(account, chain_id, nonce, call, Fees()).raw
