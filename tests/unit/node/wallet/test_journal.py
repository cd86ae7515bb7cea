"""An intent is written down once, and signed at one nonce."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.keys import Account
from chain.transactions import Call, Fees, sign
from node.wallet.database import Database
from node.wallet.errors import AlreadyIntended
from node.wallet.journal import TABLES, VOIDS, Journal, Stage

ACCOUNT = Account.of(b"\x11" * 32)
CALL = Call(to="0x" + "aa" * 20, data=b"\x01\x02", gas=100_000)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(Database(tmp_path / "trade.db", (TABLES, VOIDS)))


def test_a_purpose_is_planned_once(journal: Journal) -> None:
    journal.plan("buy:1", CALL, 0.0)
    with pytest.raises(AlreadyIntended, match="buy:1"):
        journal.plan("buy:1", CALL, 1.0)


def test_a_purpose_that_failed_may_be_planned_again(journal: Journal) -> None:
    journal.failed(journal.plan("redeem:1", CALL, 0.0), "reverted", 9, 1.0)
    again = journal.plan("redeem:1", CALL, 2.0)
    assert again.stage is Stage.PLANNED


def test_an_entry_is_never_signed_at_a_second_nonce(journal: Journal) -> None:
    entry = journal.plan("buy:1", CALL, 0.0)
    first = sign(ACCOUNT, 1, 4, CALL, Fees())
    entry = journal.sign(entry, nonce=4, signed=first, fees=Fees(), head=1, now=1.0)
    second = sign(ACCOUNT, 1, 5, CALL, Fees())
    with pytest.raises(ValueError, match="never signed at another"):
        journal.sign(entry, nonce=5, signed=second, fees=Fees(), head=1, now=2.0)


def test_bytes_survive_on_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "trade.db", (TABLES, VOIDS))
    entry = Journal(database).plan("buy:1", CALL, 0.0)
    signed = sign(ACCOUNT, 1, 0, CALL, Fees())
    Journal(database).sign(entry, nonce=0, signed=signed, fees=Fees(), head=7, now=1.0)
    database.close()

    reopened = Journal(Database(tmp_path / "trade.db", (TABLES, VOIDS)))
    [found] = reopened.under_way()
    assert found.stage is Stage.SIGNED
    assert found.call == CALL
    assert reopened.signatures(found)[0].signed == signed
    assert reopened.next_nonce() == 1


def test_a_plan_inside_a_transaction_that_fails_was_never_made(tmp_path: Path) -> None:
    database = Database(tmp_path / "trade.db", (TABLES, VOIDS))
    with pytest.raises(RuntimeError), database.transaction():
        Journal(database).plan("buy:1", CALL, 0.0)
        raise RuntimeError("power cut")
    assert Journal(database).under_way() == []
