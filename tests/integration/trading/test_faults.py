"""What goes wrong in a real trade: relays that die, sellers that stay silent, orders that are used up."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from chain.keys import Account
from contracts.authority import Authority
from contracts.bindings import State as OnChain
from contracts.bindings import Token
from contracts.deploy import Transaction
from node.client_interaction.status import State
from node.client_interaction.trade import TradeState
from quantities import Tokens
from relay_server.records import open_records
from tests.integration.trading.street import Street, street
from tests.waiting import eventually


def supplied(town: Street) -> None:
    """Everything runs, and Birch is supplied."""
    for home in (town.alder, town.birch):
        home.start_relay()
        home.start_trader()
    eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
    town.birch.soc = 2_500
    eventually(lambda: town.birch.state() is State.SUPPLIED, "Birch supplied")


def says(town: Street, words: str) -> bool:
    now = town.birch.status()
    return now is not None and words in now.reason


def pay(town: Street, sender: Account, to: str, amount: Tokens) -> None:
    """Move tokens from one household to another."""
    transfer = Transaction(to=town.manifest.token, data=Token.encode_transfer(to, amount))
    [receipt] = Authority(sender, town.chain.client).send([transfer])
    assert receipt.succeeded


def test_an_order_that_is_used_up_rolls_over_without_opening(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.10", delta="100 mWh", resume="31 %") as town:
        town.watts = 40
        supplied(town)
        town.birch.soc = 2_900
        eventually(lambda: len(town.birch.trades()) >= 2, "a successor")
        first = town.birch.trades()[-1]
        eventually(lambda: town.birch.trades()[-2].state is TradeState.SUPPLIED, "the supply rolled over")
        eventually(lambda: town.birch.trades()[-1].state is TradeState.SETTLED, "the first order settled")
        assert town.connected()
        town.birch.soc = 3_200
        eventually(lambda: all(trade.final for trade in town.birch.trades()), "all settled or refunded")
        trades = town.birch.trades()
        assert trades[-1].vouchered == first.energy
        assert sum(trade.vouchered.mwh for trade in trades) == pytest.approx(town.true_mwh, rel=0.02, abs=10)
        closings = [change for change in town.alder.pins.changes(17) if change[2]]
        assert len(closings) == 1
        assert town.conserved()
        assert town.shorts == 0


def test_a_seller_whose_relay_dies_is_left_and_paid_for_what_it_gave(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.11", settle_within="5 s") as town:
        supplied(town)
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        town.alder.stop_relay()
        eventually(lambda: not town.connected(), "Birch home")
        town.alder.start_relay()
        eventually(lambda: town.birch.trades()[0].final, "the trade settled")
        assert town.birch.trades()[0].state is TradeState.SETTLED
        assert town.conserved()
        assert town.shorts == 0


def test_a_seller_that_was_cut_off_is_given_the_last_voucher_when_it_is_back(tmp_path: Path) -> None:
    """It would wait ten minutes for it, and then redeem the last one that it got."""
    with street(tmp_path, "127.0.6.18") as town:
        supplied(town)
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        town.alder.stop_relay()
        eventually(lambda: town.birch.trades()[0].state is TradeState.ENDED, "the supply given up")
        [trade] = town.birch.trades()
        records = open_records(town.alder.settings.paths.state / "relay.db")
        assert records.best_vouchers()[0].energy < trade.vouchered.mwh, "the last one was not answered"
        town.alder.start_relay()
        eventually(lambda: town.birch.trades()[0].state is TradeState.SETTLED, "the trade settled")
        [settled] = [each for each in town.birch.trades() if each.order == trade.order]
        assert settled.paid == trade.price.cost(trade.vouchered), "all that the buyer's meter saw"
        handed = [step for step in town.birch.steps(trade.order) if step.name == "feed-opened"]
        assert len(handed) == 1
        assert "close-requested" not in {step.name for step in town.birch.steps(trade.order)}
        assert town.conserved()


def test_a_buyer_whose_own_relay_dies_is_at_home_and_settles(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.12", settle_within="5 s") as town:
        supplied(town)
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        town.birch.stop_relay()
        eventually(lambda: not town.connected(), "the contacts open")
        eventually(lambda: town.birch.trades()[0].final, "the trade settled")
        assert town.birch.trades()[0].state is TradeState.SETTLED
        assert says(town, "nobody can supply. The own relay: its relay does not answer")
        town.birch.start_relay()
        eventually(lambda: town.birch.state() is State.SUPPLIED, "supplied again")
        assert town.shorts == 0


def test_a_silent_seller_is_closed_and_the_tokens_come_back(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.13", start_within="3 s") as town:
        for home in (town.alder, town.birch):
            home.start_relay()
            home.start_trader()
        eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
        eventually(lambda: town.birch.state() is State.HOME, "Birch at home")
        town.birch.soc = 2_500
        eventually(town.birch.trades, "an order")
        town.alder.stop_trader()
        town.alder.stop_relay()
        order = bytes.fromhex(town.birch.trades()[0].order[2:])
        eventually(lambda: (found := town.market.order(order)) and found.state is OnChain.CLOSING, "closing")
        eventually(lambda: town.birch.trades()[0].final, "the tokens back")
        [trade] = town.birch.trades()
        assert trade.state is TradeState.REFUNDED
        assert trade.refunded == trade.cost
        assert town.conserved()
        assert says(town, "Alder: ")


def test_an_empty_purse_buys_nothing_says_so_and_buys_when_there_are_tokens_again(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.33") as town:
        for home in (town.alder, town.birch):
            home.start_relay()
        town.alder.start_trader()
        eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
        purse = town.token.balance(town.birch.account.address)
        pay(town, town.birch.account, town.chain.account.address, purse)
        town.birch.soc = 2_500
        town.birch.start_trader()
        broke = "Alder: the balance of 0.00 pays for less than the least, 1 mWh"
        eventually(lambda: says(town, broke), "the reason")
        assert town.birch.state() is State.NO_SUPPLY
        assert town.birch.trades() == []
        pay(town, town.chain.account, town.birch.account.address, purse)
        eventually(lambda: town.birch.state() is State.SUPPLIED, "Birch supplied")


def test_a_seller_with_an_empty_battery_ends_the_supply_and_withdraws(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.14") as town:
        supplied(town)
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        town.alder.soc = 3_000
        eventually(lambda: not town.connected(), "Birch home, as announced")
        eventually(lambda: town.birch.trades()[0].state is TradeState.SETTLED, "settled")
        offer = town.market.offer(town.alder.account.address, 1)
        assert offer is None or not offer.max_energy
        assert says(town, "Alder: nothing offered")


def test_a_silent_meter_or_battery_sensor_goes_home_and_says_so(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.15") as town:
        supplied(town)
        town.birch.deaf = True
        eventually(lambda: not town.connected(), "Birch home")
        eventually(lambda: town.birch.trades()[0].ending, "the trade ended")
        assert town.birch.trades()[0].ending == "The tie's meter is silent."
        town.birch.deaf = False
        town.birch.soc = None
        eventually(lambda: town.birch.state() is State.FAULT, "the fault told")
        assert says(town, "state of charge is not known")
        town.birch.soc = 7_000
        eventually(lambda: town.birch.state() is State.HOME, "well again")


def test_a_wrong_manifest_is_refused_and_a_right_one_taken_without_a_restart(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.16") as town:
        path = town.birch.settings.chain.manifest
        right = path.read_text()
        told = json.loads(right)
        nobody = town.alder.account.address
        mistakes: dict[str, dict[str, object]] = {
            "is not that of the neighbourhood's EnergyMarket": {
                "current": {**told["current"], "code_hash": "0x" + "00" * 32}
            },
            f"There is no code at {nobody}": {"current": {**told["current"], "address": nobody}},
            f"The node follows chain {told['chain_id']}, the manifest is of 7": {"chain_id": 7},
        }
        town.birch.start_relay()
        for number, (words, mistake) in enumerate(mistakes.items()):
            path.write_text(json.dumps({**told, **mistake}))
            if not number:
                town.birch.start_trader()
            eventually(partial(says, town, words), words)
            assert town.birch.state() is State.FAULT
        path.write_text(right)
        eventually(lambda: town.birch.state() is State.HOME, "at home")


def test_everything_may_start_before_the_manifest_is_there(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.19") as town:
        path = town.birch.settings.chain.manifest
        later = path.rename(path.with_name("later.json"))
        town.birch.soc = 1_900
        for home in (town.alder, town.birch):
            home.start_trader()
            home.start_relay()
        eventually(lambda: town.birch.state() is State.OFF, "waiting is told")
        assert says(town, "Waiting for the neighbourhood's contracts: ")
        assert says(town, "manifest.json is not there yet")
        later.rename(path)
        eventually(lambda: town.birch.state() is State.SUPPLIED, "supplied")
        town.birch.soc = 7_000
        eventually(lambda: town.birch.state() is State.HOME, "home again")


def test_a_chain_that_is_down_is_said_and_waited_for(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.17") as town:
        chain = town.birch.settings.chain.model_copy(update={"rpc": "http://127.0.6.17:1"})
        town.birch.settings = town.birch.settings.model_copy(update={"chain": chain})
        town.birch.soc = 1_000
        town.birch.start_trader()
        eventually(lambda: town.birch.state() is State.NO_SUPPLY, "no supply")
        assert says(town, "The chain node at http://127.0.6.17:1 does not answer")


def test_a_relay_of_another_account_is_no_seller(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.18") as town:
        seller = town.birch.settings.sellers["alder"].model_copy(update={"relay": town.birch.address})
        town.birch.settings = town.birch.settings.model_copy(update={"sellers": {"alder": seller}})
        for home in (town.alder, town.birch):
            home.start_relay()
            home.start_trader()
        eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
        town.birch.soc = 1_000
        eventually(lambda: says(town, f"belongs to {town.birch.account.address}"), "the reason")
        assert town.birch.trades() == []
