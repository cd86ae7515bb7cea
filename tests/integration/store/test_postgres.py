"""Migrating and filling a real PostgreSQL."""

from __future__ import annotations

import threading

import psycopg
import pytest

from store import postgres as store_postgres
from store.errors import MigrationFailed, TooNew, Unreachable
from store.migrations import ONLY_ADDS
from tests.integration.postgres import postgres, postgres_url  # noqa: F401 - fixtures


def test_migrations_run_once_and_each_room_has_its_own(postgres_url: str) -> None:  # noqa: F811
    with store_postgres.connect(postgres_url) as connection:
        store_postgres.migrate(connection, "a", ["CREATE TABLE t (n integer)"])
        store_postgres.migrate(connection, "a", ["CREATE TABLE t (n integer)", "ALTER TABLE t ADD m integer"])
        store_postgres.migrate(connection, "b", ["CREATE TABLE u (n integer)"])
        assert store_postgres.schema_version(connection, "a") == 2
        assert store_postgres.schema_version(connection, "b") == 1


def test_a_failed_migration_changes_nothing(postgres_url: str) -> None:  # noqa: F811
    with store_postgres.connect(postgres_url) as connection:
        store_postgres.migrate(connection, "a", [])
        with pytest.raises(MigrationFailed, match=r"migration 2 of a .*nonsense"):
            store_postgres.migrate(connection, "a", ["CREATE TABLE t (n integer)", "nonsense"])
        assert store_postgres.schema_version(connection, "a") == 0
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM t")


def test_a_newer_database_is_refused(postgres_url: str) -> None:  # noqa: F811
    with store_postgres.connect(postgres_url) as connection:
        store_postgres.migrate(connection, "a", ["SELECT 1", "SELECT 1"])
        with pytest.raises(TooNew, match="schema 2 of a, this version of Commonwatt knows up to 1"):
            store_postgres.migrate(connection, "a", ["SELECT 1"])


def test_a_version_goes_on_with_what_a_newer_one_only_added_to(postgres_url: str) -> None:  # noqa: F811
    first = ["CREATE TABLE t (n integer)"]
    added = [*first, f"{ONLY_ADDS}\nALTER TABLE t ADD COLUMN m integer"]
    with store_postgres.connect(postgres_url) as connection:
        store_postgres.migrate(connection, "a", added)
        store_postgres.migrate(connection, "a", first)  # the release before
        connection.execute("INSERT INTO t (n) VALUES (7)")
        assert store_postgres.schema_version(connection, "a") == 2
        store_postgres.migrate(connection, "a", [*added, "ALTER TABLE t DROP COLUMN n"])
        with pytest.raises(TooNew, match="schema 3 of a"):
            store_postgres.migrate(connection, "a", added)


def test_a_database_of_before_this_was_kept_says_its_own_version(postgres_url: str) -> None:  # noqa: F811
    with store_postgres.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE schema_version (room text PRIMARY KEY, version integer NOT NULL)")
        connection.execute("INSERT INTO schema_version VALUES ('a', 2)")
        with pytest.raises(TooNew, match="schema 2 of a"):
            store_postgres.migrate(connection, "a", ["SELECT 1"])
        store_postgres.migrate(connection, "a", ["SELECT 1", "SELECT 1"])


def test_two_processes_that_migrate_at_once_do_it_once(postgres_url: str) -> None:  # noqa: F811
    failures: list[Exception] = []

    def migrate() -> None:
        try:
            with store_postgres.connect(postgres_url) as connection:
                store_postgres.migrate(
                    connection, "a", ["SELECT pg_sleep(0.2)", "CREATE TABLE t (n integer)"]
                )
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_rows_go_in_by_copy(postgres_url: str) -> None:  # noqa: F811
    with store_postgres.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE t (n bigint, name text)")
        store_postgres.copy(connection, "t (n, name)", [(1, "a\tb"), (2**40, None)])
        assert connection.execute("SELECT n, name FROM t").fetchall() == [(1, "a\tb"), (2**40, None)]


def test_a_read_only_connection_writes_nothing(postgres_url: str) -> None:  # noqa: F811
    refused = pytest.raises(psycopg.errors.ReadOnlySqlTransaction)
    with store_postgres.connect(postgres_url, read_only=True) as connection, refused:
        connection.execute("CREATE TABLE t (n integer)")


def test_no_server_is_one_line_without_the_urls_options() -> None:
    with pytest.raises(Unreachable) as refusal:
        store_postgres.connect("postgresql://me@127.0.4.9:1/db?passfile=/secret&sslmode=disable")
    assert str(refusal.value).startswith("PostgreSQL at postgresql://me@127.0.4.9:1/db: ")
    assert "\n" not in str(refusal.value)
    assert "passfile" not in str(refusal.value)
