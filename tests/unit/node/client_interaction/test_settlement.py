"""What journal and chain make of a trade."""

from __future__ import annotations

import pytest

from chain.transactions import Call
from contracts.bindings import Order, State
from node.client_interaction.settlement import Advance, advance
from node.client_interaction.trade import Side, TradeState
from node.wallet.journal import Entry, Stage
from quantities import Energy, Tokens
from tests.unit.node.client_interaction.made import PRICE, on_chain, trade


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
