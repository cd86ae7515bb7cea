"""Every database of the household is brought up from every earlier version, and keeps all that was in it.

What is in readings can be asked for more (`node/readings/test_rollups`); the other files are held to this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from node.changes import record
from node.client_interaction import loop
from node.dapp import chain_index, users
from node.logger import ledger
from node.readings import postgres as readings_on_server
from node.readings import sqlite as readings
from node.treasury import book
from node.wallet.database import Database
from relay_server import persistence
from store.migrations import goes_on
from tests.integration.store import earlier

PINNED = Path(__file__).parents[2] / "vectors" / "migrations.json"

Opened = Callable[[Path], Any]

DATABASES: dict[str, tuple[Sequence[str], Opened]] = {
    "trade.db": (loop.MIGRATIONS, lambda path: Database(path, loop.MIGRATIONS)),
    "relay.db": (persistence.MIGRATIONS, lambda path: persistence.Persistence(path, 1.0)),
    "dapp.db": (users.MIGRATIONS, users.Users),
    "meters.db": (ledger.MIGRATIONS, ledger.Ledger),
    "settings.db": (record.MIGRATIONS, lambda path: record.Record(path.parent)),
    "treasury.db": (book.MIGRATIONS, book.Book),
}
"""Their migrations, and how the process opens each that writes it."""

RELEASED = {name: migrations for name, (migrations, _) in DATABASES.items()} | {
    "readings.db": readings.MIGRATIONS,
    "readings on PostgreSQL": readings_on_server.MIGRATIONS,
    "index.db": chain_index.MIGRATIONS,
}


@pytest.mark.parametrize(
    ("name", "version"),
    [(name, n) for name, (every, _) in DATABASES.items() for n in range(1, len(every) + 1)],
)
def test_a_file_of_every_earlier_version_is_brought_up_and_keeps_all(
    tmp_path: Path, name: str, version: int
) -> None:
    migrations, opened = DATABASES[name]
    now, then = tmp_path / "now" / name, tmp_path / "then" / name
    earlier.filled(now, migrations)
    earlier.left(then, migrations, version, now)
    before = earlier.contents(then)
    assert version == len(migrations) or earlier.schema(then) != earlier.schema(now)
    with closing(opened(then)):
        pass
    after = earlier.contents(then)
    for table, rows in before.items():
        assert len(rows) == earlier.ROWS
        kept = [{column: row[column] for column in rows[0]} for row in after[table]]
        assert all(row in kept for row in rows), table
    assert earlier.schema(then) == earlier.schema(now)


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_migration_is_never_changed(name: str) -> None:
    """Files of before were made by it as it was. A new one is added to the end of its list in the vectors."""
    pinned = json.loads(PINNED.read_text())
    assert [sha256(each.encode()).hexdigest() for each in RELEASED[name]] == pinned[name]


@pytest.mark.parametrize("name", RELEASED)
def test_what_says_that_it_only_adds_does_nothing_else(name: str) -> None:
    goes_on(RELEASED[name])
