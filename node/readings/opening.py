"""Chooses where the readings are: SQLite in the state folder, or the PostgreSQL of a URL.

Who only reads sees what is still in the logger's spool, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from node.readings.fresh import Fresh
from node.readings.interface import Readings
from node.readings.spool.segments import beside
from node.readings.sqlite import SqliteReadings

if TYPE_CHECKING:
    from node.readings.postgres import PostgresReadings

FILE = "readings.db"

METERS = "meters.db"
"""The logger's own file, beside which its spool is: the readings may be elsewhere."""


def open_readings(url: str | None, state: Path, *, read_only: bool = False) -> Readings:
    """Open the readings of this household.

    Args:
        url: of a PostgreSQL; None: SQLite.
        state: the folder `paths.state`.
        read_only: for everyone but the logger.

    Raises:
        StoreError: it cannot be opened or reached, or is newer than this code. A reader of a SQLite file that
            is not there yet learns that at its first question.
    """
    if not read_only:
        return open_store(url, state)
    return Fresh(open_store(url, state, read_only=True), beside(state / METERS))


def open_store(url: str | None, state: Path, *, read_only: bool = False) -> SqliteReadings | PostgresReadings:
    """The same, without what is in the spool: for who copies it."""
    if url is None:
        return SqliteReadings(state / FILE, read_only=read_only)
    from node.readings.postgres import PostgresReadings  # noqa: PLC0415 - psycopg is for who has a server

    return PostgresReadings(url, read_only=read_only)
