"""relay.db under the hands of a disk that fails, stands still, or is asked for the impossible."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest

from quantities import Energy
from relay_server import persistence
from relay_server.accounts import Account, Order
from relay_server.acts import Act, Save, Tell
from relay_server.errors import RecordsMissing
from relay_server.persistence import Persistence
from relay_server.records import open_records
from tests.waiting import PATIENCE

BUYER = "0x" + "B0" * 20


def save(energy: int = 1_000, urgent: bool = True) -> Save:
    order = Order(id=b"\x01" * 32, buyer=BUYER, contact=1, energy=Energy(energy))
    return Save(account=Account(buyer=BUYER, contact=1), order=order, urgent=urgent)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Persistence]:
    opened = Persistence(tmp_path / "relay.db", 0.1)
    opened.start(lambda instruction: None)
    yield opened
    opened.close()


def test_what_cannot_be_stored_fails_and_the_thread_lives_on(records: Persistence) -> None:
    """SQLite's integers end at 2⁶³."""
    impossible = records.keep([save(energy=2**63)])
    assert impossible
    with pytest.raises(OverflowError):
        impossible.result(PATIENCE)
    possible = records.keep([save()])
    assert possible
    possible.result(PATIENCE)


def test_what_is_on_disk_already_is_not_written_and_waited_for_again(records: Persistence) -> None:
    """An ended order's OPEN may be repeated as often as its buyer likes."""
    first = records.keep([save()])
    assert first
    first.result(PATIENCE)
    assert records.keep([save()]) is None
    assert records.behind == 0
    other = records.keep([save(energy=2_000)])
    assert other, "a change is"
    other.result(PATIENCE)
    back = records.keep([save()])
    assert back, "and back again"
    back.result(PATIENCE)


def test_records_tell_for_how_long_they_have_been_waiting(tmp_path: Path, records: Persistence) -> None:
    assert records.behind == 0
    with closing(sqlite3.connect(tmp_path / "relay.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        records.keep([save(urgent=False)])
        records.keep([Tell(event="something", contact=1)])
        time.sleep(0.3)
        assert records.behind >= 0.3
        other.execute("ROLLBACK")
    written = records.keep([save()])
    assert written
    written.result(PATIENCE)
    assert records.behind < 0.3


def test_a_stop_does_not_wait_for_a_disk_that_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing_still = Event()
    records = Persistence(tmp_path / "relay.db", 0.1)

    @contextmanager
    def stands_still(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        standing_still.wait(PATIENCE)
        yield database

    monkeypatch.setattr(persistence, "transaction", stands_still)
    records.start(lambda instruction: None)
    acts: Sequence[Act] = [save()]
    records.keep(acts)
    begun = time.monotonic()
    records.close()
    assert time.monotonic() - begun < PATIENCE / 2
    standing_still.set()


def test_records_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "relay.db")) as emptied:
        emptied.execute("CREATE TABLE something (else_ INTEGER)")
        emptied.commit()
    records = open_records(tmp_path / "relay.db")
    assert records.exist
    with pytest.raises(RecordsMissing):
        records.best_vouchers()
