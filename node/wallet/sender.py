"""The one sender of the household's key: signs what the journal plans, and follows it until it is final.

`step` is called whenever there is news (a new head, a new intent, a restart) and brings every entry as far as
it goes now. It reads the journal anew each time, so it does the same after a crash as without one: bytes that
were signed are sent again as they are, never signed at a second nonce.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from chain.errors import RpcError
from chain.keys import Account
from chain.transactions import Call, Fees, sign
from node.wallet.journal import Entry, Journal, Stage

log = structlog.get_logger()

REPEAT_BLOCKS = 2
"""Not in a block after so many: send the same bytes again, in case the node lost them."""

STUCK_BLOCKS = 6
"""Not in a block after so many: sign again at the same nonce with a higher fee."""

MOST_SIGNATURES = 12
"""The fee is raised eleven times at most: to twelve times the first."""

KNOWN = ("already known", "known transaction")
SPENT = ("nonce too low",)
WAITING = (Stage.SIGNED, Stage.BROADCAST)


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


class Node(Protocol):
    """What the sender asks of the chain: `chain.client.ChainClient` does it."""

    def nonce(self, address: str, block: int) -> int:
        """How many transactions of this account are in the chain up to a block."""
        ...

    def send_raw(self, raw: bytes) -> str:
        """Hand a signed transaction to the node."""
        ...

    def receipt(self, tx_hash: str) -> Receipt | None:
        """None while it is in no block."""
        ...


class Sender:
    """Signs and follows. Used by one thread; the journal may be planned into by others."""

    def __init__(
        self,
        journal: Journal,
        account: Account,
        chain_id: int,
        node: Node,
        *,
        fees: Fees | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take over a key. Nobody else may send with it.

        Args:
            clock: Unix seconds.
        """
        self._journal = journal
        self._account = account
        self._chain_id = chain_id
        self._node = node
        self._fees = fees or Fees()
        self._clock = clock
        self._first_nonce: int | None = None
        self._sent: dict[int, int] = {}
        """Entry → height at which this process sent it last."""

    def plan(self, purpose: str, call: Call) -> Entry:
        """Write an intent down; `step` sends it.

        Raises:
            AlreadyIntended: see `Journal.plan`.
        """
        return self._journal.plan(purpose, call, self._clock())

    def step(self, head: int, depth: int) -> list[Entry]:
        """Bring every entry as far as it goes.

        Args:
            head: the chain's height.
            depth: blocks on top of a block that make it final.

        Returns:
            The entries whose stage changed.

        Raises:
            chain.errors.ChainError: the node does not answer; what was done so far is in the journal.
        """
        changed = []
        first_waiting = True
        for before in self._journal.under_way():
            entry = before
            if entry.stage is Stage.PLANNED:
                entry = self._send(self._sign(entry, head), head)
            elif entry.stage in WAITING:
                entry = self._look(entry)
                if entry.stage in WAITING:
                    entry = self._again(entry, head, depth, first_waiting)
                    first_waiting = False
            if entry.stage is Stage.MINED:
                entry = self._settle(entry, head, depth)
            if entry.stage is not before.stage:
                _tell(entry)
                changed.append(entry)
        return changed

    def _sign(self, entry: Entry, head: int) -> Entry:
        """At the next nonce: above all that this journal has, and the chain had when this process began."""
        if self._first_nonce is None:
            self._first_nonce = self._node.nonce(self._account.address, head)
        nonce = max(self._first_nonce, self._journal.next_nonce())
        return self._signed(entry, nonce, self._fees, head)

    def _signed(self, entry: Entry, nonce: int, fees: Fees, head: int) -> Entry:
        signed = sign(self._account, self._chain_id, nonce, entry.call, fees)
        return self._journal.sign(entry, nonce=nonce, signed=signed, fees=fees, head=head, now=self._clock())

    def _send(self, entry: Entry, head: int) -> Entry:
        newest = self._journal.signatures(entry)[0]
        try:
            self._node.send_raw(newest.signed.raw)
        except RpcError as refusal:
            self._sent[entry.id] = head
            # "already known" is what we wish; "nonce too low": it, or another, is mined; the next look tells.
            if not any(words in refusal.message.lower() for words in (*KNOWN, *SPENT)):
                log.warning(
                    "transaction-refused", purpose=entry.purpose, tx=entry.hash, error=refusal.message
                )
                return self._journal.trouble(entry, refusal.message, self._clock())
        self._sent[entry.id] = head
        return entry if entry.stage is Stage.BROADCAST else self._journal.broadcast(entry, self._clock())

    def _look(self, entry: Entry) -> Entry:
        """Find it in a block, under any of its signatures."""
        for signature in self._journal.signatures(entry):
            receipt = self._node.receipt(signature.signed.hash)
            if receipt is not None:
                return self._journal.mined(entry, signature.signed.hash, receipt.block, self._clock())
        return entry

    def _again(self, entry: Entry, head: int, depth: int, first: bool) -> Entry:
        """Send it again after a restart or a few blocks; pay more for it when it stays out of all blocks."""
        sent = self._sent.get(entry.id)
        if entry.nonce is None or (sent is not None and head - sent < REPEAT_BLOCKS):
            return entry
        if self._node.nonce(self._account.address, max(head - depth, 0)) > entry.nonce:
            return self._overtaken(entry)
        signatures = self._journal.signatures(entry)
        stuck = sent is not None and head - signatures[0].head >= STUCK_BLOCKS
        if stuck and first and len(signatures) < MOST_SIGNATURES:
            fees = signatures[0].fees.raised()
            log.warning("fee-raised", purpose=entry.purpose, nonce=entry.nonce, tip=fees.tip)
            entry = self._signed(entry, entry.nonce, fees, head)
        return self._send(entry, head)

    def _overtaken(self, entry: Entry) -> Entry:
        """Its nonce is used up for good. Look once more: its block may have come between two questions."""
        entry = self._look(entry)
        if entry.stage is Stage.MINED:
            return entry
        self._first_nonce = None
        error = f"another transaction used nonce {entry.nonce}: does another program send with this key?"
        return self._journal.failed(entry, error, self._clock())

    def _settle(self, entry: Entry, head: int, depth: int) -> Entry:
        """Deep enough: ask once more, then it is final. Gone from the chain: wait for it anew."""
        if entry.block is None or entry.hash is None or head - entry.block < depth:
            return entry
        receipt = self._node.receipt(entry.hash)
        if receipt is None:
            return self._journal.lost(entry, self._clock())
        if receipt.block != entry.block:
            return self._journal.mined(entry, entry.hash, receipt.block, self._clock())
        if receipt.succeeded:
            return self._journal.done(entry, self._clock())
        return self._journal.failed(entry, f"reverted in block {receipt.block}", self._clock())


def _tell(entry: Entry) -> None:
    log.info(
        "transaction",
        purpose=entry.purpose,
        stage=entry.stage.value,
        tx=entry.hash,
        nonce=entry.nonce,
        block=entry.block,
        error=entry.error or None,
    )
