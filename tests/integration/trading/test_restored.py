"""A household whose books are lost, or old, finds its orders on the chain and brings them to their end."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contracts.bindings import State as OnChain
from node.client_interaction.recovery import ENDING
from node.client_interaction.status import State
from node.client_interaction.trade import Side, TradeState
from tests.integration.trading.street import Home, Street, street
from tests.waiting import eventually


def supplied(town: Street) -> str:
    """Alder supplies Birch, whose trader is a process of its own; answers the order."""
    for home in (town.alder, town.birch):
        home.start_relay()
        home.spawn_trader()
    eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
    eventually(lambda: town.birch.state() is State.HOME, "Birch at home")
    town.birch.soc = 2_500
    eventually(lambda: town.true_mwh > 20, "20 mWh")
    return town.birch.trades()[0].order


def lose(home: Home) -> None:
    """The trader dies, and its books with it."""
    home.kill_trader()
    for file in home.settings.paths.state.glob("trade.db*"):
        file.unlink()


def settled(town: Street, order: str) -> None:
    """Paid for what was received, and every token where it belongs."""

    def over() -> bool:
        found = town.market.order(bytes.fromhex(order[2:]))
        return found is not None and found.state is OnChain.REDEEMED

    eventually(over, "the order redeemed")
    assert town.conserved()
    assert town.token.balance(town.market.address).value == 0
    assert town.token.balance(town.alder.account.address).value > 0
    assert town.shorts == 0


def test_a_buyer_without_books_closes_what_it_had_bought(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.11") as town:
        order = supplied(town)
        lose(town.birch)
        town.birch.soc = 8_000
        town.birch.spawn_trader()
        settled(town, order)
        eventually(lambda: town.birch.trades() and town.birch.trades()[0].final, "settled in the books")
        [found] = town.birch.trades()
        assert (found.order, found.side, found.state) == (order, Side.BUYER, TradeState.SETTLED)
        assert (found.partner, found.ending) == ("alder", ENDING)
        assert found.paid + found.refunded == found.cost
        assert town.chain.client.nonce(town.birch.account.address) <= 2


def test_a_seller_without_books_redeems_the_voucher_that_its_relay_kept(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.12") as town:
        order = supplied(town)
        lose(town.alder)
        town.birch.soc = 6_100
        town.alder.spawn_trader()
        settled(town, order)
        eventually(lambda: town.alder.trades() and town.alder.trades()[0].final, "settled in the books")
        assert town.alder.trades()[0].paid == town.token.balance(town.alder.account.address)


@pytest.mark.long
def test_an_old_copy_of_the_books_orders_nothing_twice(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.13") as town:
        for home in (town.alder, town.birch):
            home.start_relay()
        town.alder.spawn_trader()
        eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
        state = town.birch.settings.paths.state
        town.birch.spawn_trader()
        eventually(lambda: town.birch.state() is State.HOME, "Birch at home")
        town.birch.soc = 2_500
        eventually(town.birch.trades, "an order planned")
        town.birch.kill_trader()
        old = tmp_path / "old"
        shutil.copytree(state, old, ignore=lambda _, names: [n for n in names if "trade.db" not in n])
        planned = town.birch.trades()[0].state
        town.birch.spawn_trader()
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        lose(town.birch)
        for file in old.iterdir():
            shutil.copy(file, state)
        assert planned in (TradeState.PLANNED, TradeState.ORDERED)
        order = town.birch.trades()[0].order
        town.birch.soc = 6_100
        town.birch.spawn_trader()
        settled(town, order)
        eventually(lambda: town.birch.trades()[0].final, "settled in the books")
        assert len(town.birch.trades()) == 1
