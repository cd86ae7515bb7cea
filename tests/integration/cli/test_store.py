"""`commonwatt store`: a household's databases copied while they are written, killed halfway, and put back."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from node.client_interaction.loop import MIGRATIONS
from node.logger import ledger
from node.readings import Level, Sample, open_readings
from node.readings.checking import check
from node.readings.sqlite import SqliteReadings
from store import sqlite
from tests.integration.cli.household import CHECKOUT, Home, line, settled
from tests.integration.postgres import postgres, postgres_url  # noqa: F401 - fixtures
from tests.waiting import PATIENCE

HOST = "127.0.4.41"
START = 20_000 * Level.DAY.value


def batch(number: int, seconds: int = 60) -> list[Sample]:
    first = START + number * seconds * 1_000
    return [
        Sample(
            meter=meter,
            taken=first + second * 1_000,
            power=second,
            forward=number * seconds + second,
            reverse=0,
        )
        for second in range(seconds)
        for meter in ("feed-1", "load")
    ]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A household that has measured and traded; nothing runs."""
    (tmp_path / "home").mkdir()
    home = settled(tmp_path / "home", HOST)
    state = home.folder / "state"
    with open_readings(None, state) as readings:
        for number in range(30):
            readings.append(batch(number))
        readings.prune(START + 300_000)
    with closing(sqlite.open_writer(state / "trade.db", "full")) as trades:
        sqlite.migrate(trades, MIGRATIONS)
    ledger.Ledger(state / "meters.db").close()
    yield home


def told(home: Home, *command: str) -> dict[str, object]:
    answer = home.run("store", *command, "--json")
    assert answer.code == 0, answer.err
    found: dict[str, object] = json.loads(answer.out)
    return found


def contents(path: Path) -> list[str]:
    """Everything in a database."""
    with closing(sqlite3.connect(path)) as file:
        return list(file.iterdump())


def test_the_commands_of_the_document_do_what_it_says(home: Home, postgres_url: str) -> None:  # noqa: F811
    """In its order, with a server in place of its example's."""
    document = (CHECKOUT / "docs" / "readings.md").read_text()
    commands = [c for block in re.findall(r"```sh\n(.*?)```", document, re.S) for c in block.splitlines()]
    assert len(commands) == 5
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "commonwatt"
        words = [postgres_url if word.startswith("postgresql://") else word for word in words]
        words = [str(home.folder / word) if word.startswith("stick/") else word for word in words]
        answer = home.run(*words)
        assert answer.code == 0, answer.err


def state_of(home: Home) -> dict[str, list[str]]:
    return {path.name: contents(path) for path in sorted((home.folder / "state").glob("*.db"))}


def test_a_backup_is_checked_and_restored_as_it_was(home: Home, tmp_path: Path) -> None:
    before, folder = state_of(home), tmp_path / "backup"
    made = told(home, "backup", str(folder))
    assert sorted(made["files"]) == ["meters.db", "readings.db", "trade.db"]  # type: ignore[call-overload]
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "meters.db", "readings.db", "trade.db",
    ]  # fmt: skip
    assert told(home, "check", str(folder))["ok"]
    refused = home.run("store", "restore", str(folder))
    assert refused.code == 69
    assert "--replace" in refused.complaint
    for path in (home.folder / "state").glob("*"):
        path.unlink()
    answer = home.run("store", "restore", str(folder))
    assert answer.code == 0, answer.err
    assert "`commonwatt key backup` is for those" in answer.out
    assert "looked up on the chain" in answer.out
    assert state_of(home) == before
    assert told(home, "check")["ok"]
    with open_readings(None, home.folder / "state") as readings:
        readings.append(batch(50))
        assert check(readings).intact


def test_what_is_there_is_moved_aside_with_what_its_log_held(home: Home, tmp_path: Path) -> None:
    folder, state = tmp_path / "backup", home.folder / "state"
    told(home, "backup", str(folder))
    before = state_of(home)
    with closing(sqlite.open_writer(state / "trade.db", "full")) as trades:
        trades.execute("CREATE TABLE later (n INTEGER)")
        trades.commit()
        (tmp_path / "log").write_bytes((state / "trade.db-wal").read_bytes())
    (state / "trade.db-wal").write_bytes((tmp_path / "log").read_bytes())  # as after a kill
    (state / "trade.db").chmod(0o600)
    done = told(home, "restore", str(folder), "--replace")
    aside = Path(str(done["aside"]))
    assert not (state / "trade.db-wal").exists()
    assert state_of(home) == before
    assert any("later" in row for row in contents(aside / "trade.db"))


