"""SQLite as this project uses it: write-ahead log, one writer a file, readers that cannot write.

`durability` is a choice that is visible where a file is opened: "full" syncs every commit (journals, leases,
readings: nothing that was committed is lost to a power cut), "normal" syncs at checkpoints (what can be made
anew: all commits since the last one may be lost, the file never breaks). Source: https://www.sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from store.errors import MigrationFailed, TooNew, Unopenable, Unwritable
from store.migrations import goes_on

Durability = Literal["full", "normal"]

MODE = 0o640
BUSY_TIMEOUT = 5.0
"""Seconds to wait for another connection's lock."""

LONGEST = 1_000_000
"""Bytes of one value in the database of somebody who is not trusted."""

CACHE_KIB = 512
"""A page cache that suits a Pi; SQLite's default is 2 MiB a connection."""

WAL_LIMIT_BYTES = 4 * 1024 * 1024
"""To which a write-ahead log is cut back once its content is in the database."""


BACKUP_PAGES = 1_024
"""Copied at a time."""


def open_writer(path: Path, durability: Durability) -> sqlite3.Connection:
    """Open the database for its one writer; make it (mode 0640) when it is missing.

    Rows are `sqlite3.Row`. The first INSERT, UPDATE or DELETE begins a transaction, `with connection:` ends
    it; `transaction` begins one explicitly. Threads may share the connection behind a lock of their own.

    Raises:
        Unopenable: no permission, no such folder, or not a database.
    """
    try:
        _make(path)
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT, isolation_level="IMMEDIATE", check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Unopenable(f"cannot open {path} for writing: {why}; check its folder and owner") from error
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {durability.upper()}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
    except sqlite3.Error as error:
        connection.close()
        raise Unopenable(
            f"cannot open {path} for writing: {error}; check its owner, or move the file away to begin anew"
        ) from error
    return connection


@contextmanager
def strangers(path: Path, effort: int) -> Iterator[sqlite3.Connection]:
    """Look into the database of a process that is not trusted: whatever costs too much to read is not read.

    Args:
        effort: steps of SQLite's machine for the whole look; what takes more fails.

    Raises:
        Unopenable: absent, no permission, not a database, or what was asked of it failed.
    """
    connection = open_reader(path)
    try:
        connection.set_progress_handler(lambda: 1, effort)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        connection.execute("PRAGMA trusted_schema = OFF")
        yield connection
    except sqlite3.Error as error:
        raise Unopenable(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether there is a table of this name, and not something else."""
    found = connection.execute("SELECT type FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    return found is not None and found[0] == "table"


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the database of another process, read-only, with that process running or not.

    A reader that may not write in the folder cannot open a database whose write-ahead log is gone, as after
    a clean close of its writer; such a file is opened as immutable, which is right only as long as nobody
    writes. So keep readers short-lived: one a request or a refresh, not one a process.

    Raises:
        Unopenable: absent, no permission, or not a database.
    """
    try:
        there = path.exists()
    except OSError as error:
        raise Unopenable(f"cannot read {path}: {error.strerror}; run this as its user, or as root") from error
    if not there:
        raise Unopenable(f"{path} is not there yet; its process makes it when it first runs")
    attempts = 3  # the writer may start or stop between our looking for its log and our opening
    failure: sqlite3.Error | None = None
    for _ in range(attempts):
        try:
            return _opened(path, "mode=ro")
        except sqlite3.Error as error:
            failure = error
        if log_of(path).exists():
            continue
        with suppress(sqlite3.Error):
            connection = _opened(path, "mode=ro&immutable=1")
            if not log_of(path).exists():
                return connection
            connection.close()
    raise Unopenable(
        f"cannot read {path}: {failure}; check that this process's group may read it"
    ) from failure


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Begin now, commit at the end, roll back on any exception. Reads inside see one state."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.commit()  # one that fails (disk full, I/O error) may leave the transaction open
    except BaseException:
        connection.rollback()
        raise


def migrate(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    """Bring the tables to the newest version: run, each in its own transaction, the scripts not yet run.

    Args:
        migrations: SQL scripts; number n is migrations[n − 1]. Never edit a released one, append another.

    Raises:
        TooNew: the database knows more migrations than this code, and they do not only add.
        MigrationFailed: a script was refused; the database stays at the version before it.
    """
    version = schema_version(connection)
    if version > len(migrations):
        if 0 < _oldest(connection) <= len(migrations):
            return
        raise TooNew(
            f"{_name(connection)} has schema {version}, this version of Commonwatt knows up to "
            f"{len(migrations)}; install the newer version again, or restore a backup"
        )
    for number, script in enumerate(migrations[version:], start=version + 1):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{script}\n;PRAGMA user_version = {number};\n"
                f"PRAGMA application_id = {goes_on(migrations[:number])};\nCOMMIT;"
            )
        except sqlite3.Error as error:
            connection.rollback()
            raise MigrationFailed(f"migration {number} of {_name(connection)} failed: {error}") from error


def schema_version(connection: sqlite3.Connection) -> int:
    """How many migrations the database has seen."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _oldest(connection: sqlite3.Connection) -> int:
    """The oldest schema whose code may go on with this one: it stands where SQLite leaves us four bytes."""
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def backup(
    connection: sqlite3.Connection,
    target: Path,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> None:
    """Copy the database while it is in use; `target` appears whole or not at all, as one file.

    It is the state of one moment, however long the copying takes and whoever writes meanwhile.

    Args:
        progress: told the pages that are done, and all of them.

    Raises:
        Unwritable: no permission or no space.
    """
    fresh = target.with_name(f".{target.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        _make(fresh)
        copy = sqlite3.connect(fresh)
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # holds this state: another's
            # commit would begin the copy anew
            connection.backup(
                copy, pages=BACKUP_PAGES, progress=lambda _, left, all_: progress(all_ - left, all_), sleep=0
            )
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
            connection.rollback()
        fresh.replace(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            fresh.unlink()
        raise Unwritable(f"cannot back {_name(connection)} up to {target}: {error}") from error


def in_use(path: Path) -> bool:
    """Whether any process has the database open: each holds a lock on it for as long."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return True
        raise Unopenable(f"cannot open {path}: {error}; run this as root") from error
    except sqlite3.DatabaseError:
        return False  # it is none
    return False


def damage(path: Path) -> str:
    """What is wrong with a database's file, in SQLite's words; empty: nothing."""
    try:
        with closing(open_reader(path)) as database:
            [result] = database.execute("PRAGMA integrity_check(1)").fetchone()
    except (Unopenable, sqlite3.Error) as error:
        return str(error)
    return "" if result == "ok" else str(result)


def log_of(path: Path) -> Path:
    """The write-ahead log of a database: beside the file itself, wherever a link to it lies."""
    there = path.resolve()  # a database may be a link into a folder that only its writer can write
    return there.with_name(f"{there.name}-wal")


def _make(path: Path) -> None:
    """Create the file with its mode. An existing one is not touched: closing it would drop SQLite's locks."""
    path = path.resolve()  # a link may lead to where nothing is yet
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE))


def _opened(path: Path, query: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{query}", uri=True, timeout=BUSY_TIMEOUT, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # opening alone reads nothing
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _name(connection: sqlite3.Connection) -> str:
    return connection.execute("PRAGMA database_list").fetchone()["file"] or "the database"
