"""A household that has traded for years: what it looks at several times a second does not grow with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from node.client_interaction.loop import MIGRATIONS
from node.client_interaction.trade import FINAL, TradeState
from node.client_interaction.trades import Trades
from node.intents.answers import Answers
from node.wallet.database import Database
from node.wallet.journal import Journal, Stage
from relay_server.persistence import MIGRATIONS as RELAY_MIGRATIONS
from relay_server.records import Records
from store import sqlite

YEARS = 5_000
"""Trades that are over."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """One with years of trades, one of them unfinished, and an entry that is under way."""
    database = Database(tmp_path / "trade.db", MIGRATIONS)
    with database.transaction() as connection:
        for number in range(YEARS + 1):
            over = number < YEARS
            trade, entry = ("settled", "final") if over else ("supplied", "broadcast")
            connection.execute(
                "INSERT INTO trades VALUES (?, 'buyer', 'm', 'alder', 'a', 1, 1, '1', '1', ?, 1, ?, '',"
                " NULL, NULL, NULL, 0, 0, '', '0', '0', '', '', NULL, 0)",
                (f"0x{number:064x}", float(number), trade),
            )
            connection.execute(
                "INSERT INTO journal VALUES (?, ?, ?, 'm', x'00', 1, '0', ?, '0x', ?, '', 0, 0)",
                (number + 1, f"buy:{number}", entry, number, number if over else None),
            )
    yield database
    database.close()


def looks(database: Database) -> dict[str, Callable[[], object]]:
    """What the trader and its wallet ask for in every turn."""
    trades, journal, answers = Trades(database), Journal(database), Answers(database)
    return {
        "unfinished": trades.unfinished,
        "spent today": lambda: trades.spent_since(float(YEARS - 10)),
        "under way": journal.under_way,
        "an intent": lambda: journal.find("buy:17"),
        "its rest": lambda: journal.rests_until("buy:17"),
        "the next nonce": journal.next_nonce,
        "the highest block": journal.highest_block,
        "what may be undone": lambda: journal.over_since(YEARS - 3),
        "at a nonce": lambda: journal.at_nonce(17),
        "outgoing": answers.outgoing,
    }


def test_nothing_that_is_over_is_looked_through(database: Database) -> None:
    """By hundreds of instructions of SQLite's machine, for a clock measures the machine."""
    took: dict[str, int] = {}
    for name, look in looks(database).items():
        took[name] = 0

        def count(name: str = name) -> int:
            took[name] += 1
            return 0

        database._connection.set_progress_handler(count, 100)
        look()
    database._connection.set_progress_handler(None, 0)
    assert max(took.values()) < YEARS / 100, f"each of {YEARS} rows takes several instructions: {took}"


def test_what_is_not_over_is_found(database: Database) -> None:
    assert [trade.order for trade in Trades(database).unfinished()] == [f"0x{YEARS:064x}"]
    assert [entry.purpose for entry in Journal(database).under_way()] == [f"buy:{YEARS}"]


@pytest.mark.parametrize("state", TradeState)
def test_a_trade_is_unfinished_in_all_states_but_the_final(database: Database, state: TradeState) -> None:
    trades = Trades(database)
    trades.change(f"0x{YEARS:064x}", state=state)
    assert bool(trades.unfinished()) is (state not in FINAL)


@pytest.mark.parametrize("stage", Stage)
def test_an_entry_is_under_way_in_every_stage_but_the_last_two(database: Database, stage: Stage) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE journal SET state = ? WHERE id = ?", (stage, YEARS + 1))
    assert bool(Journal(database).under_way()) is (stage not in {Stage.FINAL, Stage.FAILED})


def test_of_a_relays_records_only_those_asked_for_are_read(tmp_path: Path) -> None:
    file = tmp_path / "relay.db"
    with closing(sqlite.open_writer(file, "full")) as connection:
        sqlite.migrate(connection, RELAY_MIGRATIONS)
        rows = [(bytes([n % 256, n // 256]) * 16, n) for n in range(1_000)]
        with sqlite.transaction(connection):
            connection.executemany(
                "INSERT INTO orders VALUES (?, 'b', 1, 9, 9, 9, x'01', 1, ?, 'm', 1)", rows
            )
    [(wanted, _)] = rows[700:701]
    assert [best.order for best in Records(file).best_vouchers([wanted])] == [wanted]
    assert Records(file).best_vouchers([]) == []
    assert len(Records(file).best_vouchers()) == len(rows)
    with closing(sqlite3.connect(file)) as connection:
        [[*_, step]] = connection.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM orders WHERE signature IS NOT NULL AND id IN (?)", (wanted,)
        ).fetchall()
    assert step.startswith("SEARCH orders")
