"""One trade from the battery's limit to the settled escrow, by two real households on a real chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.client_interaction.status import State
from node.client_interaction.trade import Proof, TradeState
from store.snapshot import boottime
from tests.integration.trading.street import Street, street
from tests.waiting import eventually


def test_a_battery_below_its_limit_is_supplied_and_paid_for(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.1") as town:
        supplied_and_settled(town)


def supplied_and_settled(town: Street) -> None:
    alder, birch = town.alder, town.birch
    for home in (alder, birch):
        home.start_relay()
        home.start_trader()
    offered = lambda: town.market.offer(alder.account.address, 1)  # noqa: E731
    eventually(offered, "Alder's offer on the chain")
    eventually(lambda: birch.state() is State.HOME, "Birch at home")

    birch.soc = 2_500
    crossed = boottime()
    eventually(town.feed_closed, "Alder's feed closed")
    latency = boottime() - crossed
    eventually(town.connected, "the line closed at both ends")
    eventually(lambda: birch.state() is State.SUPPLIED, "Birch supplied")
    eventually(lambda: town.true_mwh > 60, "60 mWh")
    birch.soc = 6_100
    eventually(lambda: not town.connected(), "Birch home again")
    eventually(lambda: birch.trades()[0].final, "the trade settled")
    eventually(lambda: alder.trades()[0].final, "the trade settled in Alder's books")

    [bought], [sold] = birch.trades(), alder.trades()
    assert bought.state is sold.state is TradeState.SETTLED
    assert bought.energy.mwh == (6_000 - 2_500) * 3_000 // 10_000 + 200
    assert bought.received == bought.vouchered
    assert bought.received.mwh == pytest.approx(town.true_mwh, abs=5)
    assert bought.paid == bought.price.cost(bought.vouchered) == sold.paid
    assert bought.paid + bought.refunded == bought.cost
    assert town.token.balance(alder.account.address) == bought.paid
    assert town.conserved()
    assert town.shorts == 0
    steps = birch.steps(bought.order)
    assert [step.name for step in steps] == [
        "planned", "ordered", "confirmed", "feed-closed", "supplied",
        "home", "feed-opened", "ended", "settled",
    ]  # fmt: skip
    assert steps[-1].kind is Proof.TRANSACTION
    receipt = town.chain.client.receipt(steps[-1].proof)
    assert receipt is not None
    assert receipt.succeeded
    print(f"limit crossed to feed closed: {latency:.2f} s")
