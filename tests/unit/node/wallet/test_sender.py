"""The sender brings every intent to its end, once, through any crash between any two of its steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.errors import Unreachable
from chain.keys import Account
from chain.transactions import Call
from node.wallet.database import Database
from node.wallet.journal import TABLES, Entry, Journal, Stage
from node.wallet.sender import STUCK_BLOCKS, Sender
from tests.unit.node.wallet.fake_node import FakeNode, Mined

ACCOUNT = Account.of(b"\x11" * 32)
CALL = Call(to="0x" + "aa" * 20, data=b"\x01", gas=100_000)
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


def opened(path: Path) -> Journal:
    return Journal(Database(path / "trade.db", (TABLES,)))


def sender(journal: Journal, node: FakeNode) -> Sender:
    return Sender(journal, ACCOUNT, 1, node, clock=lambda: 0.0)


def finish(journal: Journal, node: FakeNode, purpose: str) -> Entry:
    sending = sender(journal, node)
    for _ in range(10):
        sending.step(node.head, 1)
        node.mine()
    found = journal.find(purpose)
    assert found is not None
    return found


def test_an_intent_comes_to_its_end(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode()
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    stages = []
    for _ in range(3):
        stages += [entry.stage for entry in sending.step(node.head, 1)]
        node.mine()
    assert stages == [Stage.BROADCAST, Stage.MINED, Stage.FINAL]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("pool_lost", [False, True])
def test_a_crash_anywhere_leaves_exactly_one_transaction(
    tmp_path: Path, step: str, when: str, pool_lost: bool
) -> None:
    node = FakeNode()
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
    node = FakeNode()
    dying = sender(crashing(opened(tmp_path), "broadcast", "before"), node)
    dying.plan("buy:1", CALL)
    with pytest.raises(Crash):
        dying.step(node.head, 1)
    assert len(node.pool) == 1
    node.mine()
    assert finish(opened(tmp_path), node, "buy:1").stage is Stage.FINAL
    assert len(node.used) == 1


def test_intents_take_their_nonces_in_order(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode()
    for number in range(4):
        journal.plan(f"redeem:{number}", CALL, 0.0)
    finish(journal, node, "redeem:3")
    found = [journal.find(f"redeem:{number}") for number in range(4)]
    assert [entry.nonce for entry in found if entry is not None] == [0, 1, 2, 3]


def test_a_journal_that_was_lost_begins_above_what_the_chain_has_seen(tmp_path: Path) -> None:
    node = FakeNode(used={0: "0xold"})
    node.mined["0xold"] = Mined(3)
    journal = opened(tmp_path)
    journal.plan("buy:1", CALL, 0.0)
    assert finish(journal, node, "buy:1").nonce == 1


def test_a_stuck_transaction_is_signed_again_at_the_same_nonce_with_a_higher_fee(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode()
    sending = sender(journal, node)
    entry = sending.plan("buy:1", CALL)
    for _ in range(STUCK_BLOCKS + 2):
        sending.step(node.head, 1)
        node.head += 1
    first, *rest = reversed(journal.signatures(entry))
    assert rest
    assert all(each.fees.tip > first.fees.tip for each in rest)
    assert list(node.pool) == [0]
    assert finish(journal, node, "buy:1").stage is Stage.FINAL


def test_whichever_signature_was_mined_counts(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode()
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    sending.step(node.head, 1)
    first = node.pool[0]
    for _ in range(STUCK_BLOCKS + 2):
        node.head += 1
        sending.step(node.head, 1)
    node.pool[0] = first  # another node had kept the cheaper one
    node.mine()
    sending.step(node.head, 1)
    found = journal.find("buy:1")
    assert found is not None
    assert found.stage is Stage.MINED
    assert found.hash == first[0]


def test_a_reverted_transaction_fails_at_depth(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode()
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    sending.step(node.head, 1)
    node.mine(succeeded=False)
    [mined] = sending.step(node.head, 1)
    assert mined.stage is Stage.MINED
    node.mine()
    [failed] = sending.step(node.head, 1)
    assert failed.stage is Stage.FAILED
    assert failed.error == "reverted in block 11"


def test_a_block_that_is_gone_is_waited_for_anew(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode()
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    sending.step(node.head, 1)
    node.mine()
    sending.step(node.head, 1)
    node.mined.clear()  # a reorganisation
    node.used.clear()
    node.head += 1
    [lost] = sending.step(node.head, 1)
    assert lost.stage is Stage.BROADCAST
    assert finish(journal, node, "buy:1").stage is Stage.FINAL


def test_a_nonce_used_by_another_program_fails_the_intent_and_says_so(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode()
    sending = sender(journal, node)
    sending.plan("redeem:1", CALL)
    sending.step(node.head, 1)
    node.pool = {0: ("0xother", 99)}
    for _ in range(4):
        node.mine()
        sending.step(node.head, 1)
    found = journal.find("redeem:1")
    assert found is not None
    assert found.stage is Stage.FAILED
    assert "another transaction used nonce 0" in found.error
    journal.plan("redeem:1", CALL, 0.0)
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL


def test_a_node_that_is_down_loses_nothing(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(down=True)
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    with pytest.raises(Unreachable):
        sending.step(node.head, 1)
    node.down = False
    assert finish(journal, node, "buy:1").stage is Stage.FINAL
    assert len(node.used) == 1


def test_a_refusal_is_kept_and_tried_again(tmp_path: Path) -> None:
    journal, node = opened(tmp_path), FakeNode(refuses="insufficient funds for gas * price + value")
    sending = sender(journal, node)
    sending.plan("buy:1", CALL)
    sending.step(node.head, 1)
    found = journal.find("buy:1")
    assert found is not None
    assert found.stage is Stage.SIGNED
    assert "insufficient funds" in found.error
    node.refuses = ""
    node.head += 5
    assert finish(journal, node, "buy:1").stage is Stage.FINAL
