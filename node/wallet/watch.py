"""Does what is over stay so? A reorganisation deeper than what counts as final may undo it.

An open nonce below the next one is a gap: every later transaction would wait behind it for ever. What still
stands in the journal as done is sent again as it is; where nothing is to be done any more, a transaction of
nothing to oneself takes the nonce, and so also proves that the failed intent's bytes never can.
"""

from __future__ import annotations

import structlog

from chain.transactions import Fees
from node.wallet.journal import Entry, Journal
from node.wallet.wire import Wire

log = structlog.get_logger()

WATCHED_BLOCKS = 64
"""What is over is looked at for so long."""

STUCK_BLOCKS = 6
"""Not in a block after so many: sign again at the same nonce with a higher fee."""

MOST_SIGNATURES = 12
"""The fee is raised eleven times at most: to twelve times the first."""


class Watch:
    """Looks back, once a head."""

    def __init__(self, journal: Journal, wire: Wire, fees: Fees) -> None:
        """Watch what this wire sent, now or in an earlier life."""
        self._journal = journal
        self._wire = wire
        self._fees = fees

    def behind(self, head: int) -> bool:
        """Whether the node is so far behind what the journal has seen in the chain that it can prove nothing.

        It is syncing anew, or was put back; nothing is signed or concluded until it is near again.
        """
        return self._journal.highest_block() - head > WATCHED_BLOCKS

    def undone(self, head: int) -> list[Entry]:
        """Take back what is no longer so; answers what changed."""
        changed = []
        for entry in self._journal.over_since(head - WATCHED_BLOCKS):
            now = self._failed(entry) if entry.failed else self._final(entry)
            if now.stage is not entry.stage:
                log.warning("reorganised", purpose=entry.purpose, was=entry.stage.value, now=now.stage.value)
                changed.append(now)
        return changed

    def _final(self, entry: Entry) -> Entry:
        found = self._wire.found(entry)
        if found is None:
            self._wire.forget(entry)
            return self._journal.lost(entry, self._wire.now())
        signature, receipt = found
        if receipt.block == entry.block and receipt.succeeded and not signature.void:
            return entry
        return self._journal.mined(entry, signature.signed.hash, receipt.block, self._wire.now())

    def _failed(self, entry: Entry) -> Entry:
        """In the new chain it may have succeeded. That counts, unless its purpose was planned again."""
        found = self._wire.found(entry)
        if found is None or found[0].void or not found[1].succeeded:
            return entry
        newest = self._journal.find(entry.purpose)
        if newest is not None and newest.id != entry.id:
            log.error("failed-but-done", purpose=entry.purpose, tx=found[0].signed.hash)
            return entry
        return self._journal.mined(entry, found[0].signed.hash, found[1].block, self._wire.now())

    def fill_gaps(self, head: int) -> None:
        """Use up the nonces that nothing under way will use."""
        first, following = self._wire.node.nonce(self._wire.address, head), self._journal.next_nonce()
        for nonce in range(first, following):
            entry = self._journal.at_nonce(nonce)
            if entry is None:
                self._fill(nonce, head)
            elif entry.failed and not self._wire.recently(entry, head):
                self._void(entry, nonce, head)
            elif entry.over and not entry.failed:
                self._final(entry)

    def _fill(self, nonce: int, head: int) -> None:
        """Another program's transaction was there, and is gone."""
        log.warning("gap-filled", nonce=nonce)
        with self._journal.together():
            planned = self._journal.plan(f"void:{nonce}", self._wire.idle(), self._wire.now())
            signed = self._wire.sign(planned, nonce, self._fees, head)
        self._wire.send(signed, head)

    def _void(self, entry: Entry, nonce: int, head: int) -> None:
        signatures = self._journal.signatures(entry)
        newest = signatures[0]
        stuck = head - newest.head >= STUCK_BLOCKS
        if not newest.void or (stuck and len(signatures) < MOST_SIGNATURES):
            log.warning("gap-filled", nonce=nonce, purpose=entry.purpose)
            fees = newest.fees.raised()
            entry = self._wire.sign(entry, nonce, fees, head, void=newest.void or entry.error)
        self._wire.send(entry, head)
