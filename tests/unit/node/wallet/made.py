"""A journal, a sender and the way to the end of an intent."""

from __future__ import annotations

from pathlib import Path

from chain.keys import Account
from chain.transactions import Call
from node.wallet.database import Database
from node.wallet.journal import TABLES, VOIDS, Entry, Journal
from node.wallet.sender import Sender
from tests.unit.node.wallet.fake_node import FakeNode

ACCOUNT = Account.of(b"\x11" * 32)
CALL = Call(to="0x" + "aa" * 20, data=b"\x01", gas=100_000)


def opened(path: Path) -> Journal:
    return Journal(Database(path / "trade.db", (TABLES, VOIDS)))


def sender(journal: Journal, node: FakeNode) -> Sender:
    return Sender(journal, ACCOUNT, 1, node, clock=lambda: 0.0)


def finish(journal: Journal, node: FakeNode, purpose: str) -> Entry:
    sending = sender(journal, node)
    for _ in range(12):
        sending.step(node.head, 1)
        node.mine()
    return the(journal, purpose)


def the(journal: Journal, purpose: str) -> Entry:
    found = journal.find(purpose)
    assert found is not None
    return found
