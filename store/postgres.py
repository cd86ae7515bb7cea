"""PostgreSQL as this project uses it (psycopg 3): opened by URL, migrated by number, filled by COPY.

Importing this module imports psycopg (10 MB); only who has a URL does so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from store.errors import MigrationFailed, TooNew, Unreachable
from store.migrations import goes_on

CONNECT_TIMEOUT = 5
"""Seconds."""

STATEMENT_TIMEOUT_MS = 30_000

Connection = psycopg.Connection[tuple[Any, ...]]


def connect(url: str, *, read_only: bool = False) -> Connection:
    """Connect; every statement stands alone unless inside `with connection.transaction():`.

    Raises:
        Unreachable: no server there, or it refuses us.
    """
    try:
        connection = psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT_TIMEOUT, application_name="commonwatt"
        )
        connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        if read_only:
            connection.execute("SET default_transaction_read_only = on")
    except psycopg.Error as error:
        raise Unreachable(
            f"PostgreSQL at {shown(url)}: {line(error)}; check readings.url and the server"
        ) from error
    return connection


def migrate(connection: Connection, room: str, migrations: Sequence[str]) -> None:
    """Bring a room's tables to the newest version, all scripts in one transaction.

    Args:
        room: whose tables they are; each room has its own row in `schema_version`.
        migrations: SQL scripts; number n is migrations[n − 1]. Never edit a released one, append another.

    Raises:
        TooNew: the database knows more migrations than this code, and they do not only add.
        MigrationFailed: a script was refused; the database is unchanged.
        Unreachable: the server went away.
    """
    number = 0
    try:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('commonwatt schema_version'))")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_version (room text PRIMARY KEY, version integer NOT NULL)"
            )
            connection.execute("ALTER TABLE schema_version ADD COLUMN IF NOT EXISTS oldest integer")
            version = schema_version(connection, room)
            if version > len(migrations):
                if _oldest(connection, room) <= len(migrations):
                    return
                raise TooNew(
                    f"the database {connection.info.dbname} has schema {version} of {room}, this version of "
                    f"Commonwatt knows up to {len(migrations)}; install the newer version again"
                )
            for number, script in enumerate(migrations[version:], start=version + 1):  # noqa: B007
                connection.execute(script.encode())
            connection.execute(
                "INSERT INTO schema_version (room, version, oldest) VALUES (%s, %s, %s) "
                "ON CONFLICT (room) DO UPDATE SET version = excluded.version, oldest = excluded.oldest",
                (room, len(migrations), goes_on(migrations)),
            )
    except psycopg.OperationalError as error:
        raise Unreachable(f"PostgreSQL went away while migrating: {line(error)}") from error
    except psycopg.Error as error:
        raise MigrationFailed(
            f"migration {number} of {room} in {connection.info.dbname} failed: {line(error)}"
        ) from error


def schema_version(connection: Connection, room: str) -> int:
    """How many migrations of this room the database has seen."""
    row = connection.execute("SELECT version FROM schema_version WHERE room = %s", (room,)).fetchone()
    return 0 if row is None else int(row[0])


def _oldest(connection: Connection, room: str) -> int:
    """The oldest schema of a room whose code may go on with this one."""
    row = connection.execute(
        "SELECT coalesce(oldest, version) FROM schema_version WHERE room = %s", (room,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def copy(connection: Connection, into: str, rows: Iterable[Sequence[object]]) -> None:
    """Fill a table by COPY, the fastest way in.

    Args:
        into: the table and its columns, "samples (meter, taken)". From code, never from outside.
    """
    with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN".encode()) as sink:
        for row in rows:
            sink.write_row(row)


def shown(url: str) -> str:
    """A URL for messages: where, and nothing that stands in its query."""
    return url.split("?", 1)[0]


def line(error: psycopg.Error) -> str:
    """An error of the server in one line."""
    return " ".join(str(error).split()) or type(error).__name__
