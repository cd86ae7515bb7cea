"""Opening, migrating, reading beside a writer, and backing up, on real SQLite files."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from store import sqlite
from store.claim import Claim
from store.errors import MigrationFailed, Taken, TooNew, Unopenable, Unwritable
from store.migrations import ONLY_ADDS

NOBODY = 65_534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may enter; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="commonwatt-store-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextmanager
def without_write_permission(folder: Path) -> Iterator[None]:
    """Be somebody who may read here and not write."""
    folder.chmod(0o555)
    for file in folder.iterdir():
        file.chmod(0o444)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)
        folder.chmod(0o755)


def filled(path: Path) -> sqlite3.Connection:
    connection = sqlite.open_writer(path, "normal")
    sqlite.migrate(connection, ["CREATE TABLE t (n INTEGER)"])
    with connection:
        connection.execute("INSERT INTO t VALUES (1)")
    return connection


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [row["n"] for row in connection.execute("SELECT n FROM t ORDER BY n")]


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
def test_durability_is_as_chosen(tmp_path: Path, durability: sqlite.Durability, synchronous: int) -> None:
    with closing(sqlite.open_writer(tmp_path / "x.db", durability)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == synchronous
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_the_file_and_its_log_are_closed_to_others(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "made" / "x.db")):
        for name in ("x.db", "x.db-wal", "x.db-shm"):
            assert (tmp_path / "made" / name).stat().st_mode & 0o777 == 0o640


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database at all, but a text" * 50)
    with pytest.raises(Unopenable, match="not a database"):
        sqlite.open_writer(tmp_path / "x.db", "full")
    with pytest.raises(Unopenable, match="not a database"):
        sqlite.open_reader(tmp_path / "x.db")


def test_a_reader_sees_what_the_writer_commits(tmp_path: Path) -> None:
    with (
        closing(filled(tmp_path / "x.db")) as writer,
        closing(sqlite.open_reader(tmp_path / "x.db")) as reader,
    ):
        assert numbers(reader) == [1]
        with writer:
            writer.execute("INSERT INTO t VALUES (2)")
        assert numbers(reader) == [1, 2]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("INSERT INTO t VALUES (3)")


def test_a_reader_without_write_permission_reads_after_a_clean_close(open_folder: Path) -> None:
    filled(open_folder / "x.db").close()
    assert not (open_folder / "x.db-wal").exists()
    with (
        without_write_permission(open_folder),
        closing(sqlite.open_reader(open_folder / "x.db")) as reader,
    ):
        assert numbers(reader) == [1]


def test_a_reader_without_write_permission_reads_beside_the_writer(open_folder: Path) -> None:
    with (
        closing(filled(open_folder / "x.db")) as writer,
        without_write_permission(open_folder),
        closing(sqlite.open_reader(open_folder / "x.db")) as reader,
    ):
        assert numbers(reader) == [1]
        with writer:
            writer.execute("INSERT INTO t VALUES (2)")
        assert numbers(reader) == [1, 2]  # so it was not opened as immutable


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unopenable, match="not there yet"):
        sqlite.open_reader(tmp_path / "x.db")
    assert not list(tmp_path.iterdir())


def test_migrations_run_once_and_in_their_order(tmp_path: Path) -> None:
    first = ["CREATE TABLE a (n INTEGER)"]
    with closing(sqlite.open_writer(tmp_path / "x.db", "full")) as connection:
        sqlite.migrate(connection, first)
        sqlite.migrate(connection, [*first, "ALTER TABLE a RENAME TO b; INSERT INTO b VALUES (7); -- done"])
        sqlite.migrate(connection, [*first, "ALTER TABLE a RENAME TO b; INSERT INTO b VALUES (7); -- done"])
        assert sqlite.schema_version(connection) == 2
        assert connection.execute("SELECT count(*) FROM b").fetchone()[0] == 1


def test_a_failed_migration_leaves_the_version_before_it(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "x.db")) as connection:
        with pytest.raises(MigrationFailed, match=r"migration 2 of .*x\.db failed: .*nonsense"):
            sqlite.migrate(connection, ["", "INSERT INTO t VALUES (2); nonsense"])
        assert sqlite.schema_version(connection) == 1
        assert numbers(connection) == [1]


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(TooNew, match="schema 1, this version of Commonwatt knows up to 0")
    with closing(filled(tmp_path / "x.db")) as connection, refused:
        sqlite.migrate(connection, [])


def test_a_version_goes_on_with_what_a_newer_one_only_added_to(tmp_path: Path) -> None:
    first = ["CREATE TABLE a (n INTEGER)"]
    added = [*first, f"{ONLY_ADDS}\nALTER TABLE a ADD COLUMN m INTEGER; CREATE TABLE b (n INTEGER)"]
    with closing(sqlite.open_writer(tmp_path / "x.db", "full")) as connection:
        sqlite.migrate(connection, added)
        sqlite.migrate(connection, first)  # the release before
        connection.execute("INSERT INTO a (n) VALUES (7)")
        connection.commit()
        assert sqlite.schema_version(connection) == 2
        sqlite.migrate(connection, [*added, "DROP TABLE b", f"{ONLY_ADDS}\nCREATE TABLE c (n INTEGER)"])
        for former in (first, added):
            with pytest.raises(TooNew, match="schema 4"):
                sqlite.migrate(connection, former)
        sqlite.migrate(connection, [*added, "DROP TABLE b"])


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "x.db")) as connection:
        with pytest.raises(ZeroDivisionError), sqlite.transaction(connection):
            connection.execute("INSERT INTO t VALUES (2)")
            raise ZeroDivisionError
        with sqlite.transaction(connection):
            connection.execute("INSERT INTO t VALUES (3)")
        assert numbers(connection) == [1, 3]


def test_a_backup_is_one_whole_file_while_the_database_is_in_use(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "x.db")) as connection:
        sqlite.backup(connection, tmp_path / "copy.db")
        with connection:
            connection.execute("INSERT INTO t VALUES (2)")
        assert sorted(path.name for path in tmp_path.glob("*copy*")) == ["copy.db"]
        with closing(sqlite.open_reader(tmp_path / "copy.db")) as copy:
            assert numbers(copy) == [1]
            assert sqlite.schema_version(copy) == 1


def test_a_backup_that_cannot_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with closing(filled(tmp_path / "x.db")) as connection, pytest.raises(Unwritable, match="cannot back"):
        sqlite.backup(connection, tmp_path / "file" / "copy.db")


def test_a_folder_is_held_by_one_and_free_when_he_is_gone(tmp_path: Path) -> None:
    with Claim(tmp_path, "log meters into"):
        pid = os.fork()
        if pid == 0:  # a process of its own
            try:
                Claim(tmp_path, "log meters into")
            except Taken:
                os._exit(42)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42
    Claim(tmp_path, "log meters into").release()


def test_a_commit_that_is_refused_leaves_no_transaction_behind(tmp_path: Path) -> None:
    with closing(sqlite.open_writer(tmp_path / "x.db", "full")) as connection:
        sqlite.migrate(
            connection,
            [
                "CREATE TABLE t (n INTEGER PRIMARY KEY);"
                "CREATE TABLE u (n INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)"
            ],
        )
        with pytest.raises(sqlite3.IntegrityError), sqlite.transaction(connection):
            connection.execute("INSERT INTO u VALUES (7)")  # checked, and refused, by the commit
        with sqlite.transaction(connection):
            connection.execute("INSERT INTO t VALUES (1)")
        assert numbers(connection) == [1]
