"""A database of which the threads of its writer share one connection."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from store import sqlite


class Shared:
    """One connection behind one lock, every commit synced. Who inherits it has the statements."""

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        """Open the file, or make it, and bring it up to date.

        Raises:
            StoreError: it cannot be written, or is of a newer version.
        """
        self._db = sqlite.open_writer(path, "full")
        sqlite.migrate(self._db, migrations)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        self._db.close()
