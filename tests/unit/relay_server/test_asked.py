"""What the pages ask a relay for: read strictly, done once, in its minute, and nothing that closes."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_server import asked, instructions
from relay_server.asked import Asked, What, loads, request
from relay_server.attending import Attendant
from relay_server.errors import RecordsMissing
from relay_server.instructions import Instruction
from relay_server.persistence import MIGRATIONS
from relay_server.records import FILE, open_records
from store.errors import MalformedRequest
from store.requests import dumps
from store.snapshot import boottime
from store.sqlite import migrate, open_writer

CONTACTS = (0, 1, 11)


def lock(number: int = 1, contact: int = 1, reason: str = "new fuse") -> Asked:
    return request(id=f"{number:032x}", by="home", what=What.LOCK, contact=contact, reason=reason)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Path]:
    with closing(open_writer(tmp_path / FILE, "normal")) as database:
        migrate(database, MIGRATIONS)
        yield tmp_path / FILE


def given_(records: Path) -> list[Instruction]:
    with closing(sqlite3.connect(records)) as database:
        database.row_factory = sqlite3.Row
        return instructions.waiting(database)[1]


def test_a_request_is_read_as_it_was_written() -> None:
    one = lock()
    assert loads(dumps(one)) == one


@pytest.mark.parametrize(
    "wrong",
    [
        {"what": "unlock"},
        {"what": "clear"},
        {"what": "close"},
        {"contact": -1},
        {"contact": True},
        {"contact": "1"},
        {"reason": ""},
        {"reason": "a" * 81},
        {"reason": "two\nlines"},
        {"reason": None},
        {"by": ""},
        {"by": "a\x00b"},
        {"id": "../../etc/passwd"},
        {"at": float("inf")},
        {"boottime": "now"},
        {"buyer": "0x00"},
    ],
)
def test_what_is_not_of_the_closed_set_is_no_request(wrong: dict[str, object]) -> None:
    fields = json.loads(dumps(lock())) | wrong
    with pytest.raises(MalformedRequest):
        loads(json.dumps(fields).encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    with pytest.raises(MalformedRequest):
        loads(content)


def test_a_request_becomes_the_operators_instruction_once(records: Path) -> None:
    asked.put(records.parent, lock())
    attendant = Attendant(records, CONTACTS)
    attendant.look()
    attendant.look()
    Attendant(records, CONTACTS).look()  # started anew
    assert given_(records) == [Instruction(what=instructions.What.LOCK, contact=1, reason="new fuse")]
    assert open_records(records).answers() == {f"{1:032x}": ""}


def test_everything_home_is_one_of_them(records: Path) -> None:
    asked.put(records.parent, replace(lock(), what=What.HOME, contact=0, reason="smoke"))
    Attendant(records, CONTACTS).look()
    assert given_(records) == [Instruction(what=instructions.What.HOME, contact=0, reason="smoke")]


def test_a_contact_that_there_is_not_is_refused_with_the_reason(records: Path) -> None:
    asked.put(records.parent, lock(contact=7))
    Attendant(records, CONTACTS).look()
    assert given_(records) == []
    assert open_records(records).answers() == {f"{1:032x}": "this relay has no contact 7"}


def test_what_nobody_did_in_its_minute_is_not_done_any_more(records: Path) -> None:
    asked.put(records.parent, lock())
    Attendant(records, CONTACTS, clock=lambda: boottime() + asked.LASTING).look()
    (records.parent / asked.FOLDER / f"{1:032x}").unlink()
    asked.put(records.parent, replace(lock(2), boot="another boot"))
    Attendant(records, CONTACTS).look()
    assert given_(records) == []


def test_a_flood_is_done_in_parts(records: Path) -> None:
    now = boottime()
    attendant = Attendant(records, CONTACTS, clock=lambda: now)
    for number in range(3 * asked.PER_MINUTE):
        asked.put(records.parent, replace(lock(number), boottime=now))
        attendant.look()
        (records.parent / asked.FOLDER / f"{number:032x}").unlink()
    assert len(given_(records)) == asked.PER_MINUTE


def test_links_pipes_and_other_names_are_left_alone(records: Path) -> None:
    folder = records.parent / asked.FOLDER
    folder.mkdir()
    outside = records.parent / "outside"
    outside.write_bytes(dumps(lock(1)))
    (folder / f"{1:032x}").symlink_to(outside)
    os.mkfifo(folder / f"{2:032x}")
    (folder / f"{3:032x}").write_bytes(dumps(lock(4)))
    (folder / "request").write_bytes(dumps(lock(5)))
    (folder / f"{6:032x}").write_bytes(b"x" * (asked.LARGEST + 1))
    assert asked.waiting(folder) == []
    assert given_(records) == []


def test_without_records_nothing_is_done_and_nothing_ends(tmp_path: Path) -> None:
    asked.put(tmp_path, lock())
    attendant = Attendant(tmp_path / FILE, CONTACTS)
    with pytest.raises(RecordsMissing):
        attendant.look()


def test_whoever_cannot_have_it_written_down_is_told_what_lets_go_of_every_coil(tmp_path: Path) -> None:
    with pytest.raises(RecordsMissing, match="systemctl stop commonwatt-relay"):
        instructions.everything_home(tmp_path / "relay.db", "smoke")
