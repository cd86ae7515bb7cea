"""The one sender of the household's key: signs what the journal plans, and follows it until it is final.

`step` is called whenever there is news (a new head, a new intent, a restart) and brings every entry as far as
it goes now. It reads the journal anew each time, so it does the same after a crash as without one: bytes that
were signed are sent again as they are, never signed at a second nonce.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from chain.errors import Unsendable
from chain.keys import Account
from chain.transactions import Call, Fees
from node.wallet.chain_node import Node, Receipt
from node.wallet.credit import affordable, refused, settles
from node.wallet.journal import WAITING, Entry, Journal, Signature, Stage
from node.wallet.reasons import why_reverted
from node.wallet.refusals import Refusal, understood
from node.wallet.used import does, used_by
from node.wallet.watch import MOST_SIGNATURES, STUCK_BLOCKS, Watch
from node.wallet.wire import VOID_GAS, Wire

log = structlog.get_logger()

STRANGERS_BLOCKS = 20
"""So long after a start, transactions of this account that wait at the node without being in this journal are
not raced."""


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
            fees: of a first signature.
            clock: Unix seconds, noted beside what is done; nothing depends on it.
        """
        self._journal = journal
        self._wire = Wire(journal, account, chain_id, node, clock)
        self._node = node
        self._address = account.address
        self._fees = fees or Fees()
        self._watch = Watch(journal, self._wire, self._fees)
        self._began: int | None = None
        """The head at the first step."""
        self._inherited: frozenset[int] = frozenset()
        """Entries that were planned by an earlier life and not signed, as far as the journal knows."""
        self._looked_back = -1
        """The last head at which what is over was looked at."""

    def plan(self, purpose: str, call: Call) -> Entry:
        """Write an intent down; `step` sends it.

        Raises:
            AlreadyIntended: see `Journal.plan`.
        """
        return self._journal.plan(purpose, call, self._wire.now())

    def step(self, head: int, depth: int) -> list[Entry]:
        """Bring every entry as far as it goes.

        Args:
            head: the chain's height.
            depth: blocks on top of a block that make it final.

        Returns:
            The entries whose stage changed.

        Raises:
            chain.errors.ChainError: the node does not answer; what was done so far is in the journal.
            store.errors.Unwritable: the disk is full; nothing was sent that is not in the journal.
        """
        if self._watch.behind(head):
            return []
        if self._began is None:
            planned = (e.id for e in self._journal.under_way() if e.stage is Stage.PLANNED)
            self._began, self._inherited = head, frozenset(planned)
        changed = []
        if head != self._looked_back:
            changed += self._watch.undone(head)
            self._watch.fill_gaps(head)
            self._looked_back = head
        first_waiting = True
        for before in self._journal.under_way():
            entry = self._stepped(before, head, depth, first_waiting)
            first_waiting = first_waiting and before.stage not in WAITING
            if entry.stage is not before.stage:
                _tell(entry)
                changed.append(entry)
        return changed

    def _stepped(self, entry: Entry, head: int, depth: int, first: bool) -> Entry:
        if entry.stage is Stage.PLANNED:
            entry = self._begin(entry, head)
        elif entry.stage in WAITING:
            entry = self._look(entry)
            if entry.stage in WAITING:
                entry = self._again(entry, head, depth, first)
        return self._settle(entry, head, depth) if entry.stage is Stage.MINED else entry

    # --- the first signature --------------------------------------------------------------------------------

    def _begin(self, entry: Entry, head: int) -> Entry:
        """Sign at the next nonce, above all that journal and chain have; or refuse what must not be begun."""
        known, used = self._journal.next_nonce(), self._node.nonce(self._address, head)
        if entry.id in self._inherited and (done := self._done_before(entry, known, used, head)):
            return done
        nonce = max(known, used)
        if self._strangers(head, nonce):
            why = "the node holds transactions of this account that this journal does not know"
            return self._journal.trouble(entry, why, self._wire.now())
        purse, fees = self._wire.purse(head), self._fees
        cost = entry.call.gas * fees.maximum + entry.call.value
        if settles(entry.purpose):
            if purse.free < cost:
                fees = affordable(purse, entry.call.gas, fees) or fees
        elif why := refused(purse, cost, fees):
            return self._journal.failed(entry, why, head, self._wire.now())
        try:
            entry = self._wire.sign(entry, nonce, fees, head)
        except Unsendable as error:
            return self._journal.failed(entry, str(error), head, self._wire.now())
        return self._wire.send(entry, head)

    def _done_before(self, entry: Entry, first: int, used: int, head: int) -> Entry | None:
        """A journal from a backup is behind the chain: what it only planned may be done already."""
        for nonce in range(first, used):
            found = used_by(self._node, self._address, nonce, head)
            if found is not None and does(found[0], entry.call):
                return self._wire.adopt(entry, *found)
        return None

    def _strangers(self, head: int, nonce: int) -> bool:
        """Whether transactions wait at this nonce, of a life before a restore or of another program.

        They are not raced: once they are in the chain it is known what they did.
        """
        if self._began is None or head - self._began >= STRANGERS_BLOCKS:
            return False
        return self._node.nonce(self._address, "pending") > nonce

    # --- on its way -----------------------------------------------------------------------------------------

    def _look(self, entry: Entry) -> Entry:
        """Find it in a block, under any of its signatures."""
        found = self._wire.found(entry)
        if found is None:
            return entry
        return self._journal.mined(entry, found[0].signed.hash, found[1].block, self._wire.now())

    def _again(self, entry: Entry, head: int, depth: int, first: bool) -> Entry:
        """Send it again after a restart or a few blocks; at another fee where the first does not do."""
        if entry.nonce is None or self._wire.recently(entry, head):
            return entry
        if self._node.nonce(self._address, max(head - depth, 0)) > entry.nonce:
            return self._overtaken(entry, entry.nonce, head)
        return self._wire.send(self._resigned(entry, entry.nonce, head, first), head)

    def _resigned(self, entry: Entry, nonce: int, head: int, first: bool) -> Entry:
        """Another signature at its nonce, where that helps."""
        newest = self._journal.signatures(entry)[0]
        refusal = understood(entry.error) if entry.error else None
        if refusal is Refusal.HOPELESS and not newest.void:
            log.error("transaction-given-up", purpose=entry.purpose, nonce=nonce, error=entry.error)
            return self._wire.sign(entry, nonce, newest.fees, head, void=entry.error)
        if refusal is Refusal.POOR:
            gas = VOID_GAS if newest.void else entry.call.gas
            fees = affordable(self._wire.purse(head, but=entry), gas, newest.fees)
            return self._at(fees or newest.fees, entry, nonce, newest, head)
        stuck = self._wire.ever(entry) and refusal is None and head - newest.head >= STUCK_BLOCKS
        if first and (stuck or refusal is Refusal.UNDERPRICED or not newest.signed.raw):
            return self._at(newest.fees.raised(), entry, nonce, newest, head)
        return entry

    def _at(self, fees: Fees, entry: Entry, nonce: int, newest: Signature, head: int) -> Entry:
        if fees == newest.fees or len(self._journal.signatures(entry)) >= MOST_SIGNATURES:
            return entry
        log.warning("fee-changed", purpose=entry.purpose, nonce=nonce, tip=fees.tip, maximum=fees.maximum)
        return self._wire.sign(entry, nonce, fees, head, void=newest.void)

    def _overtaken(self, entry: Entry, nonce: int, head: int) -> Entry:
        """Its nonce is used up for good. By what? Its own block may have come between two questions."""
        entry = self._look(entry)
        if entry.stage is Stage.MINED:
            return entry
        found = used_by(self._node, self._address, nonce, head)
        if found is not None and does(found[0], entry.call):
            return self._wire.adopt(entry, *found)
        other = "another transaction" if found is None else f"the transaction {found[0].hash}"
        error = f"{other} used nonce {nonce}: does another program send with this key?"
        return self._journal.failed(entry, error, head if found is None else found[1], self._wire.now())

    # --- in a block -----------------------------------------------------------------------------------------

    def _settle(self, entry: Entry, head: int, depth: int) -> Entry:
        """Deep enough: ask once more, then it is final. Gone from the chain: wait for it anew."""
        if entry.block is None or entry.hash is None or 0 <= head - entry.block < depth:
            return entry
        now = self._wire.now()
        receipt = self._node.receipt(entry.hash)
        if receipt is None:
            self._wire.forget(entry)
            return self._journal.lost(entry, now)
        if receipt.block != entry.block:
            return self._journal.mined(entry, entry.hash, receipt.block, now)
        if head < receipt.block:
            return entry  # geth shows a receipt a moment before its head moves to that block
        return self._ended(entry, receipt, now)

    def _ended(self, entry: Entry, receipt: Receipt, now: float) -> Entry:
        """Final, or failed: what its receipt says."""
        void = next((s.void for s in self._journal.signatures(entry) if s.signed.hash == entry.hash), "")
        if void:
            return self._journal.failed(entry, f"given up: {void}", receipt.block, now)
        if receipt.succeeded:
            return self._journal.done(entry, now)
        why = why_reverted(self._node, self._address, entry.call, receipt)
        return self._journal.failed(entry, why, receipt.block, now)


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
