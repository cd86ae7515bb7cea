"""A last voucher that a cut kept from its seller: handed over once, and never signed for anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.bindings import State
from node.client_interaction.actors import last_vouchers
from node.client_interaction.actors.last_vouchers import AGAIN, LastVouchers
from node.client_interaction.actors.line import Watched
from node.client_interaction.acts import Done, Failed, HandOver, RequestClose
from node.client_interaction.loop import MIGRATIONS
from node.client_interaction.settlement import HAND_OVER_WITHIN, handings_over, settlements
from node.client_interaction.trade import Step, Trade, TradeState
from node.client_interaction.trades import Trades
from node.wallet.database import Database
from quantities import Energy
from relay_server.errors import RelayUnreachable
from relay_server.messages import Answer, Code, Opened, Refused
from tests.unit.node.client_interaction.made import (
    ORDER,
    POLICY,
    SUCCESSOR,
    WALL,
    on_chain,
    situation,
    trade,
)

SIGNED = trade(TradeState.ENDED, baseline=500, vouchered=Energy(214), voucher="ab" * 65)


class Seller:
    """A line to a seller's relay."""

    def __init__(self) -> None:
        self.watched = Watched(answers=True, trouble="its relay refuses (UNPAID)")
        self.answer: Answer | None = Opened()
        self.given: list[tuple[int, int, bytes]] = []
        self.looked = 0

    def command(self, ask: Any) -> Any:
        return ask(self)

    def open(self, order: bytes, contact: int, energy: int, voucher: bytes) -> Answer:
        assert order.hex() == ORDER.removeprefix("0x")
        if self.answer is None:
            raise RelayUnreachable("no answer")
        self.given.append((contact, energy, voucher))
        return self.answer

    def look(self) -> None:
        self.looked += 1


class Books:
    """A household whose supply has ended."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(last_vouchers, "boottime", lambda: self.now)
        self.trades, self.seller = Trades(database), Seller()
        self.trades.add(SIGNED)
        self.restart()

    def restart(self) -> None:
        line: Any = self.seller
        self.vouchers = LastVouchers(self.trades, {"alder": line})

    @property
    def owed(self) -> frozenset[str]:
        return self.vouchers.owed(self.trades.unfinished())

    @property
    def deliverable(self) -> frozenset[str]:
        return self.vouchers.deliverable(self.trades.unfinished(), self.owed, self.now)


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    database = Database(tmp_path / "trade.db", MIGRATIONS)
    yield Books(database, monkeypatch)
    database.close()


def test_it_is_handed_over_as_it_was_signed_once_the_seller_answers(books: Books) -> None:
    books.seller.watched = Watched(trouble="its relay does not answer")
    assert books.owed == {ORDER}
    assert not books.deliverable
    books.seller.watched = Watched(answers=True)
    assert books.deliverable == {ORDER}
    assert isinstance(books.vouchers.hand_over(HandOver(order=ORDER)), Done)
    assert books.seller.given == [(1, 214, b"\xab" * 65)]
    assert not books.owed
    books.restart()
    assert not books.owed, "after a restart, too"


def test_a_seller_that_got_it_with_the_end_of_the_supply_is_owed_nothing(books: Books) -> None:
    books.trades.step(ORDER, Step(name="feed-opened", at=WALL))
    assert not books.owed


def test_an_order_that_rolled_over_is_owed_nothing_for_its_full_voucher_was_answered(books: Books) -> None:
    books.trades.add(trade(TradeState.SUPPLIED, order=SUCCESSOR, previous=ORDER))
    assert not books.owed


def test_an_order_under_which_nothing_flowed_owes_nothing(books: Books) -> None:
    books.trades.change(ORDER, voucher="")
    assert not books.owed


@pytest.mark.parametrize("answer", [None, Refused(code=Code.STALE_CHAIN, text="behind")])
def test_a_seller_that_cannot_take_it_now_is_asked_again_after_a_while(
    books: Books, answer: Answer | None
) -> None:
    books.seller.answer = answer
    assert isinstance(books.vouchers.hand_over(HandOver(order=ORDER)), Failed)
    assert books.owed == {ORDER}
    assert not books.deliverable
    books.now += AGAIN
    assert books.deliverable == {ORDER}


def test_a_seller_that_does_not_want_it_is_not_asked_again(books: Books) -> None:
    books.seller.answer = Refused(code=Code.ENDED, text="the order is settled")
    assert isinstance(books.vouchers.hand_over(HandOver(order=ORDER)), Failed)
    assert not books.owed


@pytest.mark.parametrize(
    ("ended", "state", "deliverable", "acts"),
    [
        (SIGNED, State.OPEN, True, [HandOver(order=ORDER)]),
        (SIGNED, State.CLOSING, True, [HandOver(order=ORDER)]),
        (SIGNED, State.REDEEMED, True, []),
        (SIGNED, State.OPEN, False, []),
        (replace(SIGNED, state=TradeState.SUPPLIED), State.OPEN, True, []),
    ],
)
def test_a_voucher_is_handed_over_while_it_pays(
    ended: Trade, state: State, deliverable: bool, acts: list[HandOver]
) -> None:
    s = situation(
        trades=(ended,),
        on_chain={ORDER: on_chain(state)},
        owed=frozenset({ORDER}),
        deliverable=frozenset({ORDER} if deliverable else ()),
    )
    assert list(handings_over(s)) == acts


def test_the_close_is_not_requested_before_the_seller_has_what_it_is_owed() -> None:
    """At the request it redeems what it has; a seller that never comes back is not waited for for ever."""
    s = situation(trades=(SIGNED,), on_chain={ORDER: on_chain()}, owed=frozenset({ORDER}))
    patience = POLICY.trading.settle_within
    assert not list(settlements(replace(s, wall=WALL + patience + 1), POLICY.trading))
    assert list(settlements(replace(s, wall=WALL + HAND_OVER_WITHIN), POLICY.trading)) == [
        RequestClose(order=ORDER)
    ]
    paid = replace(s, owed=frozenset(), wall=WALL + patience)
    assert list(settlements(paid, POLICY.trading)) == [RequestClose(order=ORDER)]
