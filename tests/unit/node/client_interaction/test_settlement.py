"""What journal and chain make of a trade."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chain.transactions import Call
from contracts.bindings import Offer, Order, State
from node.client_interaction.behaviour import Conduct
from node.client_interaction.settlement import Advance, advance, conduct
from node.client_interaction.trade import Side, TradeState
from node.wallet.journal import Entry, Stage
from quantities import Energy, Price, Tokens
from tests.unit.node.client_interaction.made import ORDER, PRICE, offer, on_chain, trade


def entry(stage: Stage, error: str = "") -> Entry:
    call = Call(to="0x" + "aa" * 20, data=b"", gas=1)
    return Entry(id=1, purpose="buy:1", stage=stage, call=call, nonce=0, hash="0x1", block=5, error=error,
                 planned_at=0.0)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "journal", "order", "expected"),
    [
        (TradeState.PLANNED, entry(Stage.BROADCAST), None, None),
        (TradeState.PLANNED, entry(Stage.MINED), None, TradeState.ORDERED),
        (TradeState.PLANNED, entry(Stage.FINAL), on_chain(), TradeState.CONFIRMED),
        (TradeState.ORDERED, entry(Stage.MINED), on_chain(State.WAITING), TradeState.CONFIRMED),
        (TradeState.ORDERED, entry(Stage.FAILED, "reverted in block 5"), None, TradeState.FAILED),
        (TradeState.ENDED, entry(Stage.FAILED, "reverted in block 5"), None, TradeState.FAILED),
        (TradeState.ENDED, entry(Stage.BROADCAST), None, None),
        (TradeState.SUPPLIED, entry(Stage.FAILED, "reverted in block 5"), None, None),
        (TradeState.ENDED, None, on_chain(State.REDEEMED), TradeState.SETTLED),
        (TradeState.ENDED, None, on_chain(State.RELEASED), TradeState.REFUNDED),
        (TradeState.ENDED, None, on_chain(State.RECLAIMED), TradeState.REFUNDED),
        (TradeState.ORDERED, entry(Stage.FINAL), on_chain(State.RELEASED), TradeState.REFUNDED),
        (TradeState.SUPPLIED, None, on_chain(State.REDEEMED), None),
        (TradeState.CONFIRMED, None, on_chain(State.RELEASED), None),
        (TradeState.SETTLED, None, on_chain(State.REDEEMED), None),
    ],
)
def test_a_trade_comes_to_the_state_that_is_proved(
    state: TradeState, journal: Entry | None, order: Order | None, expected: TradeState | None
) -> None:
    found = advance(trade(state), journal, order)
    assert (None if found is None else found.state) == expected


def test_a_settled_trade_carries_the_contracts_own_figures() -> None:
    found = advance(trade(TradeState.ENDED), None, on_chain(State.REDEEMED, paid_energy=Energy(333)))
    assert found == Advance(
        state=TradeState.SETTLED,
        paid=PRICE.cost(Energy(333)),
        refunded=PRICE.cost(Energy(1_000)) - PRICE.cost(Energy(333)),
    )


def test_a_refunded_trade_gives_everything_back() -> None:
    found = advance(trade(TradeState.ENDED), None, on_chain(State.RELEASED))
    assert found is not None
    assert (found.paid, found.refunded) == (Tokens(0), PRICE.cost(Energy(1_000)))


def test_the_sellers_side_settles_without_going_home() -> None:
    sold = trade(TradeState.SUPPLIED, side=Side.SELLER)
    found = advance(sold, None, on_chain(State.REDEEMED))
    assert found is not None
    assert found.state is TradeState.SETTLED


@pytest.mark.parametrize(
    ("error", "now", "why"),
    [
        ("reverted in block 5", None, "Alder withdrew its offer before the order was in a block."),
        (
            "reverted in block 5",
            offer(price=Price.parse("0.3")),
            "Alder changed its price to 0.30 tokens per kWh before the order was in a block.",
        ),
        (
            "reverted in block 5",
            offer(open=b"\1" * 32),
            "Alder sold to somebody else before the order was in a block.",
        ),
        ("reverted in block 5", offer(), "The market refused the order to Alder: reverted in block 5."),
        ("no gas", offer(), "The order was not made: no gas."),
    ],
)
def test_a_purchase_that_came_to_nothing_says_why(error: str, now: Offer | None, why: str) -> None:
    found = advance(trade(TradeState.ORDERED), entry(Stage.FAILED, error), None, now)
    assert found == Advance(state=TradeState.FAILED, why=why)


CLOSE, RECLAIM = f"close:{ORDER}", f"reclaim:{ORDER}"


@pytest.mark.parametrize(
    ("before", "to", "asked", "known", "expected"),
    [
        (TradeState.PLANNED, TradeState.FAILED, (), (), Conduct.REVERTED),
        (TradeState.ENDED, TradeState.FAILED, (), (), None),
        (TradeState.ENDED, TradeState.SETTLED, (), (), Conduct.SUPPLIED),
        (TradeState.ENDED, TradeState.SETTLED, (), (Conduct.CURTAILED,), None),
        (TradeState.ENDED, TradeState.SETTLED, (), (Conduct.DROPPED,), None),
        (TradeState.ENDED, TradeState.SETTLED, (CLOSE,), (Conduct.DROPPED,), Conduct.LATE),
        (TradeState.ENDED, TradeState.REFUNDED, (CLOSE, RECLAIM), (), Conduct.UNSETTLED),
        (TradeState.ENDED, TradeState.REFUNDED, (CLOSE,), (), None),
    ],
)
def test_the_end_of_a_purchase_says_how_its_seller_behaved(
    before: TradeState, to: TradeState, asked: tuple[str, ...], known: tuple[Conduct, ...],
    expected: Conduct | None,
) -> None:  # fmt: skip
    bought = trade(before, vouchered=Energy(300))
    assert conduct(bought, Advance(state=to), frozenset(asked), frozenset(known)) is expected
    sold = trade(before, vouchered=Energy(300), side=Side.SELLER)
    assert conduct(sold, Advance(state=to), frozenset(asked), frozenset(known)) is None


def test_a_supply_that_ended_with_notice_after_more_than_half_of_it_was_a_good_one() -> None:
    to, curtailed = Advance(state=TradeState.SETTLED), frozenset({Conduct.CURTAILED})
    half = trade(TradeState.ENDED, vouchered=Energy(500))
    assert conduct(half, to, frozenset(), curtailed) is Conduct.SUPPLIED
    assert conduct(replace(half, vouchered=Energy(499)), to, frozenset(), curtailed) is None


def test_an_unused_successor_that_is_taken_back_says_nothing() -> None:
    unused = trade(TradeState.ENDED)
    taken = Advance(state=TradeState.REFUNDED)
    assert conduct(unused, taken, frozenset({CLOSE, RECLAIM}), frozenset()) is None
