"""Whatever is bought or sold can be settled: the gas credit for that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.transactions import Call, Fees
from node.wallet.credit import KEPT_GAS, KEPT_SETTLEMENTS, Purse, affordable, kept, refused, settles
from node.wallet.journal import Stage
from tests.unit.node.wallet.fake_node import FakeNode
from tests.unit.node.wallet.made import ACCOUNT, CALL, finish, opened, sender

FEES = Fees()
BUY = 400_000 * FEES.maximum


@pytest.mark.parametrize("purpose", ["redeem:0x1", "release:0x1", "close:0x1", "reclaim:0x1"])
def test_what_settles_is_told_by_its_purpose(purpose: str) -> None:
    assert settles(purpose)


@pytest.mark.parametrize("purpose", ["buy:0x1", "offer:1:7", "send:1", "void:3", "redeemer"])
def test_everything_else_is_optional(purpose: str) -> None:
    assert not settles(purpose)


def test_an_order_is_begun_only_while_the_settlements_are_paid_for_after_it() -> None:
    edge = kept(FEES) + BUY
    assert refused(Purse(balance=edge), BUY, FEES) == ""
    assert refused(Purse(balance=edge - 1), BUY, FEES).startswith("the gas credit is kept for settling")
    assert refused(Purse(balance=edge, waiting=1), BUY, FEES)


@given(st.integers(0, 10**18), st.integers(0, 10**17))
def test_after_any_order_that_is_begun_all_settlements_can_be_paid_at_raised_fees(
    balance: int, waiting: int
) -> None:
    purse = Purse(balance=balance, waiting=waiting)
    if not refused(purse, BUY, FEES):
        left = purse.free - BUY
        assert left >= KEPT_SETTLEMENTS * KEPT_GAS * FEES.raised().raised().raised().maximum


@given(st.integers(0, 10**18), st.integers(21_000, 500_000))
def test_what_has_to_be_sent_is_sent_at_what_is_left(balance: int, gas: int) -> None:
    fees = affordable(Purse(balance=balance), gas, FEES)
    if fees is None:
        assert balance < gas
    else:
        assert fees.maximum * gas <= balance
        assert 1 <= fees.tip <= fees.maximum <= FEES.maximum


def test_a_buy_beyond_the_credit_is_never_signed_and_a_redeem_is_done(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    node = FakeNode(ACCOUNT.address, wealth=kept(FEES))
    journal.plan("buy:1", CALL, 0.0)
    journal.plan("redeem:1", CALL, 0.0)
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL
    buy = journal.find("buy:1")
    assert buy is not None
    assert (buy.stage, buy.nonce) == (Stage.FAILED, None)
    assert "kept for settling" in buy.error


def test_a_redeem_is_paid_with_the_last_of_the_credit(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    node = FakeNode(ACCOUNT.address, wealth=250_000 * 3)
    journal.plan("redeem:1", Call(to="0x" + "aa" * 20, data=b"", gas=250_000), 0.0)
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL
    assert node.used[0].max_fee == 3


def test_what_became_too_dear_on_its_way_is_signed_again_for_less(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    node = FakeNode(ACCOUNT.address, down=False)
    sending = sender(journal, node)
    journal.plan("redeem:1", Call(to="0x" + "aa" * 20, data=b"", gas=250_000), 0.0)
    sending.step(node.head, 1)
    node.forget()
    node.wealth = 250_000 * 10**9
    for _ in range(6):
        node.pause()
        sending.step(node.head, 1)
    assert finish(journal, node, "redeem:1").stage is Stage.FINAL
    assert len(node.used) == 1
