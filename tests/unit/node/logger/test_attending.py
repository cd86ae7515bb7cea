"""What the pages ask of the buses is done once, in its minute, and not without end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from node.logger.attending import Attendant
from node.sensors import asked
from node.sensors.asked import FOLDER, LASTING, PER_MINUTE, Asked, What
from store import snapshot
from store.requests import new_id


class Doer:
    """Does what is asked, and notes it."""

    def __init__(self, state: Path) -> None:
        self.done: list[str] = []
        self.now = snapshot.boottime()
        self._state = state
        self.attendant = Attendant(
            state / "run", state, {}, do=lambda each: self.done.append(each.id), clock=lambda: self.now
        )

    def ask(self, later: float = 0.0) -> Asked:
        made = replace(asked.request(id=new_id(), by="ada", what=What.SCAN), boottime=self.now + later)
        asked.put(self._state, made)
        return made


@pytest.fixture
def doer(tmp_path: Path) -> Doer:
    return Doer(tmp_path)


def test_a_request_is_done_once_the_oldest_first(doer: Doer) -> None:
    second, first = doer.ask(), doer.ask(-5.0)
    doer.attendant.look()
    doer.attendant.look()
    assert doer.done == [first.id, second.id]


def test_what_nobody_did_in_its_minute_is_not_done_any_more(doer: Doer) -> None:
    doer.ask(-LASTING)
    doer.attendant.look()
    assert doer.done == []


def test_a_flood_is_done_in_parts(doer: Doer, tmp_path: Path) -> None:
    for _ in range(PER_MINUTE + 5):
        doer.ask()
        doer.attendant.look()
    assert len(doer.done) == PER_MINUTE
    for each in (tmp_path / FOLDER).iterdir():
        each.unlink()
    doer.now += 60.0
    late = doer.ask()
    doer.attendant.look()
    assert doer.done[-1] == late.id


def test_links_pipes_and_other_names_are_left_alone(doer: Doer, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / new_id()).symlink_to("/etc/passwd")
    (tmp_path / FOLDER / new_id()).mkdir()
    (tmp_path / FOLDER / "name").write_bytes(b"{}")
    doer.attendant.look()
    assert doer.done == []


def test_a_logger_that_stops_begins_nothing(doer: Doer) -> None:
    doer.ask()
    doer.attendant.stop()
    doer.attendant.look()
    assert doer.done == []