def test_a_backup_is_refused_that_was_changed_or_not_finished_or_of_others(
    home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    told(home, "backup", str(folder))
    before = state_of(home)
    whole = (folder / "trade.db").read_bytes()
    (folder / "trade.db").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    for command in (["restore", str(folder), "--replace"], ["check", str(folder)]):
        answer = home.run("store", *command)
        assert answer.code in (1, 69)
        assert "trade.db is not as it was written" in answer.out + answer.err
    (folder / "trade.db").write_bytes(whole)
    home.change(household={"name": "alder", "role": "consumer"})
    assert "backup of 'birch'" in home.run("store", "restore", str(folder), "--replace").complaint
    (folder / "manifest.json").unlink()
    assert "repeat the backup" in home.run("store", "restore", str(folder), "--replace").complaint
    assert state_of(home) == before


@pytest.mark.parametrize(("name", "writer"), [("trade.db", "client-interaction"), ("readings.db", "logger")])
def test_nothing_is_restored_while_a_process_has_a_database_open(
    home: Home, tmp_path: Path, name: str, writer: str
) -> None:
    folder = tmp_path / "backup"
    told(home, "backup", str(folder))
    with closing(sqlite.open_writer(home.folder / "state" / name, "full")):
        answer = home.run("store", "restore", str(folder), "--replace")
    assert answer.code == 69
    assert f"stop `commonwatt {writer} run`" in answer.complaint
    assert not list((home.folder / "state").glob("replaced-*"))
    told(home, "restore", str(folder), "--replace")


def test_a_changed_reading_is_found(home: Home) -> None:
    with closing(sqlite3.connect(home.folder / "state" / "readings.db")) as file, file:
        file.execute("UPDATE samples SET power = 7 WHERE batch = 20")
    answer = home.run("store", "check")
    assert answer.code == 1
    assert "Batch 20 of the readings does not fit: its samples were changed" in answer.out
    answer = home.run("store", "backup", str(home.folder / "backup"))
    assert answer.code == 69
    assert "batch 20 does not fit" in answer.complaint


def test_a_backup_that_is_killed_again_and_again_while_others_write_goes_on(
    home: Home, tmp_path: Path
) -> None:
    state, folder = home.folder / "state", tmp_path / "backup"
    stop = Event()

    def write() -> None:
        with open_readings(None, state) as readings, closing(sqlite3.connect(state / "trade.db")) as trades:
            trades.execute("CREATE TABLE made_up (n INTEGER, other TEXT)")
            number = 30
            while not stop.is_set():
                readings.append(batch(number))
                with trades:
                    trades.execute("INSERT INTO made_up VALUES (?, ?)", (number, "x" * 5_000))
                number += 1

    writer = Thread(target=write)
    writer.start()
    try:
        seen = []
        for kill_after in (0.9, 1.2, 1.5):
            with subprocess.Popen(
                line(home, ("store", "backup", str(folder))), stdout=subprocess.DEVNULL, cwd=CHECKOUT
            ) as process:
                time.sleep(kill_after)
                process.send_signal(signal.SIGKILL)
            seen.append((folder / "manifest.json").exists())
        answer = home.run("store", "backup", str(folder), "--json", seconds=4 * PATIENCE)
        assert answer.code == 0, answer.err
    finally:
        stop.set()
        writer.join()
    found = json.loads(answer.out)["readings"]
    assert found["batches"] >= 30
    assert told(home, "check", str(folder))["ok"]
    with SqliteReadings(folder / "readings.db", read_only=True) as copy, open_readings(None, state) as own:
        assert copy.newest() == own.links(found["batches"] - 1, 1)[0]
        assert copy.pages(10, 9_999) == own.pages(10, found["batches"] - 10)
    rows = [row for row in contents(folder / "trade.db") if "INSERT" in row and "made_up" in row]
    assert len(rows) >= 1


def test_readings_move_to_a_server_and_what_comes_later_follows(
    home: Home,
    postgres_url: str,  # noqa: F811
) -> None:
    state = home.folder / "state"
    with open_readings(None, state) as logger:
        first = told(home, "move", "--to", postgres_url)
        assert first["logger_may_run"]
        logger.append(batch(30))
    second = told(home, "move", "--to", postgres_url)
    assert (first["batches"], second["batches"]) == (30, 31)
    assert not second["logger_may_run"]
    with open_readings(None, state) as source, open_readings(postgres_url, state) as target:
        for question in ("meters", "latest", "newest"):
            assert getattr(source, question)() == getattr(target, question)()
        assert source.pages(0, 99) == target.pages(0, 99)
        span = (START, START + Level.DAY)
        for level in Level:
            assert source.rollup("load", level, *span) == target.rollup("load", level, *span)
        assert source.energy("load", *span) == target.energy("load", *span)
        target.append(batch(31))
        assert check(target).intact
    home.change(readings={"url": postgres_url})
    folder = home.folder / "backup"
    told(home, "backup", str(folder))
    assert told(home, "check", str(folder))["ok"]
    with psycopg.connect(postgres_url) as server:
        server.execute("TRUNCATE samples, rollups, batches, meters")
    told(home, "restore", str(folder), "--replace")
    assert told(home, "check")["ok"]
    with open_readings(postgres_url, state) as target:
        newest = target.newest()
        assert newest is not None and newest.number == 32


def test_a_server_with_other_readings_or_a_password_in_its_url_is_refused(
    home: Home,
    postgres_url: str,  # noqa: F811
) -> None:
    with open_readings(postgres_url, home.folder) as target:
        target.append(batch(99))
    answer = home.run("store", "move", "--to", postgres_url)
    assert answer.code == 69
    assert "holds other readings" in answer.complaint
    assert home.run("store", "move", "--to", "postgresql://me:secret@127.0.4.41/db").code == 64
    assert "check" in home.run("store", "move", "--to", "postgresql://me@127.0.4.41:1/db").complaint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_restored_file_belongs_to_whom_the_one_before_did(home: Home, tmp_path: Path) -> None:
    folder, trade = tmp_path / "backup", home.folder / "state" / "trade.db"
    told(home, "backup", str(folder))
    os.chown(trade, 65_534, 65_534)
    told(home, "restore", str(folder), "--replace")
    assert (trade.stat().st_uid, trade.stat().st_mode & 0o777) == (65_534, 0o640)
