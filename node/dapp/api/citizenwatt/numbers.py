"""The numbers by which CitizenWatt's clients know the meters: given at first sight, kept in `dapp.db`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from node.dapp.users import FILE, MIGRATIONS
from store import sqlite


def numbers(state: Path, meters: Iterable[str]) -> dict[str, int]:
    """The number of each meter.

    Raises:
        StoreError: `dapp.db` cannot be written.
    """
    names = list(meters)
    connection = sqlite.open_writer(state / FILE, "full")
    try:
        sqlite.migrate(connection, MIGRATIONS)
        with sqlite.transaction(connection):
            connection.executemany(
                "INSERT INTO sensor_numbers (name) VALUES (?) ON CONFLICT DO NOTHING",
                [(name,) for name in names],
            )
            found = dict(connection.execute("SELECT name, id FROM sensor_numbers").fetchall())
    finally:
        connection.close()
    return {name: found[name] for name in names}
