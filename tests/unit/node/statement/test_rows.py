"""Every movement of a household's tokens is told once, with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.statement.errors import DoesNotAddUp
from node.statement.monthly import Holding, statement
from node.statement.rows import Kind, Row, rows
from quantities import Energy, Price, Tokens
from tests.unit.node.statement.made_up import (
    ALDER,
    BANK,
    BIRCH,
    CEDAR,
    KWH,
    MARKET,
    OTHER_MARKET,
    TOKEN,
    Ledger,
)


def of(ledger: Ledger, account: str) -> list[Row]:
    return list(rows(ledger.events, account, TOKEN, {BANK}))


def test_a_trade_is_an_order_and_its_settlement_on_both_sides() -> None:
    ledger = Ledger()
    ledger.mint(BIRCH, 1_000)
    ledger.redeem(ledger.order(BIRCH, ALDER, 2 * KWH, 100), 1_500_000)

    paid_in, ordered, bought = of(ledger, BIRCH)
    assert (paid_in.kind, paid_in.amount, paid_in.partner) == (Kind.PAID_IN, Tokens(1_000), "")
    assert (ordered.kind, ordered.amount, ordered.set_aside) == (Kind.ORDERED, Tokens(-200), Tokens(200))
    assert (bought.kind, bought.amount, bought.set_aside) == (Kind.BOUGHT, Tokens(50), Tokens(-200))
    assert (bought.energy, bought.paid, bought.price) == (Energy(1_500_000), Tokens(150), Price(100))
    assert bought.partner == ALDER
    assert bought.order == ordered.order

    [sold] = of(ledger, ALDER)
    assert (sold.kind, sold.amount, sold.energy, sold.partner) == (
        Kind.SOLD, Tokens(150), Energy(1_500_000), BIRCH
    )  # fmt: skip


def test_an_order_that_was_used_up_is_told_though_nothing_comes_back() -> None:
    ledger = Ledger()
    ledger.mint(BIRCH, 1_000)
    ledger.redeem(ledger.order(BIRCH, ALDER, KWH, 100), KWH)
    bought = of(ledger, BIRCH)[-1]
    assert (bought.kind, bought.amount, bought.paid) == (Kind.BOUGHT, Tokens(0), Tokens(100))


@pytest.mark.parametrize(
    ("how", "kind"), [("OrderReleased", Kind.GIVEN_BACK), ("OrderReclaimed", Kind.TAKEN_BACK)]
)
def test_an_order_that_comes_back_whole_costs_nothing(how: str, kind: Kind) -> None:
    ledger = Ledger()
    ledger.mint(BIRCH, 1_000)
    ledger.give_back(ledger.order(BIRCH, ALDER, KWH, 100), how)
    assert of(ledger, BIRCH)[-1].kind is kind
    assert sum(row.amount.value for row in of(ledger, BIRCH)) == 1_000


def test_tokens_between_households_and_to_the_treasurer_are_told_apart() -> None:
    ledger = Ledger()
    ledger.mint(BIRCH, 1_000)
    ledger.send(BIRCH, CEDAR, 10)
    ledger.send(CEDAR, BIRCH, 3)
    ledger.send(BIRCH, BANK, 20)
    ledger.send(BANK, BIRCH, 1)
    ledger.burn(BIRCH, 5)
    told = [(row.kind, row.amount.value, row.partner) for row in of(ledger, BIRCH)[1:]]
    assert told == [
        (Kind.SENT, -10, CEDAR),
        (Kind.RECEIVED, 3, CEDAR),
        (Kind.PAID_OUT, -20, BANK),
        (Kind.RECEIVED, 1, BANK),
        (Kind.BURNED, -5, ""),
    ]


def test_transfers_of_nothing_and_to_oneself_change_nothing_and_are_not_told() -> None:
    ledger = Ledger()
    ledger.mint(BIRCH, 1_000)
    ledger.send(CEDAR, BIRCH, 0)
    ledger.send(BIRCH, BIRCH, 7)
    assert len(of(ledger, BIRCH)) == 1


def test_tokens_sent_to_a_market_by_mistake_are_told_as_sent() -> None:
    ledger = Ledger()
    ledger.mint(BIRCH, 1_000)
    ledger.send(BIRCH, MARKET, 7)
    sent = of(ledger, BIRCH)[-1]
    assert (sent.kind, sent.partner) == (Kind.SENT, MARKET)


def test_a_payment_that_the_token_does_not_know_is_refused() -> None:
    ledger = Ledger()
    ledger.mint(BIRCH, 1_000)
    ledger.order(BIRCH, ALDER, KWH, 100)
    [*others, transfer] = ledger.events
    with pytest.raises(DoesNotAddUp, match=transfer.transaction):
        list(rows(others, BIRCH, TOKEN))


HOUSEHOLDS = (ALDER, BIRCH, CEDAR)
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["mint", "burn", "send", "order", "redeem", "give_back"]),
        st.sampled_from(HOUSEHOLDS),
        st.sampled_from((*HOUSEHOLDS, BANK)),
        st.integers(0, 3_000),
        st.integers(0, 5),
        st.sampled_from((MARKET, OTHER_MARKET)),
    ),
    max_size=30,
)


@given(DEEDS, st.integers(0, 31), st.integers(0, 31))
def test_every_period_of_every_household_adds_up(
    deeds: list[tuple[str, str, str, int, int, str]], first: int, last: int
) -> None:
    ledger = Ledger()
    for what, one, other, amount, which, market in deeds:
        orders = list(ledger.orders)
        match what:
            case "mint":
                ledger.mint(one, amount)
            case "burn" if ledger.balances[one] >= amount:
                ledger.burn(one, amount)
            case "send" if ledger.balances[one] >= amount:
                ledger.send(one, other, amount)
            case "order" if ledger.balances[one] >= amount and one != other:
                ledger.order(one, other, KWH, amount, market)
            case "redeem" if orders:
                ledger.redeem(orders[which % len(orders)], amount * KWH // 3_000)
            case "give_back" if orders:
                ledger.give_back(orders[which % len(orders)])
    start, end = (1_000 + 3_600 * min(first, last), 1_000 + 3_600 * max(first, last) + 1)
    for account in HOUSEHOLDS:
        movements = of(ledger, account)
        whole = statement(movements, account, 0, 2**40)
        held = sum(
            energy * price // KWH for _, buyer, _, energy, price in ledger.orders.values() if buyer == account
        )
        assert whole.closing == Holding(balance=Tokens(ledger.balances[account]), set_aside=Tokens(held))
        part = statement(movements, account, start, end)
        assert part.opening.total + part.sums.change == part.closing.total
        purse = part.opening.balance + Tokens(sum(row.amount.value for row in part.rows))
        assert purse == part.closing.balance
        assert part.balances[-1:] in ((), (part.closing.balance,))
        assert part.sums.refunded.value >= 0 <= part.closing.set_aside.value
        before, after = statement(movements, account, 0, start), statement(movements, account, end, 2**40)
        assert (before.closing, after.opening) == (part.opening, part.closing)
