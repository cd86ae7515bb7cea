"""One command runs a neighbourhood: three trades settle, and everybody's books agree."""

from __future__ import annotations

import json
import subprocess
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from simulation.demo import processes
from simulation.neighbourhood import plan
from simulation.supervisor import ports
from tests.e2e.demo_run import processes_of
from tests.e2e.neighbourhood import COMMONWATT
from tests.waiting import BUSY, PATIENCE, eventually

TRADES = 3


MB = 1_000_000

HOUSEHOLD = 220 * MB
"""Resident, of all Python processes of a household."""

GETH = 130 * MB

LARGEST = {
    "chain": 34 * MB,
    "client-interaction": 41 * MB,
    "dapp": 49 * MB,
    "logger": 30 * MB,
    "relay": 42 * MB,
    "sealer": 26 * MB,
}
"""Resident, of each: what docs/architecture.md says, and a tenth."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `commonwatt demo --headless --trades 3` reports."""
    path = tmp_path_factory.mktemp("demo") / "report.json"
    words = ["demo", "--headless", "--trades", str(TRADES), "--report", str(path), "--address", "127.0.30.1"]
    ran = subprocess.run([str(COMMONWATT), *words], capture_output=True, text=True, check=False, timeout=480)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_the_trades_that_were_asked_for_are_settled(report: dict[str, Any]) -> None:
    assert len(report["trades"]) >= TRADES
    assert all(trade["state"] == "settled" and trade["paid"] > 0 for trade in report["trades"])


def test_a_trade_takes_two_transactions(report: dict[str, Any]) -> None:
    for trade in report["trades"]:
        assert [t["what"] for t in trade["transactions"]] == ["buy", "redeem"]


def test_every_token_is_somewhere(report: dict[str, Any]) -> None:
    books = report["conservation"]
    assert books["minted"] == sum(books["balances"].values()) + books["escrow"]
    assert books["escrow_in"] == books["paid"] + books["refunded"] + books["locked"]
    assert books["exact"]


def test_what_is_paid_is_what_was_vouchered(report: dict[str, Any]) -> None:
    for trade in report["trades"]:
        assert trade["paid"] == trade["energy_by_voucher_mwh"] * trade["price"] // 10**6
        assert trade["paid"] + trade["refunded"] == trade["escrowed"]


def test_each_household_s_books_agree_with_all_others(report: dict[str, Any]) -> None:
    assert len(report["reconciliation"]) == 4
    for household, verdict in report["reconciliation"].items():
        assert verdict["clean"], (household, verdict)


def test_no_two_sources_ever_met(report: dict[str, Any]) -> None:
    assert report["shorts"] == []


def test_no_house_was_without_power_for_longer_than_a_changeover(report: dict[str, Any]) -> None:
    assert [outage for outage in report["outages"]["longer"] if outage["seconds"] > BUSY] == []


def test_the_buyers_meters_agree_with_the_world(report: dict[str, Any]) -> None:
    assert report["meters_against_world"]
    for supply in report["meters_against_world"]:
        off = abs(supply["buyers_meter_mwh"] - supply["world_mwh"])
        assert off <= max(0.01 * supply["world_mwh"], 20), supply


def test_a_household_fits_on_a_pi(report: dict[str, Any]) -> None:
    for household, used in report["household_python_kib"].items():
        assert used["rss"] * 1_024 <= HOUSEHOLD, household


@pytest.mark.parametrize("process", LARGEST)
def test_each_process_stays_as_small_as_it_is(report: dict[str, Any], process: str) -> None:
    found = [used for name, used in report["memory_kib"].items() if name.endswith(f".{process}")]
    assert found
    for used in found:
        assert used["python"]["rss"] * 1_024 <= LARGEST[process]
        assert "geth" not in used or used["geth"]["rss"] * 1_024 <= GETH


def test_nothing_died_on_the_way(report: dict[str, Any]) -> None:
    assert report["restarts"] == {}


def test_a_second_demo_on_the_same_addresses_is_told_so(tmp_path: Path) -> None:
    words = [str(COMMONWATT), "demo", "--headless", "--address", "127.0.31.1"]
    endpoints = processes.endpoints(plan(4, first=IPv4Address("127.0.31.1")))
    with subprocess.Popen(
        [*words, "--keep", str(tmp_path / "first")], stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        eventually(lambda: ports.taken(endpoints), "the first demo's ports")
        two = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)
        one.terminate()
        one.stdout.read()
    assert two.returncode == 69
    assert "is another demo running?" in two.stderr
    assert not processes_of(tmp_path / "first")
