"""A household that is being set up has nothing wrong: much is not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.config import Settings, load
from node.doctor import Finding, Ok, Warned, first_run
from node.doctor.examination import Check, examine
from node.first_run import owner
from node.first_run.steps import Key
from store import snapshot

EXAMPLE = Path(__file__).parents[4] / "config.example.yml"
ACCOUNT = "0x" + "ab" * 20


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a household that its pages lead through the first run."""
    read = load([EXAMPLE])
    account = read.account.model_copy(update={"first_run": True})
    paths = read.paths.model_copy(update={"run": tmp_path})
    return read.model_copy(update={"account": account, "paths": paths})


@pytest.mark.parametrize("key", [None, Key.NONE, Key.UNPROVED])
def test_before_its_backup_is_proved_the_key_is_not_missed(settings: Settings, key: Key | None) -> None:
    if key is not None:
        owner.tell(settings.paths.run, key, None)
    assert first_run.left_out(settings) == first_run.OF_THE_KEY
    [found] = first_run.check(settings)
    assert isinstance(found, Warned)


def test_afterwards_all_is_looked_at(settings: Settings) -> None:
    owner.tell(settings.paths.run, Key.PROVED, ACCOUNT)
    assert first_run.left_out(settings) == frozenset()
    assert list(first_run.check(settings)) == [
        Ok(f"the first run has made the key of {ACCOUNT}, and its backup was proved")
    ]
    owner.tell(settings.paths.run, Key.PROVED, ACCOUNT, "the node does not answer")
    [found] = first_run.check(settings)
    assert isinstance(found, Warned)


def test_before_it_is_admitted_its_node_has_nobody_to_follow(settings: Settings) -> None:
    owner.tell(settings.paths.run, Key.PROVED, ACCOUNT)
    snapshot.write(settings.paths.run / "chain.json", {"height": 0})
    assert first_run.left_out(settings) == first_run.OF_THE_CHAIN
    assert [type(found) for found in first_run.check(settings)] == [Ok, Warned]
    snapshot.write(settings.paths.run / "chain.json", {"height": 7})
    assert first_run.left_out(settings) == frozenset()
    assert [type(found) for found in first_run.check(settings)] == [Ok]


def test_a_household_without_a_first_run_is_not_spoken_to_of_it(settings: Settings) -> None:
    without = settings.account.model_copy(update={"first_run": False})
    done = settings.model_copy(update={"account": without})
    assert first_run.left_out(done) == frozenset()
    assert list(first_run.check(done)) == []


def test_only_what_a_key_is_needed_for_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    names = ("first run", "keys", "chain", "contracts", "relay", "trading")

    def looks(name: str) -> Check:
        def check(_: Settings) -> Iterator[Finding]:
            looked.append(name)
            yield from ()

        return check

    monkeypatch.setattr("node.doctor.examination.load", lambda _: settings)
    monkeypatch.setattr("node.doctor.examination.CHECKS", [(name, looks(name)) for name in names])
    list(examine([EXAMPLE]))
    assert looked == ["first run", "chain", "trading"]
    owner.tell(settings.paths.run, Key.PROVED, ACCOUNT)
    looked.clear()
    list(examine([EXAMPLE]))
    assert looked == list(names)
