"""Signing and handing over: bytes are in the journal, on disk, before they leave this process."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from chain.errors import RpcError
from chain.keys import Account
from chain.transactions import Call, Fees, Signed, sign
from node.wallet.chain_node import Node, Receipt, Transaction
from node.wallet.credit import Purse
from node.wallet.journal import WAITING, Entry, Journal, Signature
from node.wallet.refusals import Refusal, understood

log = structlog.get_logger()

REPEAT_BLOCKS = 2
"""Not in a block after so many: send the same bytes again, in case the node lost them."""

VOID_GAS = 21_000
"""Of a transaction of nothing to oneself: all it does is use up a nonce."""


class Wire:
    """One key at one node."""

    def __init__(
        self, journal: Journal, account: Account, chain_id: int, node: Node, clock: Callable[[], float]
    ) -> None:
        """Take over a key.

        Args:
            clock: Unix seconds, noted beside what is done; nothing depends on it.
        """
        self.node = node
        self.address = account.address
        self._journal = journal
        self._account = account
        self._chain_id = chain_id
        self._clock = clock
        self._sent: dict[int, int] = {}
        """Entry → height at which this process sent it last."""

    def now(self) -> float:
        """Unix seconds."""
        return self._clock()

    def idle(self) -> Call:
        """A transaction that only uses up its nonce."""
        return Call(to=self.address, data=b"", gas=VOID_GAS)

    def purse(self, head: int, but: Entry | None = None) -> Purse:
        """What there is, and what is on its way (without one entry's part)."""
        waiting = 0
        for entry in self._journal.under_way():
            if entry.stage in WAITING and (but is None or entry.id != but.id):
                newest = self._journal.signatures(entry)[0]
                waiting += entry.call.gas * newest.fees.maximum + entry.call.value
        return Purse(balance=self.node.balance(self.address, head), waiting=waiting)

    def sign(self, entry: Entry, nonce: int, fees: Fees, head: int, void: str = "") -> Entry:
        """Sign and keep; `void` says why nothing is to be done but to use up the nonce.

        Raises:
            Unsendable: it cannot be signed.
        """
        call = self.idle() if void else entry.call
        signed = sign(self._account, self._chain_id, nonce, call, fees)
        return self._journal.sign(
            entry, nonce=nonce, signed=signed, fees=fees, head=head, now=self.now(), void=void
        )

    def adopt(self, entry: Entry, found: Transaction, block: int) -> Entry:
        """The chain has it, in other bytes than the journal's: those of a life after a backup."""
        log.warning("transaction-found", purpose=entry.purpose, nonce=found.nonce, tx=found.hash, block=block)
        fees = Fees(tip=found.max_priority_fee, maximum=found.max_fee)
        again = sign(self._account, self._chain_id, found.nonce, entry.call, fees)
        signed = again if again.hash == found.hash else Signed(hash=found.hash, raw=b"")
        return self._journal.adopt(
            entry, nonce=found.nonce, signed=signed, fees=fees, block=block, now=self.now()
        )

    def recently(self, entry: Entry, head: int) -> bool:
        """Whether this process sent it within the last blocks."""
        return 0 <= head - self._sent.get(entry.id, -REPEAT_BLOCKS) < REPEAT_BLOCKS

    def ever(self, entry: Entry) -> bool:
        """Whether this process sent it at all."""
        return entry.id in self._sent

    def forget(self, entry: Entry) -> None:
        """It is to be sent again at once."""
        self._sent.pop(entry.id, None)

    def send(self, entry: Entry, head: int) -> Entry:
        """Offer the newest bytes; where they are refused, those before them: any that is taken will do."""
        self._sent[entry.id] = head
        first_refusal = ""
        signatures = self._journal.signatures(entry)
        for signature in signatures:
            if not signature.signed.raw or (signatures[0].void and not signature.void):
                continue
            message = self._offered(signature.signed)
            if not message or understood(message) in (Refusal.KNOWN, Refusal.SPENT):
                return self._journal.broadcast(entry, self.now())
            first_refusal = first_refusal or message
        if first_refusal != entry.error:
            log.warning("transaction-refused", purpose=entry.purpose, tx=entry.hash, error=first_refusal)
        return entry if entry.over else self._journal.trouble(entry, first_refusal, self.now())

    def found(self, entry: Entry) -> tuple[Signature, Receipt] | None:
        """The one of its signatures that is in a block."""
        for signature in self._journal.signatures(entry):
            receipt = self.node.receipt(signature.signed.hash)
            if receipt is not None:
                return signature, receipt
        return None

    def _offered(self, signed: Signed) -> str:
        """The node's refusal; empty: it took the bytes."""
        try:
            self.node.send_raw(signed.raw)
        except RpcError as refusal:
            return refusal.message
        return ""
