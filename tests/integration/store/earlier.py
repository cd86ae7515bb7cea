"""Databases as earlier versions of this program left them, with what is in one of now."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from store import sqlite

ROWS = 3
"""Of each table."""

Contents = dict[str, list[dict[str, Any]]]
"""Rows by table."""


def filled(path: Path, migrations: Sequence[str]) -> None:
    """One of now with something in every column of every table."""
    with closing(sqlite.open_writer(path, "normal")) as database:
        sqlite.migrate(database, migrations)
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("PRAGMA ignore_check_constraints = ON")
        for table in tables(database):
            columns = database.execute(f"PRAGMA table_info ({table})").fetchall()
            places = ", ".join("?" * len(columns))
            rows = [[_made_up(each["type"], each["name"], n) for each in columns] for n in range(1, ROWS + 1)]
            database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        database.commit()


def left(path: Path, migrations: Sequence[str], version: int, now: Path) -> None:
    """One of an earlier version, with as much of what is in one of now as it had room for."""
    with closing(sqlite.open_writer(path, "normal")) as old:
        sqlite.migrate(old, migrations[:version])
        old.execute("PRAGMA foreign_keys = OFF")
        old.execute("PRAGMA ignore_check_constraints = ON")
        old.execute("ATTACH ? AS now", (str(now),))
        for table in tables(old):
            names = (each["name"] for each in old.execute(f"PRAGMA table_info ({table})"))
            columns = ", ".join(f'"{name}"' for name in names)
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
        old.commit()


def contents(path: Path) -> Contents:
    """Everything in it."""
    with closing(sqlite.open_reader(path)) as database:
        return {
            table: [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
            for table in tables(database)
        }


def schema(path: Path) -> list[tuple[Any, ...]]:
    """Its tables and indices, as they were made."""
    with closing(sqlite.open_reader(path)) as database:
        return [
            tuple(row) for row in database.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name")
        ]


def tables(database: sqlite3.Connection) -> list[str]:
    """Their names, but for SQLite's own."""
    query = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [row["name"] for row in database.execute(query)]


def _made_up(kind: str, name: str, number: int) -> object:
    values = {"INTEGER": number, "REAL": number + 0.5, "BLOB": bytes([number] * 32)}
    return values.get(kind, f"{name} {number}")
