"""The sender brings every intent to its end, once, through any crash between any two of its steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.errors import Unreachable
from chain.transactions import Call
from node.wallet.journal import Journal, Stage
from node.wallet.watch import MOST_SIGNATURES, STUCK_BLOCKS
from store.errors import Unwritable
from tests.unit.node.wallet.fake_node import FakeNode
from tests.unit.node.wallet.made import ACCOUNT, CALL, finish, opened, sender, the

STEPS = ("plan", "sign", "broadcast", "mined", "done")


class Crash(Exception):
    """The process was killed here."""


def crashing(journal: Journal, step: str, when: str) -> Journal:
    """A journal whose process dies just before, or just after, one of its steps."""
    real: Callable[..., Any] = getattr(journal, step)

    def dies(*given: Any, **named: Any) -> Any:
        if when == "before":
            raise Crash(step)
        real(*given, **named)
        raise Crash(step)

    setattr(journal, step, dies)
    return journal


def test_an_intent_comes_to_its_end(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    stages = []
    for _ in range(3):
        stages += [entry.stage for entry in sending.step(node.head, 1)]
        node.mine()
    assert stages == [Stage.BROADCAST, Stage.MINED, Stage.FINAL]


def test_a_receipt_that_is_there_before_the_head_is_not_final_yet(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    before = node.head
    sending.step(before, 2)
    node.mine()
    stages = []
    for head in (before, before, before + 1, before + 2, before + 3):
        sending.step(head, 2)
        stages.append(the(journal, "buy:1").stage)
    assert stages == [*[Stage.MINED] * 4, Stage.FINAL]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("pool_lost", [False, True])
def test_a_crash_anywhere_leaves_exactly_one_transaction(
    tmp_path: Path, step: str, when: str, pool_lost: bool
) -> None:
    node = FakeNode(ACCOUNT.address)
    dying = sender(crashing(opened(tmp_path), step, when), node)
    with pytest.raises(Crash):
        dying.plan("buy:1", CALL)
        for _ in range(5):
            dying.step(node.head, 1)
            node.mine()
    if pool_lost:
        node.forget()

    journal = opened(tmp_path)
    if journal.find("buy:1") is None:
        assert (step, when) == ("plan", "before")
        return
    assert finish(journal, node, "buy:1").stage is Stage.FINAL
    assert len(node.used) == 1
    assert len(set(node.seen)) == 1, "the same bytes each time"


def test_a_crash_between_the_wire_and_the_journal_sends_the_same_bytes_again(tmp_path: Path) -> None:
    node = FakeNode(ACCOUNT.address)
    dying = sender(crashing(opened(tmp_path), "broadcast", "before"), node)
    dying.plan("buy:1", CALL)
    with pytest.raises(Crash):
        dying.step(node.head, 1)
    assert len(node.pool) == 1
    node.mine()
    assert finish(opened(tmp_path), node, "buy:1").stage is Stage.FINAL
    assert len(node.used) == 1


def test_intents_take_their_nonces_in_order(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    for number in range(4):
        journal.plan(f"redeem:{number}", CALL, 0.0)
    finish(journal, node, "redeem:3")
    found = [journal.find(f"redeem:{number}") for number in range(4)]
    assert [entry.nonce for entry in found if entry is not None] == [0, 1, 2, 3]


def test_a_journal_that_was_lost_begins_above_what_the_chain_has_seen(tmp_path: Path) -> None:
    node = FakeNode(ACCOUNT.address)
    node.another_program_sends()
    node.mine()
    journal = opened(tmp_path)
    journal.plan("buy:1", CALL, 0.0)
    assert finish(journal, node, "buy:1").nonce == 1


def test_a_stuck_transaction_is_signed_again_at_the_same_nonce_with_a_higher_fee(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    entry = sending.plan("buy:1", CALL)
    for _ in range(STUCK_BLOCKS + 2):
        sending.step(node.head, 1)
        node.pause()
    first, *rest = reversed(journal.signatures(entry))
    assert rest
    assert all(each.fees.tip > first.fees.tip for each in rest)
    assert list(node.pool) == [0]
    assert finish(journal, node, "buy:1").stage is Stage.FINAL


def test_whichever_signature_was_mined_counts(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    sending.step(node.head, 1)
    first = node.pool[0]
    for _ in range(STUCK_BLOCKS + 2):
        node.pause()
        sending.step(node.head, 1)
    node.pool[0] = first  # another node had kept the cheaper one
    node.mine()
    sending.step(node.head, 1)
    found = journal.find("buy:1")
    assert found is not None
    assert found.stage is Stage.MINED
    assert found.hash == first.hash


def test_a_reverted_transaction_fails_at_depth(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    sending.step(node.head, 1)
    node.reverts = lambda tx: True
    node.mine()
    [mined] = sending.step(node.head, 1)
    assert mined.stage is Stage.MINED
    node.mine()
    [failed] = sending.step(node.head, 1)
    assert failed.stage is Stage.FAILED
    assert failed.error == "reverted in block 11: nobody buys from himself (OwnOffer)"


def test_a_block_that_is_gone_is_waited_for_anew(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    sending.step(node.head, 1)
    node.mine()
    sending.step(node.head, 1)
    node.reorganise(1, remembers=False, again=2)
    [lost] = sending.step(node.head, 1)
    assert lost.stage is Stage.BROADCAST
    assert finish(journal, node, "buy:1").stage is Stage.FINAL


def test_a_nonce_used_by_another_program_fails_the_intent_and_says_so(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    sending.plan("redeem:1", CALL)
    sending.step(node.head, 1)
    other = node.another_program_sends()
    for _ in range(4):
        node.mine()
        sending.step(node.head, 1)
    found = journal.find("redeem:1")
    assert found is not None
    assert found.stage is Stage.FAILED
    assert found.error.startswith(f"the transaction {other.hash} used nonce 0")
    journal.plan("redeem:1", CALL, 0.0)
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL


def test_a_node_that_is_down_loses_nothing(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address, down=True)
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    with pytest.raises(Unreachable):
        sending.step(node.head, 1)
    node.down = False
    assert finish(journal, node, "buy:1").stage is Stage.FINAL
    assert len(node.used) == 1


def test_a_refusal_is_kept_and_tried_again(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address, refuses="txpool is full")
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    sending.step(node.head, 1)
    found = journal.find("buy:1")
    assert found is not None
    assert found.stage is Stage.SIGNED
    assert "txpool is full" in found.error
    node.refuses = ""
    node.pause(5)
    assert finish(journal, node, "buy:1").stage is Stage.FINAL


def test_a_call_that_no_block_can_hold_is_given_up_and_proved_undone(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    journal.plan("send:1", Call(to="0x" + "aa" * 20, data=b"\x01", gas=20_999), 0.0)
    journal.plan("redeem:2", CALL, 0.0)
    assert finish(journal, node, "redeem:2").stage is Stage.FINAL
    given_up = the(journal, "send:1")
    assert given_up.failed
    assert given_up.error == "given up: intrinsic gas too low: gas 0, minimum needed 21000"
    assert next((tx.nonce, tx.to, tx.value) for tx in node.used) == (0, ACCOUNT.address, 0)


def test_what_cannot_be_signed_fails_without_a_nonce(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    journal.plan("send:1", Call(to="nobody", data=b"", gas=21_000), 0.0)
    journal.plan("redeem:2", CALL, 0.0)
    assert finish(journal, node, "redeem:2").nonce == 0
    assert the(journal, "send:1").failed
    assert "not an address" in the(journal, "send:1").error


def test_a_higher_fee_that_is_refused_leaves_the_lower_one_in_force(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    sending.plan("redeem:1", CALL)
    sending.step(node.head, 1)
    node.wealth = CALL.gas * 110 * 10**9  # the first maximum is within, the raised one beyond
    for _ in range(STUCK_BLOCKS + 2):
        node.pause()
        sending.step(node.head, 1)
    node.forget()
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL
    assert node.used[0].max_fee == 100 * 10**9


def test_fees_are_raised_a_limited_number_of_times(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    entry = sending.plan("redeem:1", CALL)
    for _ in range(STUCK_BLOCKS * (MOST_SIGNATURES + 3)):
        sending.step(node.head, 1)
        node.pause()
    assert len(journal.signatures(entry)) == MOST_SIGNATURES


def test_a_purpose_rests_after_it_failed_ever_longer_and_not_after_it_succeeded(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address, reverts=lambda tx: True)
    rests = []
    for _ in range(3):
        journal.plan("redeem:1", CALL, 0.0)
        failed = finish(journal, node, "redeem:1")
        assert failed.block is not None
        rests.append(journal.rests_until("redeem:1") - failed.block)
    assert rests == [4, 8, 16]
    assert journal.rests_until("redeem:") == journal.rests_until("redeem:1")
    assert journal.rests_until("redeem:2") == 0
    node.reverts = lambda tx: False
    journal.plan("redeem:1", CALL, 0.0)
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL
    assert journal.rests_until("redeem:1") == 0


@pytest.mark.parametrize("step", [-3_600.0, 3_600.0])
def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, step: float) -> None:
    from node.wallet.sender import Sender

    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    now = [1_000_000.0]
    sending = Sender(journal, ACCOUNT, 1, node, clock=lambda: now[0])
    stages = []
    sending.plan("buy:1", CALL)
    for _ in range(3):
        stages += [entry.stage for entry in sending.step(node.head, 1)]
        node.mine()
        now[0] += step
    assert stages == [Stage.BROADCAST, Stage.MINED, Stage.FINAL]
    assert len(node.seen) == 1


def test_a_full_disk_sends_nothing_and_is_gone_on_from(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(ACCOUNT.address)
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    connection = journal._database._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unwritable, match="make room on its disk"):
        for number in range(100):
            sending.plan(f"send:{number}", CALL)
    seen = len(node.seen)
    with pytest.raises(Unwritable, match="database or disk is full"):
        for _ in range(100):
            sending.step(node.head, 1)
    kept = {s.signed.hash for entry in journal.under_way() for s in journal.signatures(entry)}
    assert set(node.seen) <= kept, "what left this process is in the journal"
    connection.execute("PRAGMA max_page_count = 1000000")
    assert finish(journal, node, "buy:1").stage is Stage.FINAL
    assert seen == 0
