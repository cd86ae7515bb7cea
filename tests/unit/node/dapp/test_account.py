import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.dapp import totp
from node.dapp.users import FILE
from node.intents.book import live
from store import snapshot
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

FORM = "f" * 32


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Wall clock of the pages, so that a step of codes does not pass in the middle of a test."""
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    yield now


def csrf(visitor: Visitor) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/account/"))
    assert found
    return found[1]


def send(visitor: Visitor, path: str, **fields: str) -> tuple[int, str]:
    answer = visitor.client.post(path, base_url=ORIGIN, data={"csrf": csrf(visitor), **fields})
    return answer.status_code, answer.text


def code(secret: str, at: float) -> str:
    return totp.code(base64.b32decode(secret.replace(" ", "")), int(at) // totp.STEP)


def set_up(member: Visitor, at: float) -> tuple[str, list[str]]:
    status, text = send(member, "/account/second/begin", password=member.password)
    assert status == 200
    found = re.search(r'class="mono secret">([A-Z2-7 ]+)<', text)
    assert found
    picture = member.client.get("/account/second.svg", base_url=ORIGIN)
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "private, no-store"
    status, text = send(member, "/account/second/confirm", code=code(found[1], at))
    assert status == 200
    return found[1], re.findall(r"<li>([0-9a-f]{8}-[0-9a-f]{8})</li>", text)


def asked(tmp_path: Path) -> list[str]:
    return [
        letter.kind
        for letter in live(made_up.household(tmp_path).state / FILE, snapshot.boottime(), snapshot.boot_id())
    ]


def test_a_new_password_is_in_force_and_ends_the_other_sessions(member: Visitor) -> None:
    other = Visitor(member.client.application.test_client(), member.password)
    assert other.log_in() == 302
    new = "four words nobody guesses"
    assert send(member, "/account/password", password=member.password, new=new, again=new)[0] == 303
    assert member.code("/trades") == 200
    assert other.code("/trades") == 302
    assert other.log_in() == 403
    assert other.log_in(new) == 302


@pytest.mark.parametrize(
    ("new", "again", "says"),
    [
        ("short", "short", "10 characters"),
        ("long enough to be one", "long enough to be tow", "not the same"),
        ("home-home-1", "home-home-1", "The name"),
    ],
)
def test_a_bad_password_is_refused_with_what_to_do(member: Visitor, new: str, again: str, says: str) -> None:
    status, text = send(member, "/account/password", password=member.password, new=new, again=again)
    assert (status, says in text) == (400, True)


def test_whoever_finds_an_open_page_changes_no_password_by_guessing(member: Visitor) -> None:
    new = "four words nobody guesses"
    for _ in range(5):
        assert send(member, "/account/password", password="wrong", new=new, again=new)[0] == 403
    status, text = send(member, "/account/password", password=member.password, new=new, again=new)
    assert status == 403
    assert "Too many wrong tries" in text


def test_a_second_factor_is_asked_before_money_moves(
    member: Visitor, tmp_path: Path, clock: list[float]
) -> None:
    secret, _ = set_up(member, clock[0])
    clock[0] += 700  # what set it up counts for ten minutes
    fields = {"to": "alder", "amount": "2.5", "sure": "yes", "form": FORM}
    status, text = send(member, "/control/send", **fields)
    assert status == 403
    assert all(f'name="{name}" value="{value}"' in text for name, value in fields.items())
    assert asked(tmp_path) == []
    status, _ = send(member, "/control/send", **fields, code="000000")
    assert (status, asked(tmp_path)) == (403, [])
    assert send(member, "/control/send", **fields, code=code(secret, clock[0]))[0] == 303
    assert asked(tmp_path) == ["send"]


def test_a_code_is_good_for_ten_minutes_of_its_session_and_no_other(
    member: Visitor, clock: list[float]
) -> None:
    set_up(member, clock[0])
    assert send(member, "/control/ask", kind="buy", form="a" * 32)[0] == 303
    other = Visitor(member.client.application.test_client(), member.password)
    assert other.log_in() == 302
    assert send(other, "/control/ask", kind="buy", form="b" * 32)[0] == 403
    clock[0] += 601
    assert send(member, "/control/ask", kind="buy", form="c" * 32)[0] == 403


def test_a_code_is_taken_once(member: Visitor, clock: list[float]) -> None:
    secret, _ = set_up(member, clock[0])
    clock[0] += 700
    now = code(secret, clock[0])
    assert send(member, "/control/ask", kind="buy", form="a" * 32, code=now)[0] == 303
    other = Visitor(member.client.application.test_client(), member.password)
    assert other.log_in() == 302
    assert send(other, "/control/ask", kind="buy", form="b" * 32, code=now)[0] == 403


def test_to_stop_and_to_switch_off_never_takes_a_code(
    member: Visitor, tmp_path: Path, clock: list[float]
) -> None:
    set_up(member, clock[0])
    clock[0] += 700
    assert send(member, "/control/ask", kind="stop", form="a" * 32)[0] == 303
    assert send(member, "/control/ask", kind="pause", form="b" * 32)[0] == 303
    assert asked(tmp_path) == ["stop", "pause"]


def test_codes_are_guessed_five_times_at_most(member: Visitor, clock: list[float]) -> None:
    secret, _ = set_up(member, clock[0])
    clock[0] += 700
    for _ in range(5):
        assert send(member, "/control/ask", kind="buy", form=FORM, code="000000")[0] == 403
    status, text = send(member, "/control/ask", kind="buy", form=FORM, code=code(secret, clock[0]))
    assert status == 403
    assert "Too many wrong codes" in text


def test_a_recovery_code_removes_the_factor_of_a_lost_phone(member: Visitor, clock: list[float]) -> None:
    _, codes = set_up(member, clock[0])
    assert len(codes) == 10
    assert send(member, "/account/second/remove", code="12345678-12345678")[0] == 403
    assert send(member, "/account/second/remove", code=codes[0])[0] == 303
    clock[0] += 700
    assert send(member, "/control/ask", kind="buy", form=FORM)[0] == 303


def test_a_second_factor_is_not_set_up_without_the_password(member: Visitor) -> None:
    assert send(member, "/account/second/begin", password="wrong")[0] == 403
    assert member.code("/account/second.svg") == 404


def test_the_record_says_who_did_what(member: Visitor, clock: list[float]) -> None:
    set_up(member, clock[0])
    text = member.get("/account/audit")
    assert "set up a second factor" in text
    assert "new password, as operator" in text
    assert "the box" in text
