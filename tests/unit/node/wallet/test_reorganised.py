"""Blocks that go away, journals that are behind the chain, nonces that nobody uses any more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chain.transactions import Call
from node.wallet.journal import Stage
from node.wallet.sender import STRANGERS_BLOCKS
from node.wallet.watch import WATCHED_BLOCKS
from tests.unit.node.wallet.fake_node import FakeNode
from tests.unit.node.wallet.made import ACCOUNT, CALL, finish, opened, sender, the


def call(number: int) -> Call:
    return Call(to="0x" + "aa" * 20, data=number.to_bytes(4), gas=100_000)


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("depth", range(1, 13))
def test_what_was_final_is_done_again_after_a_reorganisation(
    tmp_path: Path, depth: int, remembers: bool
) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    for number in range(4):
        journal.plan(f"redeem:{number}", call(number), 0.0)
        finish(journal, node, f"redeem:{number}")
    before = [tx.hash for tx in node.used]
    node.reorganise(depth, remembers)
    for number in range(4):
        assert finish(journal, node, f"redeem:{number}").stage is Stage.FINAL
    assert [tx.hash for tx in node.used] == before, "the same bytes, each once"


def test_a_reverted_transaction_that_succeeds_in_another_chain_counts_as_done(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address, reverts=lambda tx: True)
    journal.plan("buy:1", CALL, 0.0)
    sending = sender(journal, node)
    for _ in range(3):
        sending.step(node.head, 1)
        node.mine()
    assert the(journal, "buy:1").failed
    node.reverts = lambda tx: False
    node.reorganise(3, remembers=True)
    node.mine()
    sending.step(node.head, 1)
    assert the(journal, "buy:1").stage is Stage.MINED
    assert finish(journal, node, "buy:1").stage is Stage.FINAL


def test_a_failed_intent_whose_block_is_gone_leaves_no_gap_and_is_not_done(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address, reverts=lambda tx: tx.data == call(1).data)
    journal.plan("buy:1", call(1), 0.0)
    assert finish(journal, node, "buy:1").failed
    node.reverts = lambda tx: False
    node.reorganise(14, remembers=False)
    journal.plan("redeem:2", call(2), 0.0)
    assert finish(journal, node, "redeem:2").stage is Stage.FINAL
    assert the(journal, "buy:1").failed
    assert [tx.data for tx in node.done] == [b"", call(2).data]
    assert node.used[0].to == ACCOUNT.address


def test_a_gap_that_another_program_left_is_filled(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    node.another_program_sends()
    node.mine()
    journal.plan("redeem:1", CALL, 0.0)
    assert finish(journal, node, "redeem:1").nonce == 1
    node.reorganise(14, remembers=False)
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL
    assert [tx.nonce for tx in node.used] == [0, 1]


def test_a_node_that_syncs_anew_is_waited_for(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    node.pause(3 * WATCHED_BLOCKS)
    journal.plan("buy:1", CALL, 0.0)
    assert finish(journal, node, "buy:1").stage is Stage.FINAL
    blocks = node.blocks
    behind = FakeNode(ACCOUNT.address, blocks[:40])
    journal.plan("redeem:2", CALL, 0.0)
    assert sender(journal, behind).step(behind.head, 1) == []
    assert the(journal, "buy:1").stage is Stage.FINAL
    assert the(journal, "redeem:2").stage is Stage.PLANNED
    assert behind.seen == []


def test_what_an_old_journal_only_planned_and_the_chain_has_is_not_sent_again(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    journal.plan("send:1", call(1), 0.0)
    journal.plan("send:2", call(2), 0.0)
    shutil.copy(tmp_path / "trade.db", tmp_path / "backup")
    shutil.copy(tmp_path / "trade.db-wal", tmp_path / "backup-wal")
    finish(journal, node, "send:2")
    assert len(node.used) == 2

    old = tmp_path / "restored"
    old.mkdir()
    (tmp_path / "backup").rename(old / "trade.db")
    (tmp_path / "backup-wal").rename(old / "trade.db-wal")
    restored = opened(old)
    assert the(restored, "send:1").stage is Stage.PLANNED
    restored.plan("send:3", call(3), 0.0)
    assert finish(restored, node, "send:3").nonce == 2
    assert [the(restored, f"send:{n}").stage for n in (1, 2)] == [Stage.FINAL, Stage.FINAL]
    assert [tx.data for tx in node.used] == [call(1).data, call(2).data, call(3).data]


def test_a_fee_that_was_raised_after_the_backup_is_known_by_what_it_does(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    journal.plan("buy:1", CALL, 0.0)
    sending = sender(journal, node)
    sending.step(node.head, 1)
    shutil.copy(tmp_path / "trade.db", tmp_path / "backup")
    shutil.copy(tmp_path / "trade.db-wal", tmp_path / "backup-wal")
    for _ in range(9):
        node.pause()
        sending.step(node.head, 1)
    node.mine(4)
    assert len(journal.signatures(the(journal, "buy:1"))) > 1

    old = tmp_path / "restored"
    old.mkdir()
    (tmp_path / "backup").rename(old / "trade.db")
    (tmp_path / "backup-wal").rename(old / "trade.db-wal")
    restored = opened(old)
    found = finish(restored, node, "buy:1")
    assert (found.stage, found.hash) == (Stage.FINAL, node.used[0].hash)
    assert len(node.used) == 1


def test_transactions_of_an_unknown_life_are_waited_for_at_a_start(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    node.another_program_sends()
    journal.plan("redeem:1", CALL, 0.0)
    sending = sender(journal, node)
    sending.step(node.head, 1)
    assert the(journal, "redeem:1").stage is Stage.PLANNED
    node.mine()
    sending.step(node.head, 1)
    assert the(journal, "redeem:1").nonce == 1


def test_but_not_for_ever(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    node.another_program_sends(tip=1)
    journal.plan("redeem:1", CALL, 0.0)
    sending = sender(journal, node)
    sending.step(node.head, 1)
    node.pause(STRANGERS_BLOCKS)
    sending.step(node.head, 1)
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL
    assert [tx.data for tx in node.used] == [CALL.data]
