"""What the pages ask the notifier: somebody more, somebody less, a test; and what it keeps and tells."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from chain.errors import KeyRefused
from node.channel import NotNow
from node.notify import allowed
from node.notify.desk import TESTS, Desk
from node.notify.everybody import Everybody
from node.notify.people import FILE, MOST, People
from store.requests import new_id

SECRET = "ntfy://ntfy.sh/nobody-guesses-this"


class Service:
    """Takes what is sent to it, or not."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.takes = True

    def understands(self, address: str) -> bool:
        return "senseless" not in address

    def try_out(self, address: str) -> bool:
        self.tried.append(address)
        return self.takes

    def send(self, address: str, title: str, text: str, urgent: bool) -> bool:
        del title, text, urgent
        return self.try_out(address)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setattr(allowed.leads_home, "__defaults__", (lambda _: [],))
    return People(tmp_path)


class Time:
    now = 0.0


@pytest.fixture
def desk(people: People, service: Service) -> Desk:
    return Desk(people, service, 2, clock=lambda: Time.now, now=lambda: 1_800_000_000.0)


def add(desk: Desk, address: str = SECRET, name: str = "Ada's phone") -> dict[str, Any]:
    return dict(desk.answer({"op": "add", "name": name, "address": address, "by": "home"}))


def test_who_was_added_is_kept_for_its_owner_alone_and_told_without_the_secret(
    desk: Desk, tmp_path: Path
) -> None:
    added = add(desk)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert SECRET in (tmp_path / FILE).read_text()
    told = desk.answer({"op": "list"})
    assert told == {"people": [added], "elsewhere": 2}
    assert added["address"] == "ntfy://ntfy.sh…"
    assert (added["name"], added["by"], added["at"]) == ("Ada's phone", "home", 1_800_000_000.0)
    assert "nobody-guesses" not in repr(told)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("json://10.0.0.1:8545/nobody-guesses", "Ada"),
        ("ntfy://127.0.0.1/nobody-guesses", "Ada"),
        ("gotify://10.0.0.1/senseless-nobody-guesses", "Ada"),
        (SECRET, ""),
        (SECRET, "<script>"),
        (SECRET, "x" * 41),
    ],
)
def test_what_cannot_be_added_is_said_without_the_address(
    desk: Desk, tmp_path: Path, address: str, name: str
) -> None:
    with pytest.raises(NotNow) as refused:
        add(desk, address, name)
    assert "nobody-guesses" not in str(refused.value)
    assert not (tmp_path / FILE).exists()


def test_nobody_is_told_twice_and_there_is_an_end_to_it(desk: Desk) -> None:
    add(desk)
    with pytest.raises(NotNow, match="already"):
        add(desk)
    for number in range(1, MOST):
        add(desk, f"{SECRET}-{number}")
    with pytest.raises(NotNow, match="remove somebody first"):
        add(desk, f"{SECRET}-more")


def test_who_was_removed_is_gone(desk: Desk, tmp_path: Path) -> None:
    first, second = add(desk), add(desk, f"{SECRET}-2", "Kim")
    assert desk.answer({"op": "remove", "id": first["id"]}) == first
    assert desk.answer({"op": "list"})["people"] == [second]
    with pytest.raises(NotNow, match="look again"):
        desk.answer({"op": "remove", "id": first["id"]})


def test_a_test_is_sent_to_one_and_not_without_end(desk: Desk, service: Service) -> None:
    added = add(desk)
    assert desk.answer({"op": "test", "id": added["id"]})["took"] is True
    service.takes = False
    assert desk.answer({"op": "test", "id": added["id"]})["took"] is False
    assert service.tried == [SECRET, SECRET]
    for _ in range(TESTS - 2):
        desk.answer({"op": "test", "id": added["id"]})
    with pytest.raises(NotNow, match="wait for a minute"):
        desk.answer({"op": "test", "id": added["id"]})
    Time.now += 60.0
    desk.answer({"op": "test", "id": added["id"]})


@pytest.mark.parametrize(
    "request_", [{}, {"op": "all"}, {"op": ["add"]}, {"op": "remove"}, {"op": "test", "id": new_id()}]
)
def test_any_other_question_is_refused(desk: Desk, request_: dict[str, Any]) -> None:
    with pytest.raises(NotNow):
        desk.answer(request_)


def test_a_file_that_others_may_read_is_not_used(desk: Desk, people: People, tmp_path: Path) -> None:
    add(desk)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(KeyRefused, match="open to others"):
        desk.answer({"op": "list"})
    (tmp_path / FILE).write_text("[1]")
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(KeyRefused, match="makes no sense"):
        people.all()


class Named:
    """Two of the configuration's file."""

    count = 2

    def tell(self, title: str, text: str, *, urgent: bool) -> list[tuple[str, bool]]:
        del title, text, urgent
        return [("ntfy://ntfy.sh/…", True), ("gotify://…", False)]


def test_everybody_is_told_and_a_change_counts_from_the_next_message_on(
    desk: Desk, people: People, service: Service, tmp_path: Path
) -> None:
    everybody = Everybody(Named(), people, service.send, lambda _: [])
    assert everybody.elsewhere == 2
    assert len(everybody.tell("a", "b", urgent=True)) == 2
    add(desk)
    assert everybody.tell("a", "b", urgent=True)[2:] == [("Ada's phone", True)]
    alone = Everybody(None, people, service.send, lambda _: ["127.0.0.1"])
    assert alone.tell("a", "b", urgent=True) == [("Ada's phone", False)], "its host is ours by now"
    (tmp_path / FILE).chmod(0o644)
    assert alone.anybody
    [(why, took)] = alone.tell("a", "b", urgent=True)
    assert "open to others" in why
    assert not took
    (tmp_path / FILE).unlink()
    assert not alone.anybody
    assert alone.tell("a", "b", urgent=True) == []
