from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from node.client_interaction.trade import Side, Trade, TradeState
from quantities import Energy, Price, Tokens
from simulation.demo import evidence, report
from simulation.demo.evidence import BuyersBook
from simulation.demo.ledger import Order
from simulation.demo.report import Evidence
from simulation.neighbourhood import plan

BEGAN = 1_000_000.0
TIE = "birch.tie-11"
ACCOUNTS = {"alder": "0xA1", "birch": "0xB1"}


def order(name: str) -> Order:
    return Order(
        id=name, buyer="0xB1", seller="0xA1", contact=1, energy=1_500, price=280, cost=420,
        state="settled", vouchered=1_000, paid=280, refunded=140,
        transactions=[{"what": "buy", "hash": "0x1", "block": 7}],
    )  # fmt: skip


def book(name: str, received: int, created: float, ended: float, **more: Any) -> BuyersBook:
    trade = Trade(
        order=name, side=Side.BUYER, market="0xM", partner="alder", account="0xA1", contact=1, channel=11,
        energy=Energy(1_500), price=Price(280), cost=Tokens(420), created=BEGAN + created,
        changed=BEGAN + ended, received=Energy(received), **{"state": TradeState.SETTLED, **more},
    )  # fmt: skip
    return BuyersBook(trade=trade)


def switching(at: float, closed: bool, contact: str = TIE) -> dict[str, Any]:
    return {"at": BEGAN + at, "contact": contact, "closed": closed}


def collected(books: list[BuyersBook], switchings: Sequence[Mapping[str, Any]]) -> Evidence:
    """A line that carries 100 mWh a second whenever asked."""
    return Evidence(
        scenario=plan(2),
        accounts=ACCOUNTS,
        orders=[order(b.trade.order) for b in books],
        bought={"alder": [], "birch": books},
        delivered={"0x1": 1_012},
        events=[{"kind": "below", "household": "birch", "at": 30.0, "seconds": 0.0, "cause": ""}],
        began=BEGAN,
        supplies=evidence.supplies(switchings),
        energy=lambda _line, start, end: ((end - start) * 101.0, (end - start) * 100.0),
    )


def test_a_trade_is_told_by_everybodys_books() -> None:
    found = collected([book("0x1", 1_001, 33, 50)], [switching(35, True), switching(45, False)])
    [entry] = report.trades(found)
    assert entry["energy_bought_mwh"] == 1_500
    assert entry["energy_by_voucher_mwh"] == 1_000
    assert entry["energy_by_buyers_meter_mwh"] == 1_001
    assert entry["energy_by_sellers_meter_mwh"] == 1_012
    assert entry["energy_by_world_mwh"] == pytest.approx(1_000)
    assert entry["limit_to_contact_s"] == pytest.approx(5)
    assert (entry["paid"], entry["refunded"]) == (280, 140)


def test_an_order_that_continues_another_begins_when_that_one_is_full() -> None:
    books = [book("0x1", 1_500, 33, 60), book("0x2", 490, 45, 62, previous="0x1")]
    found = collected(books, [switching(35, True), switching(55, False)])
    first, second = report.trades(found)
    assert first["energy_by_world_mwh"] == 1_500
    assert second["energy_by_world_mwh"] == pytest.approx(500)
    assert second["limit_to_contact_s"] is None
    [supply] = report.supplied(found)
    assert supply["orders"] == ["0x1", "0x2"]
    assert supply["world_mwh"] == pytest.approx(2_000)
    assert supply["delivered_by_world_mwh"] == pytest.approx(2_020)
    assert supply["off_mwh"] == pytest.approx(10)
    assert supply["within_1_percent_or_20_mwh"]


def test_a_supply_that_lasts_is_not_held_against_the_world_yet() -> None:
    lasting = book("0x1", 300, 33, 38, state=TradeState.SUPPLIED)
    found = collected([lasting], [switching(35, True)])
    assert report.supplied(found) == []


def test_a_meter_that_is_off_is_told() -> None:
    found = collected([book("0x1", 1_031, 33, 50)], [switching(35, True), switching(45, False)])
    assert not report.supplied(found)[0]["within_1_percent_or_20_mwh"]


def test_other_ties_and_other_times_are_not_the_trades() -> None:
    switchings = [
        switching(10, True), switching(20, False),
        switching(36, True, "birch.tie-12"), switching(44, False, "birch.tie-12"),
        switching(60, True),
    ]  # fmt: skip
    found = collected([book("0x1", 0, 33, 50)], switchings)
    assert report.trades(found)[0]["energy_by_world_mwh"] == 0
    assert report.supplied(found)[0]["closings"] == 0


def test_outages_longer_than_a_changeover_are_told_one_by_one() -> None:
    events = [
        {"kind": "outage", "household": "birch", "at": 30.0, "seconds": seconds, "cause": "why"}
        for seconds in (0.14, 0.2, 3.0)
    ]
    found = report.outages(events)
    assert (found["changeovers"], found["longest_changeover_s"]) == (2, 0.2)
    assert [outage["seconds"] for outage in found["longer"]] == [3.0]
    assert report.shorts(events) == []
