"""`trade.db`: what the household means to send, sent, bought and sold. One writer: client-interaction.

Every commit is synced (FULL): a power cut loses nothing. Threads share the connection behind one lock, and a
transaction inside a transaction joins it, so that a trade and its journal row appear together or not at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from store import sqlite
from store.errors import Unwritable

FILE = "trade.db"

LET_GO = 0.3
"""Seconds that closing waits for another thread's commit."""


class Database:
    """One connection for all threads of the process that writes it."""

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        """Open and bring up to date; make the file when it is missing.

        Raises:
            store.errors.StoreError: it cannot be opened, or a newer version wrote it.
        """
        self._path = path
        self._connection = sqlite.open_writer(path, "full")
        self._lock = RLock()
        self._joined = 0
        sqlite.migrate(self._connection, migrations)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside becomes durable together at the end of the outermost, or not at all.

        Raises:
            store.errors.Unwritable: the disk is full, or refuses; nothing was changed.
        """
        with self._lock:
            if self._joined:
                yield self._connection
                return
            self._joined = 1
            try:
                with sqlite.transaction(self._connection) as connection:
                    yield connection
            except sqlite3.OperationalError as error:
                raise Unwritable(
                    f"{self._path} cannot be written ({error}): make room on its disk; until then all waits"
                ) from error
            finally:
                self._joined = 0

    def rows(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[sqlite3.Row]:
        """Read."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the connection; a disk that stands still in a commit is not waited for."""
        if self._lock.acquire(timeout=LET_GO):
            self._connection.close()
            self._lock.release()
