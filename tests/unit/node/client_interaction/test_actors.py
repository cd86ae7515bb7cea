"""The actors on the days when something breaks that nobody thought of."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chain.keys import Account
from node.client_interaction.actors import supply as supplies
from node.client_interaction.actors.keeper import Keeper
from node.client_interaction.actors.ledger import Interest, Ledger
from node.client_interaction.actors.line import Watched
from node.client_interaction.actors.shop import ShopKeeper
from node.client_interaction.actors.supply import Supply
from node.client_interaction.situation import Lease
from quantities import Energy
from relay_server.errors import RecordsMissing
from relay_server.messages import NO_ORDER, Code, ContactState, Granted, Opened, Refused
from store import registers
from store.registers import Register

ACCOUNT = Account.of(b"\x42" * 32)
TIE = 11


class OwnRelay:
    """Says yes, and remembers to what."""

    def __init__(self) -> None:
        self.opened: list[int] = []

    def command(self, ask: Any) -> Any:
        return ask(self)

    def keep(self, order: bytes, contact: int) -> Granted:
        return Granted(lease_ms=10_000, until_ms=10_000, meter_mwh=0)

    def open(self, order: bytes, contact: int) -> Opened:
        assert order == NO_ORDER
        self.opened.append(contact)
        return Opened()


class Kept:
    """A keeper without a thread."""

    def __init__(self) -> None:
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True


def supply(own: Any) -> Supply:
    nothing: Any = None
    return Supply(
        trades=nothing, account=ACCOUNT, chain_id=1, sellers={}, own=own, meters=Path("meters"),
        ties={TIE: "tie-11"}, period=3.0, news=lambda: None,
    )  # fmt: skip


def test_a_disk_that_is_full_is_said_and_the_chain_followed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Any = None
    ledger = Ledger(
        nothing, Path("manifest.json"), ACCOUNT, sender=nothing, recover=nothing, confirmations=None,
        interest=Interest, news=lambda: None,
    )  # fmt: skip

    def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(ledger, "_verify", full)
    assert ledger._once() > 0
    assert "disk is full" in ledger.news.trouble


def test_a_tie_is_kept_only_while_somebody_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(supplies, "boottime", lambda: now)
    relay: Any = OwnRelay()
    supplied = supply(relay)
    supplied.decided()
    now += supplies.UNDECIDED
    assert isinstance(supplied._keep_tie(relay, TIE), Granted)
    now += 0.1
    assert isinstance(supplied._keep_tie(relay, TIE), Refused)
    supplied.decided()
    assert isinstance(supplied._keep_tie(relay, TIE), Granted)


def test_a_relay_that_cannot_ask_its_chain_has_opened_nothing_and_is_asked_again() -> None:
    answers: list[Granted | Refused] = [
        Granted(lease_ms=10_000, until_ms=10_000, meter_mwh=0),
        Refused(code=Code.STALE_CHAIN, text="this household's chain node is too slow", retry_ms=1_000),
        Refused(code=Code.UNPAID, text="2 Wh are not paid for"),
    ]
    keeper = Keeper.__new__(Keeper)
    keeper._name, keeper._period = "alder-1", 3.0
    keeper._keep, keeper._news = lambda: answers.pop(0), lambda: None
    keeper._lease, keeper._stopped = Lease(granted=0.0), threading.Event()
    assert keeper._once() == 3.0
    held = keeper.lease
    assert held.granted > 0
    assert keeper._once() < 3.0, "soon again: the lease runs on meanwhile"
    assert keeper.lease == held
    keeper._once()
    assert keeper.lease.refused == "2 Wh are not paid for"


def test_a_trader_that_breaks_goes_home_before_it_ends() -> None:
    relay = OwnRelay()
    supplied = supply(relay)
    supplied.abandon()
    assert relay.opened == [], "it is at home"
    tie: Any = Kept()
    supplied._tie = tie
    supplied.abandon()
    assert relay.opened == [TIE]
    assert tie.stopped


def test_a_feed_is_silent_since_its_relay_or_its_meter_was_last_heard_of(tmp_path: Path) -> None:
    keeper = ShopKeeper.__new__(ShopKeeper)
    nothing = Register(meter="feed-1", forward=0, reverse=0, power=0, sampled=90.0)
    line: Any = SimpleNamespace(watched=Watched(trouble=""))
    keeper._own, keeper._heard = line, float("-inf")
    keeper._feeds, keeper._meters = {1: "feed-1", 2: "feed-2"}, tmp_path
    registers.write(tmp_path, nothing)
    assert keeper._silence(91.0) == {1: 1.0}, "no register of feed-2: not heard of at all"
    registers.write(tmp_path, replace(nothing, sampled=99.5))
    line.watched = Watched(trouble="its relay does not answer")
    assert keeper._silence(100.0) == {1: 9.0}
    line.watched = Watched(trouble="")
    assert keeper._silence(100.0) == {1: 0.5}


def test_what_a_supply_takes_until_its_announced_end_is_told_in_charge(tmp_path: Path) -> None:
    keeper = ShopKeeper.__new__(ShopKeeper)
    held = ContactState(contact=1, closed=True, order=b"\1" * 32)
    line: Any = SimpleNamespace(watched=Watched(trouble="", contacts=(held,)))
    keeper._own, keeper._feeds, keeper._meters = line, {1: "feed-1"}, tmp_path
    keeper._until_end, keeper._capacity = 8.0, Energy(3_000)
    registers.write(tmp_path, Register(meter="feed-1", forward=0, reverse=0, power=90_000, sampled=1.0))
    assert keeper._drained() == 667, "90 W for 8 s are 200 mWh, of 3 Wh 6.67 %"
    line.watched = Watched(trouble="")
    assert keeper._drained() == 0


@pytest.mark.parametrize(("exist", "found"), [(True, None), (False, {})])
def test_records_that_cannot_be_read_are_not_taken_for_none(exist: bool, found: object) -> None:
    class Records:
        def __init__(self) -> None:
            self.exist = exist

        def best_vouchers(self, orders: list[bytes]) -> list[Any]:
            raise RecordsMissing("relay.db: disk I/O error")

    keeper = ShopKeeper.__new__(ShopKeeper)
    records: Any = Records()
    keeper._records = records
    assert keeper._vouchers({"0x" + "0a" * 32}) == found
