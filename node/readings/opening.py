"""Chooses where the readings are: SQLite in the state folder, or the PostgreSQL of a URL."""

from __future__ import annotations

from pathlib import Path

from node.readings.interface import Readings
from node.readings.sqlite import SqliteReadings

FILE = "readings.db"


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
    if url is None:
        return SqliteReadings(state / FILE, read_only=read_only)
    from node.readings.postgres import PostgresReadings  # noqa: PLC0415 - psycopg is for who has a server

    return PostgresReadings(url, read_only=read_only)
