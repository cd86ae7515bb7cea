"""The audit of hurt neighbourhoods finds what must not be."""

from __future__ import annotations

from dataclasses import replace

from node.client_interaction.trade import Side, Trade, TradeState
from quantities import Energy, Price, Tokens
from simulation.demo.ledger import Order
from tests.e2e.audit import Books, differences, doubles
from tests.e2e.schedules import PROCESSES, draw

ACCOUNTS = {"alder": "0xA", "birch": "0xB"}
ORDER = Order(
    id="0x01", buyer="0xB", seller="0xA", contact=1, energy=2_000, price=1, cost=500,
    state="settled", paid=300, refunded=200, transactions=[{"what": "buy"}, {"what": "redeem"}],
)  # fmt: skip
TRADE = Trade(
    order="0x01", side=Side.BUYER, market="", partner="alder", account="0xA", contact=1, energy=Energy(2_000),
    price=Price(1), cost=Tokens(500), created=0.0, state=TradeState.SETTLED, paid=Tokens(300),
    refunded=Tokens(200),
)  # fmt: skip


SALE = replace(TRADE, side=Side.SELLER)


def books(order: Order = ORDER, bought: Trade | None = TRADE, sold: Trade | None = SALE) -> Books:
    return Books(
        orders={order.id: order},
        trades={"birch": [bought] if bought else [], "alder": [sold] if sold else []},
        accounts=ACCOUNTS,
    )


def test_books_that_agree_are_as_they_must_be() -> None:
    assert doubles(books()) == []
    assert differences(books(), ["0x01"]) == []


def test_an_order_funded_or_ended_twice_is_found() -> None:
    for what in (["buy", "buy", "redeem"], ["buy", "redeem", "reclaim"]):
        assert doubles(books(replace(ORDER, transactions=[{"what": each} for each in what])))


def test_an_order_that_its_buyer_does_not_know_is_found() -> None:
    assert doubles(books(bought=None))


def test_books_that_say_otherwise_than_the_chain_are_found() -> None:
    assert differences(books(bought=replace(TRADE, paid=Tokens(301))), ["0x01"])
    assert differences(books(sold=replace(SALE, state=TradeState.ENDED)), ["0x01"])
    assert differences(books(sold=None), ["0x01"])


def test_a_schedule_follows_from_its_seed_alone() -> None:
    drawn = [draw(seed, list(ACCOUNTS)) for seed in range(50)]
    assert drawn == [draw(seed, list(ACCOUNTS)) for seed in range(50)]
    assert {process for each in drawn for strike in each.strikes for process in strike.processes} == set(
        PROCESSES
    )
