"""The market is replaced while energy flows: what runs ends on the old one, the next order is on the new."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.authority import Authority
from contracts.bindings import Market
from contracts.inspection import inspect
from contracts.manifest import load
from contracts.replacement import replace_market, terms_of
from node.client_interaction.status import State
from node.client_interaction.trade import Trade, TradeState
from quantities import Tokens
from tests.integration.trading.street import PURSE, Home, street
from tests.waiting import eventually


@pytest.mark.timeout(300)
def test_an_open_order_is_settled_on_the_old_market_and_the_next_one_made_on_the_new(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.1.32", resume="60 %") as here:
        for home in (here.alder, here.birch):
            home.start_relay()
            home.start_trader()
        old, client, file = here.manifest.current, here.chain.client, tmp_path / "manifest.json"
        eventually(lambda: here.market.offer(here.alder.account.address, 1), "an offer on the old market")
        here.birch.soc = 2_000
        eventually(lambda: here.birch.state() is State.SUPPLIED and here.connected(), "supply by Alder")

        [first] = here.birch.trades()
        assert (first.market, first.state) == (old, TradeState.SUPPLIED)
        switched = [list(home.pins.record) for home in (here.alder, here.birch)]
        authority = Authority(here.chain.account, client)
        made = replace_market(authority, client, here.manifest, terms_of(client, old))
        made.save(file)
        new = Market(client, made.current)
        eventually(lambda: new.offer(here.alder.account.address, 1), "an offer on the new market")
        assert [home.pins.record for home in (here.alder, here.birch)] == switched, "a contact moved"
        assert here.connected()

        here.birch.soc = 7_000
        eventually(lambda: here.birch.state() is State.HOME, "home")
        eventually(lambda: traded(here.birch, first.order).final, "the end on the old market")
        eventually(lambda: traded(here.alder, first.order).final, "its end in Alder's books")
        assert traded(here.alder, first.order).market == old
        settled = traded(here.birch, first.order)
        assert settled.state is TradeState.SETTLED
        assert settled.paid + settled.refunded == settled.cost
        assert inspect(client, made).drained() == [old]

        made.dropping([old]).save(file)
        here.birch.soc = 2_000
        eventually(lambda: here.birch.trades()[0].order != first.order, "the next order")
        newest = here.birch.trades()[0].order
        eventually(lambda: here.birch.state() is State.SUPPLIED and here.connected(), "the next supply")
        assert traded(here.birch, newest).market == made.current
        here.birch.soc = 7_000
        eventually(lambda: traded(here.birch, newest).final, "the settlement on the new market")
        assert traded(here.birch, newest).state is TradeState.SETTLED
        assert here.shorts == 0
        held = [here.alder.account.address, here.birch.account.address, *load(file).markets()]
        total = sum((here.token.balance(account) for account in held), Tokens(0))
        assert total == here.token.supply() == PURSE


def traded(home: Home, order: str) -> Trade:
    """A household's own record of an order."""
    return next(trade for trade in home.trades() if trade.order == order)
