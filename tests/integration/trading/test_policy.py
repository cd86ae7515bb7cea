"""The policy between real households: what a seller did is remembered, prices move, offers go and come."""

from __future__ import annotations

from pathlib import Path

from contracts.bindings import Offer
from node.client_interaction.status import State
from node.client_interaction.trade import TradeState
from quantities import Price
from tests.integration.trading.street import Street, street
from tests.waiting import eventually

FULL: dict[str, object] = {"prices": [{"above": "90 %", "price": "0.18"}]}


def offered(town: Street) -> Offer | None:
    offer = town.market.offer(town.alder.account.address, 1)
    return offer if offer is not None and offer.live(town.chain.client.block_number()) else None


def priced(town: Street, price: str) -> bool:
    offer = offered(town)
    return offer is not None and offer.price == Price.parse(price)


def test_an_offer_follows_the_battery_goes_with_its_relay_and_is_bought_at_what_it_costs_then(
    tmp_path: Path,
) -> None:
    with street(tmp_path, "127.0.6.41", feed=FULL) as town:
        for home in (town.alder, town.birch):
            home.start_relay()
            home.start_trader()
        eventually(lambda: priced(town, "0.25"), "an offer at the usual price")
        town.alder.soc = 9_500
        eventually(lambda: priced(town, "0.18"), "an offer at the price of a full battery")
        town.alder.stop_relay()
        eventually(lambda: offered(town) is None, "the offer withdrawn")
        town.alder.start_relay()
        eventually(lambda: priced(town, "0.18"), "offered again")
        town.birch.soc = 2_500
        eventually(lambda: town.birch.state() is State.SUPPLIED, "Birch supplied")
        town.alder.soc = 8_000
        eventually(lambda: priced(town, "0.25"), "the usual price again, for the next order")
        town.birch.soc = 6_100
        eventually(lambda: town.birch.trades()[0].final, "settled")
        [trade] = town.birch.trades()
        assert trade.price == Price.parse("0.18")
        assert trade.state is TradeState.SETTLED
        assert trade.paid == trade.price.cost(trade.vouchered)
        assert town.conserved()


def test_a_seller_that_let_the_household_down_is_left_alone_after_a_restart_as_well(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.42", back_off="15 s", settle_within="3 s") as town:
        for home in (town.alder, town.birch):
            home.start_relay()
            home.start_trader()
        eventually(lambda: offered(town), "Alder's offer")
        town.birch.soc = 2_500
        eventually(lambda: town.birch.state() is State.SUPPLIED, "Birch supplied")
        town.alder.stop_relay()
        eventually(lambda: not town.connected(), "Birch home")
        eventually(lambda: town.birch.trades()[0].ending, "the order ended")
        town.alder.start_relay()
        town.birch.stop_trader()
        town.birch.start_trader()
        ending = town.birch.trades()[0].ending.rstrip(".").replace("Alder's ", "its ")
        said = f"nobody can supply. Alder: {ending[:1].lower()}{ending[1:]}"
        eventually(lambda: (now := town.birch.status()) and said in now.reason, "left alone")
        assert len(town.birch.trades()) == 1
        eventually(lambda: len(town.birch.trades()) == 2, "asked again after the back-off")
        eventually(lambda: town.birch.trades()[-1].final, "what came before is settled")
        assert town.conserved()
        assert town.shorts == 0
