"""Databases that are copied while all run, and put back: on the host that lost them, and on a new one."""

from __future__ import annotations

import json
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from store import sqlite
from tests.rollout import books
from tests.rollout.street import Played, Street, healthy, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(7_200)]

HOUSE = "dogwood"
"""It buys and sells, and does not seal; its readings are in PostgreSQL."""

MOVES = "birch"
"""Its readings are in SQLite, until its inventory wants them elsewhere."""

SERVER = "postgresql:///commonwatt?host=/run/postgresql"

Rows = dict[str, set[tuple[Any, ...]]]

QUESTIONS = {
    "trade.db": 'SELECT "order" FROM trades',
    "relay.db": "SELECT seq, hash FROM audit",
    "readings.db": "SELECT number, digest FROM batches",
    "dapp.db": "SELECT name, password FROM users",
}
"""Of each database: what a family, or its neighbours, would miss."""

WISH = "# what this family wants\ntrading: {limit: 31 %}\n"
WISHES = "etc/commonwatt/household.yml"


def test_a_household_restored_from_its_copy_has_all_that_was_in_it_and_trades_again(
    street: Street, first_run: Played, tmp_path: Path
) -> None:
    books.buys(street, HOUSE)
    met = books.open_orders(street)
    kept = copied(street, tmp_path)
    street.on(
        HOUSE, "systemctl kill --signal=KILL 'commonwatt-*.service'; systemctl stop 'commonwatt-*.service'"
    )
    street.on(HOUSE, "rm -rf /var/lib/commonwatt/*")
    lost = since(street, kept)
    played = street.play("restore", "-e", f"household_name={HOUSE}")
    print(f"restored in {played.seconds:.0f} s")
    assert played.code == 0, played.output[-6_000:]
    everything_is_back(street, kept)
    books.buys(street, HOUSE)
    lost |= since(street, kept)
    books.agree(street, met, unknown=lost)


def test_a_new_host_in_the_place_of_a_dead_one_has_the_copy_before_it_trades(
    street: Street, first_run: Played, tmp_path: Path
) -> None:
    books.buys(street, HOUSE)
    (street.host(HOUSE).root / WISHES).write_text(WISH)
    met = books.open_orders(street)
    kept = copied(street, tmp_path)
    host = street.host(HOUSE)
    street.lab.replace(host)
    street.lab.forget(host)
    lost = since(street, kept)
    played = street.play("replace-host", "-e", f"household_name={HOUSE}")
    print(f"replaced in {played.seconds:.0f} s")
    assert played.code == 0, played.output[-6_000:]
    everything_is_back(street, kept)
    assert (street.host(HOUSE).root / WISHES).read_text() == WISH
    books.buys(street, HOUSE)
    lost |= since(street, kept)
    books.agree(street, met, unknown=lost)
    again = street.play("replace-host", "-e", f"household_name={HOUSE}")
    assert again.code == 0, again.output[-6_000:]
    assert again.changes() == [], "nothing is put back over what runs"


def test_readings_move_to_a_server_when_the_inventory_says_so(
    street: Street, first_run: Played, tmp_path: Path
) -> None:
    before = chained(street, MOVES, tmp_path / "before")
    street.served.add(MOVES)
    street.settle(street.residents)
    with books.hurt(street):
        played = street.play("site", "--limit", MOVES)
        print(f"moved in {played.seconds:.0f} s")
        assert played.code == 0, played.output[-6_000:]
        assert "are in PostgreSQL and fit" in played.output
        assert SERVER in street.on(MOVES, "cat /etc/commonwatt/site.yml")
        until(lambda: healthy(street, MOVES), "a content doctor")
        until(lambda: len(chained(street, MOVES, tmp_path / "after")) > len(before), "a batch more", 300)
        assert before <= chained(street, MOVES, tmp_path / "later")
    again = street.play("site", "--limit", MOVES)
    assert again.code == 0, again.output[-6_000:]
    assert again.changes() == []


def chained(street: Street, name: str, folder: Path) -> set[tuple[Any, ...]]:
    """The chain of a household's readings, wherever they are, by a copy of them."""
    there = Path("/var/tmp") / folder.name
    street.on(name, f"rm -rf {there} && commonwatt-operator store backup {there} --json")
    copy = street.host(name).root / there.relative_to("/") / "readings.db"
    with closing(sqlite.open_reader(copy)) as database:
        return {tuple(row) for row in database.execute(QUESTIONS["readings.db"])}


def copied(street: Street, folder: Path) -> Rows:
    """Take a copy of everybody's databases; what is in the one that will be needed."""
    played = street.play("backup")
    print(f"copied in {played.seconds:.0f} s")
    assert played.code == 0, played.output[-6_000:]
    for name in street.residents:
        [archive] = (street.files / "backups" / name).glob("*.tar.gz")
        with tarfile.open(archive) as opened:
            opened.extractall(folder / name, filter="data")
    found = rows(folder / HOUSE / "databases")
    print({name: len(each) for name, each in found.items()})
    assert all(found.values())
    return found


def everything_is_back(street: Street, kept: Rows) -> None:
    """What was in the copy is on the host, and its doctor is content."""
    street.on(HOUSE, "rm -rf /var/tmp/after && commonwatt-operator store backup /var/tmp/after --json")
    found = rows(street.host(HOUSE).root / "var/tmp/after")
    missing = {name: each - found[name] for name, each in kept.items()}
    assert not any(missing.values()), missing
    assert json.loads(street.on(HOUSE, "commonwatt-operator store check --json"))["ok"]
    until(lambda: healthy(street, HOUSE), "a content doctor")


def rows(folder: Path) -> Rows:
    """What must not be lost of each database."""
    found = {}
    for name, question in QUESTIONS.items():
        with closing(sqlite.open_reader(folder / name)) as database:
            found[name] = {tuple(row) for row in database.execute(question)}
    return found


def since(street: Street, kept: Rows) -> set[str]:
    """Final orders of the household that the copy does not know."""
    account, known = books.accounts(street)[HOUSE], {str(row[0]) for row in kept["trade.db"]}
    return {
        each
        for each, order in books.orders(street).items()
        if account in {order.buyer, order.seller} and each not in known
    }
