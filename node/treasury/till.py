"""A key, its book and the chain: who sits here writes down first, sends then, and follows it to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from chain.client import ChainClient
from chain.confirmations import depth as depth_of
from chain.confirmations import settled
from chain.keys import Account
from chain.signers import SignerSet
from contracts.manifest import Manifest
from node.treasury.book import Book
from node.treasury.errors import Unfinished
from node.wallet.sender import Sender
from store.claim import Claim

PATIENCE = 120.0
"""Seconds that one command waits for the chain."""

LOOK = 0.3
"""Seconds between two looks at the chain."""


class Till:
    """One key at work. Close it."""

    def __init__(
        self,
        client: ChainClient,
        manifest: Manifest,
        account: Account,
        book: Path,
        *,
        tell: Callable[[str], None] = lambda _what: None,
        patience: float = PATIENCE,
    ) -> None:
        """Sit down; nobody else can meanwhile.

        Args:
            client: of a node of the neighbourhood's chain.
            manifest: verified.
            account: whose key signs.
            book: file of the book; the only one of this key.
            tell: is told what is waited for.
            patience: seconds that one command waits for the chain.

        Raises:
            store.errors.StoreError: the book cannot be used, or another command uses it.
        """
        self.client, self.manifest, self.address = client, manifest, account.address
        self._tell, self._patience = tell, patience
        self.admit(account)
        self._signers = SignerSet(client)
        self._claim = Claim(book.with_name(f".{book.name}.desk"), "keep the treasurer's book at")
        try:
            self.book = Book(book)
        except BaseException:
            self._claim.release()
            raise
        self._sender = Sender(self.book.journal, account, manifest.chain_id, client)

    def admit(self, account: Account) -> None:
        """Refuse a key that may not sit here; called before anything is opened."""

    def close(self) -> None:
        """Close the book."""
        self.book.close()
        self._claim.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def finish(self) -> None:
        """Follow everything that is under way to its end.

        Raises:
            Unfinished: the chain has not taken it in time.
            ChainError: the node does not answer.
        """
        until = time.monotonic() + self._patience
        while under_way := self.book.journal.under_way():
            head = self.client.block_number()
            self._sender.step(head, depth_of(len(self._signers.at(head))))
            under_way = self.book.journal.under_way()
            if not under_way:
                break
            first = under_way[0]
            self._tell(f"{first.purpose}: {first.stage.value}{f', {first.error}' if first.error else ''}")
            if time.monotonic() > until:
                raise Unfinished(
                    f"{first.purpose} is written down and {first.stage.value}, but the chain has not taken "
                    f"it within {self._patience:g} s{f' ({first.error})' if first.error else ''}: repeat the "
                    "command; it goes on and does nothing twice"
                )
            time.sleep(LOOK)
        self.book.settle()

    def last(self) -> int:
        """The highest block that counts."""
        head = self.client.block_number()
        return settled(head, len(self._signers.at(head)))
