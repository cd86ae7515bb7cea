"""The actor that reports: once an interval, after everything else, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chain.keys import Account
from chain.transactions import Call, Fees
from contracts.bindings import Household, Role
from contracts.codec import decode_call
from node.client_interaction.actors.ledger import News
from node.client_interaction.actors.reporter import TRADES, Reporter
from node.client_interaction.loop import MIGRATIONS
from node.reports.book import Book, open_book
from node.reports.spans import GRACE
from node.wallet.credit import kept
from node.wallet.database import Database
from node.wallet.journal import Journal, Stage
from tests.unit.node.reports.made import START, filled

ACCOUNT = Account.of(b"\x42" * 32)
MARKET = "0x" + "11" * 20


class Street:
    """A household with readings, books and a chain that is told what to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = float(START + 60 + GRACE)
        self.lowest = 0
        self.head: int | None = None
        self.news = News(trouble="", credit=10**18, households={ACCOUNT.address.lower(): admitted()})
        self.poked = 0
        self.database = Database(folder / "trade.db", MIGRATIONS)
        self.journal = Journal(self.database)
        self.book = Book(self.database)
        self.reporter = self.hired()

    def hired(self) -> Reporter:
        settings: Any = SimpleNamespace(
            reports=SimpleNamespace(enabled=True, interval=60.0),
            readings=SimpleNamespace(url=None),
            paths=SimpleNamespace(state=self.folder),
            dapp=SimpleNamespace(panels=("panel",), loads=("load",)),
            sensors={"panel": None, "load": None},
        )
        manifest: Any = SimpleNamespace(current=MARKET, markets=lambda: (MARKET,))
        return Reporter(
            settings=settings, database=self.database, journal=self.journal, account=ACCOUNT,
            contracts=lambda: manifest, client=self, news=lambda: self.news, poke=self.poke,  # type: ignore[arg-type]
            clock=lambda: self.now,
        )  # fmt: skip

    def poke(self) -> None:
        self.poked += 1

    def block(self, _: str) -> Any:
        return SimpleNamespace(timestamp=self.now if self.head is None else self.head)

    def call(self, to: str, data: bytes, block: Any = "latest") -> bytes:
        """The one question that is asked: nextReport."""
        assert to == MARKET
        return self.lowest.to_bytes(32, "big")

    def entries(self) -> list[tuple[str, Stage]]:
        return [(entry.purpose, entry.stage) for entry in self.journal.under_way()]

    def mined(self, stage: str) -> None:
        """What the sender makes of everything that is planned."""
        for entry in self.journal.under_way():
            if stage == "final":
                self.journal.done(entry, self.now)
            else:
                self.journal.failed(entry, "reverted", 1, self.now)


def admitted() -> Household:
    return Household(
        account=ACCOUNT.address, name="birch", role=Role.CONSUMER, enode="", relay="", admitted=True
    )


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    filled(tmp_path, seconds=200).close()
    made = Street(tmp_path)
    yield made
    made.database.close()


def reports(street: Street) -> list[dict[str, Any]]:
    call = street.journal.under_way()[-1].call
    decoded = decode_call(call.data)
    assert decoded is not None
    assert decoded.name == "report"
    return list(decoded.fields["reports"])


def test_an_interval_that_is_over_is_planned_with_what_it_covers(street: Street) -> None:
    street.reporter.step()
    (said,) = reports(street)
    assert (said["interval"], said["produced"], said["consumed"]) == (START, 600, 1_200)
    last = street.book.last()
    assert last is not None
    assert (last.covered.root, last.covered.span.batches, last.market) == (said["root"], 12, MARKET)
    assert street.poked == 1


def test_it_is_reported_once_however_often_it_looks_or_is_started_anew(street: Street) -> None:
    for _ in range(3):
        street.reporter.step()
        street.reporter = street.hired()
    assert street.entries() == [(f"report:{START}", Stage.PLANNED)]
    street.mined("final")
    street.lowest = START + 1
    street.reporter.step()
    assert street.entries() == []


def test_what_was_missed_goes_into_one_transaction(street: Street) -> None:
    street.now = START + 180 + GRACE
    street.reporter.step()
    assert [said["interval"] for said in reports(street)] == [START, START + 60, START + 120]
    with open_book(street.folder / "trade.db") as book:
        spans = [entry.covered.span for entry in book.all()]
        assert [span.first for span in spans] == [1, 13, 25]
        found = book.covering(14)
        assert found is not None
        assert found.covered.span.start == START + 60


def test_a_report_that_failed_is_made_again(street: Street) -> None:
    street.reporter.step()
    street.mined("failed")
    street.reporter.step()
    assert street.book.last() is None
    street.reporter.step()
    assert street.entries() == [(f"report:{START}", Stage.PLANNED)]


def test_a_trade_under_way_goes_first(street: Street) -> None:
    street.journal.plan("buy:0x01", Call(to=MARKET, data=b"", gas=1), street.now)
    street.reporter.step()
    assert street.entries() == [("buy:0x01", Stage.PLANNED)]


@pytest.mark.parametrize(
    "news",
    [
        {"credit": kept(Fees()) + TRADES},
        {"trouble": "The chain node does not answer."},
        {"households": {}},
    ],
)
def test_nothing_is_reported_with_little_credit_without_a_chain_or_by_a_stranger(
    street: Street, news: dict[str, Any]
) -> None:
    street.news = News(**{"trouble": "", "credit": 10**18, "households": street.news.households, **news})
    street.reporter.step()
    assert street.entries() == []


def test_a_clock_that_is_ahead_of_the_chain_is_not_believed(street: Street) -> None:
    street.head = START + 30
    street.reporter.step()
    assert street.entries() == []


def test_after_a_restored_backup_it_goes_on_where_the_chain_is(street: Street) -> None:
    street.now = START + 180 + GRACE
    street.lowest = START + 60 + 1
    street.reporter.step()
    assert [said["interval"] for said in reports(street)] == [START + 120]
