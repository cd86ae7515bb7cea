"""SIGKILL of the trader in the middle of a trade: one order on the chain, no token lost or paid twice."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from node.client_interaction.status import State
from node.client_interaction.trade import TradeState
from tests.integration.trading.street import Home, Street, street
from tests.waiting import BUSY, PATIENCE, eventually

MEMORY_MIB = 39
"""Resident memory of the whole process, at most: 35 and a tenth."""

LEASE = 10.0
"""Seconds for which a relay keeps a contact closed for a client that is silent."""


def begin(town: Street) -> subprocess.Popen[bytes]:
    """Alder sells in this process, Birch trades in one of its own, which is answered."""
    for home in (town.alder, town.birch):
        home.start_relay()
    town.alder.start_trader()
    process = town.birch.spawn_trader()
    eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
    eventually(lambda: town.birch.state() is State.HOME, "Birch at home")
    return process


def restart(home: Home) -> None:
    home.kill_trader()
    home.spawn_trader()


def finished(town: Street) -> None:
    """Whatever happened: once bought, settled or refunded, and every token where it belongs."""
    birch = town.birch
    eventually(lambda: birch.trades() and birch.trades()[0].final, "the trade settled or refunded")
    [bought] = birch.trades()
    assert bought.state in (TradeState.SETTLED, TradeState.REFUNDED)
    assert bought.paid + bought.refunded == bought.cost
    assert bought.paid == bought.price.cost(bought.vouchered)
    order = town.market.order(bytes.fromhex(bought.order[2:]))
    assert order is not None
    assert not order.state.live
    assert town.token.balance(town.alder.account.address) == bought.paid
    assert town.chain.client.nonce(birch.account.address) <= 2
    assert town.conserved()
    assert town.shorts == 0


@pytest.mark.parametrize("pause", [0.0, 0.4, 1.6])
def test_a_buyer_killed_while_ordering_orders_once(tmp_path: Path, pause: float) -> None:
    with street(tmp_path, "127.0.6.2") as town:
        begin(town)
        town.birch.soc = 2_500
        eventually(town.birch.trades, "an order planned")
        time.sleep(pause)
        restart(town.birch)
        eventually(town.connected, "the line closed at both ends after the restart")
        eventually(lambda: town.true_mwh > 10, "10 mWh")
        town.birch.soc = 6_100
        finished(town)


def test_a_buyer_killed_while_supplied_goes_on_with_the_same_order(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.3") as town:
        begin(town)
        town.birch.soc = 2_500
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        restart(town.birch)
        before = town.true_mwh
        eventually(lambda: town.true_mwh > before + 40, "40 mWh more")
        town.birch.soc = 6_100
        eventually(lambda: not town.connected(), "Birch home")
        finished(town)
        [bought] = town.birch.trades()
        assert bought.state is TradeState.SETTLED
        assert bought.vouchered.mwh == pytest.approx(town.true_mwh, abs=5)


def test_contacts_open_within_one_lease_when_nobody_comes_back(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.4") as town:
        begin(town)
        town.birch.soc = 2_500
        eventually(town.connected, "the line closed at both ends")
        town.birch.kill_trader()
        eventually(lambda: not town.connected(), "the contacts open", within=LEASE + BUSY)
        town.birch.soc = 6_100
        town.birch.spawn_trader()
        finished(town)


def test_a_seller_killed_before_it_is_paid_is_paid_once(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.5") as town:
        for home in (town.alder, town.birch):
            home.start_relay()
        town.alder.spawn_trader()
        town.birch.start_trader()
        eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
        eventually(lambda: town.birch.state() is State.HOME, "Birch at home")
        town.birch.soc = 2_500
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        restart(town.alder)
        town.birch.soc = 6_100
        eventually(lambda: town.birch.trades()[0].state is TradeState.ENDED, "the supply ended")
        for pause in (1.0, 2.2, 0.8):
            time.sleep(pause)
            restart(town.alder)
        finished(town)
        assert town.chain.client.nonce(town.alder.account.address) == 2
        [sold] = town.alder.trades()
        eventually(lambda: town.alder.trades()[0].final, "settled in Alder's books")
        assert town.alder.trades()[0].paid == town.birch.trades()[0].paid
        assert sold.order == town.birch.trades()[0].order


def test_the_process_is_small(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.6") as town:
        for home in (town.alder, town.birch):
            home.start_relay()
        town.alder.start_trader()
        process = town.birch.spawn_trader()
        eventually(lambda: town.market.offer(town.alder.account.address, 1), "Alder's offer")
        town.birch.soc = 2_500
        eventually(lambda: town.birch.state() is State.SUPPLIED, "Birch supplied")
        time.sleep(4)
        fields = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        resident = next(int(line.split()[1]) for line in fields if line.startswith("VmRSS"))
        print(f"resident: {resident / 1024:.1f} MiB")
        assert resident / 1024 < MEMORY_MIB


def test_a_trader_that_is_stopped_goes_home_first_and_ends(tmp_path: Path) -> None:
    with street(tmp_path, "127.0.6.7") as town:
        process = begin(town)
        town.birch.soc = 2_500
        eventually(lambda: town.true_mwh > 20, "20 mWh")
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert not town.connected()
        assert not town.feed_closed()
        town.birch.soc = 6_100
        town.birch.spawn_trader()
        finished(town)
        assert town.birch.trades()[0].ending == "Trading is being stopped."
