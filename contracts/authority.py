"""Sends the authority's transactions: many at once, each waited for.

The authority's key lives with the operator, and is used now and then; unlike a household's wallet it needs no
journal: the same transactions at the same nonces are the same bytes, so what a killed run has sent the next
does not send twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from chain.errors import RpcError
from chain.keys import Account
from chain.transactions import Call, Fees, Signed, sign
from contracts.deploy import Receipt, Transaction
from contracts.errors import DeploymentFailed

GAS = {"create": 4_000_000, "call": 600_000, "pay": 21_000}
"""Limits. The market's creation takes 2.9 million; admitting, with an enode, 280,000. Nodes ask for a
balance of limit times maximum fee for all that waits: 1.2 ether to deploy, 0.12 more for each household
that is admitted in the same batch. A hundredth of it is spent."""


KNOWN = ("already known", "known transaction", "nonce too low")
"""What a node says to bytes that it has, or that are mined."""


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
        progress: Callable[[int, int], None] = lambda _done, _of: None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Send as `account`.

        Args:
            patience: seconds that a batch may take to be mined.
            progress: told how many of how many transactions of a batch are in the chain.
            clock: monotonic seconds.
            pause: waits between two looks at the chain.
        """
        self._account = account
        self._client = client
        self._patience = patience
        self._progress = progress
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
            self._sent(signed(self._account, chain_id, nonce + n, each))
            for n, each in enumerate(transactions)
        ]
        deadline = self._clock() + self._patience
        receipts: list[Receipt] = []
        for tx_hash in hashes:
            self._progress(len(receipts), len(hashes))
            receipts.append(self._mined(tx_hash, deadline))
        self._progress(len(receipts), len(hashes))
        self._shown(nonce + len(hashes), deadline)
        return receipts

    def _sent(self, transaction: Signed) -> str:
        """Hand it to the node, which may have it from a run that was killed."""
        try:
            self._client.send_raw(transaction.raw)
        except RpcError as refusal:
            said = refusal.message.lower()
            if "underpriced" in said:
                raise DeploymentFailed(
                    f"another transaction of {self.address} waits in the node at the same number: let it be "
                    "mined (see commonwatt chain status), then repeat this"
                ) from None
            if not any(words in said for words in KNOWN):
                raise
        return transaction.hash

    def _mined(self, tx_hash: str, deadline: float) -> Receipt:
        while (receipt := self._client.receipt(tx_hash)) is None:
            if self._clock() > deadline:
                raise DeploymentFailed(
                    f"{tx_hash} was not mined within {self._patience:g} s: are the chain's signers running?"
                )
            self._pause(0.1)
        return receipt

    def _shown(self, nonce: int, deadline: float) -> None:
        """Wait until the node's head has what was mined.

        geth answers with a receipt a moment before its head moves to the receipt's block; what is read, or
        numbered, in that moment is of the block before.
        """
        while self.nonce() < nonce:
            if self._clock() > deadline:
                raise DeploymentFailed(
                    f"transactions of {self.address} were mined, but the node's head does not show them: "
                    "see commonwatt chain status, then repeat this"
                )
            self._pause(0.05)


def signed(account: Account, chain_id: int, nonce: int, transaction: Transaction) -> Signed:
    """The bytes of a transaction, and the hash under which it is found."""
    kind = "create" if transaction.to is None else "call" if transaction.data else "pay"
    call = Call(to=transaction.to, data=transaction.data, gas=GAS[kind], value=transaction.value)
    return sign(account, chain_id, nonce, call, Fees())
