"""relay.db under the hands of a disk that fails, stands still, or is asked for the impossible."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest

from quantities import Energy
from relay_server import instructions, persistence
from relay_server.accounts import Account, Order
from relay_server.acts import Act, Cycle, Renewal, Save, Tell
from relay_server.errors import RecordsMissing
from relay_server.instructions import Instruction, What
from relay_server.persistence import Persistence
from relay_server.records import open_records
from tests.waiting import PATIENCE, eventually

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


def test_an_instruction_is_obeyed_again_by_the_relay_after_one_that_died_over_it(tmp_path: Path) -> None:
    """It was told to the operator: "locked out". What a crash leaves undone is found at the next start."""
    file = tmp_path / "relay.db"
    program = (
        "import os, sys, time; from pathlib import Path; from relay_server.persistence import Persistence\n"
        "records = Persistence(Path(sys.argv[1]), 0.1); print('ready', flush=True); sys.stdin.readline()\n"
        "records.start(lambda instruction: os._exit(9)); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as relay:
        assert relay.stdout
        assert relay.stdout.readline() == "ready\n"
        instructions.lock(file, 1, "new fuse")
        instructions.renew(file, 1)
        relay.communicate("\n", PATIENCE)
        assert relay.returncode == 9
    obeyed: list[Instruction] = []
    again = Persistence(file, 0.1)
    again.start(obeyed.append)
    eventually(lambda: not left(file), "both to be done")
    again.close()
    assert [each.what for each in obeyed] == [What.LOCK, What.RENEW]


def test_one_instruction_that_fails_keeps_no_other_from_being_obeyed(tmp_path: Path) -> None:
    obeyed: list[int] = []

    def obey(instruction: Instruction) -> None:
        obeyed.append(instruction.contact)
        if instruction.contact == 1:
            raise ValueError("nobody thought of this")

    records = Persistence(tmp_path / "relay.db", 0.1)
    for contact in (1, 2):
        instructions.clear(tmp_path / "relay.db", contact)
    records.start(obey)
    eventually(lambda: not left(tmp_path / "relay.db"), "both to be done")
    records.close()
    assert obeyed == [1, 2]


def left(file: Path) -> int:
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT count(*) FROM instructions WHERE NOT done").fetchone()[0]  # type: ignore[no-any-return]


def test_a_contact_that_was_replaced_is_counted_from_zero(tmp_path: Path) -> None:
    records = Persistence(tmp_path / "relay.db", 0.1)
    records.start(lambda instruction: None)
    records.keep([Cycle(contact=1), Cycle(contact=2), Renewal(contact=1), Cycle(contact=1)])
    records.close()
    assert open_records(tmp_path / "relay.db").operations() == {1: 1, 2: 1}
