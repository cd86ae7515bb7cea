"""The Contacts page: how each stands and why, what is asked of the relay, and who may."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from node.dapp import contacts
from node.dapp.contacts import told
from node.dapp.context import Context
from node.dapp.neighbourhood import Relay
from node.dapp.own_relay import OwnRelay
from node.dapp.users import FILE as USERS
from node.dapp.users import Users
from relay_server import asked
from relay_server.asked import Asked, What
from relay_server.messages import ContactState, Kind
from relay_server.persistence import MIGRATIONS
from relay_server.records import FILE
from store.requests import new_id
from store.sqlite import migrate, open_writer
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

NOW = 1_796_013_572.0
BOOT = "this boot"

CONTACTS = (
    ContactState(contact=0, closed=True, kind=Kind.HOME),
    ContactState(contact=1, closed=True, kind=Kind.FEED, order=b"\x01" * 32, lease_ms=8_000),
    ContactState(contact=11, closed=False, kind=Kind.TIE, fault="it did not open"),
    ContactState(contact=12, closed=False, kind=Kind.TIE, locked="work on the line"),
)


class Says(OwnRelay):
    """A relay that was looked at."""

    def __init__(self, relay: Relay | None) -> None:
        self._relay = relay

    def seen(self) -> Relay | None:
        return self._relay

    def now(self) -> Relay | None:
        return self._relay


def relay_says(app: Flask, relay: Relay | None) -> None:
    here: Context = app.extensions["commonwatt"]
    here.__dict__["own_relay"] = Says(relay)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return made_up.household(tmp_path).state


def send(visitor: Visitor, path: str, **form: str) -> tuple[int, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/account/"))
    assert found
    answer = visitor.client.post(path, base_url=ORIGIN, data={"csrf": found[1], "form": new_id(), **form})
    return answer.status_code, answer.text


def waiting(state: Path) -> list[Asked]:
    return asked.waiting(state / asked.FOLDER)


def test_each_contact_says_how_it_stands_and_why(app: Flask, member: Visitor, state: Path) -> None:
    with closing(open_writer(state / FILE, "normal")) as database, database:
        migrate(database, MIGRATIONS)
        database.execute("INSERT INTO cycles VALUES (1, 85000)")
        database.execute("INSERT INTO locks VALUES (12, 'work on the line', ?)", (NOW,))
    relay_says(app, Relay(at=NOW, contacts=CONTACTS))
    page = member.get("/contacts/")
    for said in ("Home", "Feed 1", "Tie 11", "Lets Alder supply this house", "It did not open"):
        assert said in page
    assert "Work on the line, since" in page
    assert "commonwatt relay unlock 12" in page
    assert "85\u202f000 times, of 100\u202f000. <b>Replace it soon.</b>" in page
    options = re.findall(r'<option value="(\d+)"', page)
    assert options == ["0", "1", "11"], "what is locked out is not offered again"


def test_a_silent_relay_is_an_alert_and_may_still_be_asked(app: Flask, member: Visitor, state: Path) -> None:
    relay_says(app, Relay(at=NOW, problem="10.0.0.2:15555 does not answer"))
    page = member.get("/contacts/")
    assert "10.0.0.2:15555 does not answer" in page
    assert page.count("not known") == 4
    assert send(member, "/contacts/lock", contact="1", reason="new fuse")[0] == 303
    [one] = waiting(state)
    assert (one.what, one.contact, one.reason, one.by) == (What.LOCK, 1, "new fuse", "home")


def test_what_is_asked_waits_is_refused_or_expires() -> None:
    house = made_up.household(Path("/nowhere"))
    one = Asked(
        id="1" * 32,
        by="home",
        what=What.LOCK,
        contact=11,
        reason="new fuse",
        at=NOW,
        boot=BOOT,
        boottime=10.0,
    )
    two = replace(one, id="2" * 32, what=What.HOME, contact=0, reason="smoke")

    def says(answers: dict[str, str], now: float, boot: str = BOOT) -> list[tuple[str, str]]:
        return [(line.title, line.state) for line in contacts.lines(house, [one, two], answers, now, boot)]

    lock, home = "Lock out Tie 11: new fuse", "Everything home: smoke"
    assert says({}, 11.0) == [(home, "asked"), (lock, "asked")]
    assert says({one.id: ""}, 11.0) == [(home, "asked")], "what is done shows at its contact"
    assert says({one.id: "this relay has no contact 11", two.id: ""}, 11.0) == [(lock, "refused")]
    assert says({}, 71.0) == [(home, "expired"), (lock, "expired")]
    assert says({}, 11.0, "another boot") == [(home, "expired"), (lock, "expired")]


def test_everything_home_takes_a_word_that_it_is_unlocked_at_the_box(
    app: Flask, member: Visitor, state: Path
) -> None:
    relay_says(app, Relay(at=NOW, contacts=CONTACTS))
    status, page = send(member, "/contacts/home", reason="smoke")
    assert status == 400
    assert "Nothing was done" in page
    assert 'value="smoke"' in page
    assert waiting(state) == []
    assert send(member, "/contacts/home", reason="smoke", sure="yes")[0] == 303
    assert [one.what for one in waiting(state)] == [What.HOME]
    assert "asked for Everything home: smoke" in member.get("/account/audit")


@pytest.mark.parametrize("reason", ["", "   ", "a" * 81, "a\x00b"])
def test_a_reason_is_one_short_line(app: Flask, member: Visitor, state: Path, reason: str) -> None:
    relay_says(app, Relay(at=NOW, contacts=CONTACTS))
    status, page = send(member, "/contacts/lock", contact="1", reason=reason)
    assert status == 400
    assert "at most 80 characters" in page
    assert waiting(state) == []


@pytest.mark.parametrize("contact", ["7", "-1", "", "x"])
def test_only_contacts_of_the_configuration_are_asked_for(member: Visitor, state: Path, contact: str) -> None:
    assert send(member, "/contacts/lock", contact=contact, reason="new fuse")[0] == 400
    assert waiting(state) == []


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_look_and_lock_nothing(stranger: Visitor, app: Flask, state: Path, role: str) -> None:
    users = Users(state / USERS)
    users.put("guest", role, "a password", at=1.0)
    users.close()
    relay_says(app, Relay(at=NOW, contacts=CONTACTS))
    stranger.log_in("a password", "guest")
    page = stranger.get("/contacts/")
    assert "Tie 11" in page
    assert "Lock it out" not in page
    assert send(stranger, "/contacts/lock", contact="1", reason="x")[0] == 403
    assert send(stranger, "/contacts/home", reason="x", sure="yes")[0] == 403
    assert waiting(state) == []


def test_nothing_unlocks_a_contact_from_here(app: Flask) -> None:
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("contacts.")]
    assert sorted(rules) == ["/contacts/", "/contacts/home", "/contacts/lock"]
    assert set(What) == {What.LOCK, What.HOME}


def test_live_pages_are_told_how_each_contact_stands(app: Flask, member: Visitor, state: Path) -> None:
    here: Context = app.extensions["commonwatt"]
    relay_says(app, Relay(at=NOW, contacts=CONTACTS))
    first = here.news()["relay"]
    assert {**first, "seen": ""} == {
        "0": "closed",
        "1": "closed",
        "11": "fault",
        "12": "locked out",
        "seen": "",
    }
    assert here.news()["relay"] == first
    relay_says(app, Relay(at=NOW, contacts=CONTACTS[:1]))
    second = here.news()["relay"]
    assert second["seen"] != first["seen"]
    assert send(member, "/contacts/lock", contact="1", reason="new fuse")[0] == 303
    assert here.news()["relay"]["seen"] != second["seen"]
    assert told(Relay(at=NOW, problem="silent")) == {"problem": "silent"}


def test_a_household_without_a_relay_says_so(app: Flask, member: Visitor) -> None:
    here: Context = app.extensions["commonwatt"]
    here.household = replace(here.household, lives={}, ties=(), feeds=())
    assert "This house has no relay" in member.get("/contacts/")
    assert "relay" not in here.news()
