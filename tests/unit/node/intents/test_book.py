"""The book in a real file, and what its reader makes of one that somebody else filled."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from node.intents.book import LASTING, IntentBook, live
from node.intents.book import TABLES as BOOK
from node.intents.errors import AskedAlready
from node.intents.kinds import BuyNow, Stop
from quantities import Energy
from store import snapshot
from store.errors import StoreError
from store.requests import new_id


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dapp.db"


@pytest.fixture
def book(file: Path) -> IntentBook:
    return IntentBook(file, (BOOK,))


def read(file: Path, later: float = 0.0) -> list[str]:
    return [letter.id for letter in live(file, snapshot.boottime() + later, snapshot.boot_id())]


def test_what_is_asked_is_read_in_its_order(book: IntentBook, file: Path) -> None:
    first = book.ask(Stop(), by="anna")
    second = book.ask(BuyNow(energy=Energy(5)), by="ben")
    found = live(file, snapshot.boottime(), snapshot.boot_id())
    assert found == [first, second]
    assert [letter.by for letter in found] == ["anna", "ben"]
    assert book.latest(1) == [second]


def test_a_form_that_is_sent_twice_asks_once(book: IntentBook, file: Path) -> None:
    form = new_id()
    book.ask(Stop(), by="anna", id=form)
    with pytest.raises(AskedAlready):
        book.ask(Stop(), by="anna", id=form)
    assert read(file) == [form]


def test_what_is_older_than_a_minute_or_of_another_boot_is_not_read(book: IntentBook, file: Path) -> None:
    book.ask(Stop(), by="anna")
    assert read(file, later=LASTING - 1)
    assert not read(file, later=LASTING + 1)
    assert live(file, snapshot.boottime(), "another") == []


def write(file: Path, *rows: tuple[object, ...]) -> None:
    with sqlite3.connect(file) as connection:
        connection.executescript(
            "CREATE TABLE intents (number INTEGER PRIMARY KEY, id, kind, body, asked_by, at, boot, boottime)"
        )
        connection.executemany(
            "INSERT INTO intents (id, kind, body, asked_by, at, boot, boottime) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    connection.close()


def test_rows_that_are_none_of_ours_are_passed_over(file: Path) -> None:
    now, boot = snapshot.boottime(), snapshot.boot_id()
    good = new_id()
    write(
        file,
        ("short", "stop", "{}", "anna", 1.0, boot, now),
        (new_id(), None, "{}", "anna", 1.0, boot, now),
        (new_id(), b"stop", "{}", "anna", 1.0, boot, now),
        (new_id(), "stop", "x" * 5_000, "anna", 1.0, boot, now),
        (new_id(), "stop", "{}", "anna", 1e300, boot, now),
        (new_id(), "stop", "{}", "anna", "yesterday", boot, now),
        (good, "stop", "{}", "<script>", 1.0, boot, now),
    )
    [letter] = live(file, now, boot)
    assert (letter.id, letter.by) == (good, "somebody")


def test_no_more_is_read_than_can_be_answered(file: Path) -> None:
    now, boot = snapshot.boottime(), snapshot.boot_id()
    write(file, *((new_id(), "stop", "{}", "anna", 1.0, boot, now) for _ in range(500)))
    assert len(live(file, now, boot)) == 64


def test_a_view_that_never_ends_is_not_run(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.executescript(
            "CREATE VIEW intents AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
            "SELECT x AS id, x AS kind, x AS body, x AS asked_by, x AS at, x AS boot, x AS boottime FROM n"
        )
    connection.close()
    assert read(file) == []


def test_a_table_that_takes_too_long_is_given_up(file: Path) -> None:
    columns = "id, kind, body, asked_by, at, boot, boottime"
    with sqlite3.connect(file) as connection:
        connection.executescript(
            f"CREATE TABLE intents ({columns});"
            f"INSERT INTO intents ({columns}) SELECT '', '', '', '', 1.0, '', 1.0 FROM "
            "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 200000) SELECT x FROM n)"
        )
    connection.close()
    with pytest.raises(StoreError, match="interrupted"):
        read(file)


@pytest.mark.parametrize("content", [b"", b"no database" * 500])
def test_a_file_that_is_no_database_is_an_error_of_ours(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        assert read(file) == []
    except StoreError:
        assert content
