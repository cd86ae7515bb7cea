"""The page of who is told: no secret comes back, everything is recorded, and what is wrong is said."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from node.channel import Silent
from node.dapp import notifications_page
from node.dapp.told import message
from node.dapp.users import FILE as USERS
from node.dapp.users import Users
from node.notify import allowed
from node.notify import desk as at_desk
from node.notify.desk import SILENT, Desk
from node.notify.people import People
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor
from tests.unit.node.notify.test_desk import SECRET, Service

PATH = "/settings/notifications"


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def desk(tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The notifier, asked without its socket: a unit test opens none."""
    monkeypatch.setattr(allowed.leads_home, "__defaults__", (lambda _: [],))
    (tmp_path / "notifier").mkdir()
    made = Desk(People(tmp_path / "notifier"), service, 0)

    def ask(path: Path, request: Mapping[str, str], silent: str) -> Mapping[str, Any]:
        assert (path.name, silent) == ("notify.sock", SILENT)
        return made.answer(request)

    monkeypatch.setattr(notifications_page, "ask", ask)
    return made


def send(visitor: Visitor, path: str = PATH, **form: str) -> tuple[int, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/account/"))
    assert found
    answer = visitor.client.post(path, base_url=ORIGIN, data={"csrf": found[1], **form})
    return answer.status_code, html.unescape(answer.text)


def ids(visitor: Visitor) -> list[str]:
    return re.findall(r'name="id" value="([0-9a-f]+)"', visitor.get(PATH))


def test_somebody_is_added_tried_and_removed_and_all_of_it_recorded(
    desk: Desk, member: Visitor, service: Service
) -> None:
    assert "Nobody was added here yet" in member.get(PATH)
    assert f'href="{PATH}"' in member.get("/settings/")
    assert send(member, name="Ada's  phone", address=f" {SECRET} ")[0] == 303
    text = html.unescape(member.get(PATH))
    assert "Ada's phone" in text
    assert "ntfy://ntfy.sh…" in text
    [id] = ids(member)
    code, text = send(member, f"{PATH}/test", id=id)
    assert code == 200
    assert "was told just now" in text
    service.takes = False
    code, text = send(member, f"{PATH}/test", id=id)
    assert code == 200
    assert "NOT told" in text
    assert send(member, f"{PATH}/remove", id=id)[0] == 303
    assert ids(member) == []
    record = html.unescape(member.get("/account/audit"))
    for what in ("had notifications sent to Ada's phone (ntfy://ntfy.sh…)", "sent a test to", "no more"):
        assert what in record
    assert "nobody-guesses" not in record


@pytest.mark.parametrize("address", ["json://10.0.0.1/nobody-guesses", "ntfy://127.0.0.1/nobody-guesses", ""])
def test_what_cannot_be_added_is_said_and_the_address_never_comes_back(
    desk: Desk, member: Visitor, address: str
) -> None:
    code, text = send(member, name="Ada {address.x}", address=address)
    assert code == 409
    code, text = send(member, name="Ada", address=address)
    assert code == 409
    assert 'id="problem"' in text
    assert 'value="Ada"' in text
    assert "nobody-guesses" not in text
    assert "had notifications" not in member.get("/account/audit")


def test_who_is_gone_is_not_tried_nor_removed(desk: Desk, member: Visitor) -> None:
    for path in ("test", "remove"):
        code, text = send(member, f"{PATH}/{path}", id="0" * 32)
        assert code == 409
        assert "look again" in text


def test_a_notifier_that_does_not_run_is_said(member: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object, **__: object) -> None:
        raise Silent(SILENT)

    monkeypatch.setattr(notifications_page, "ask", ask)
    text = member.get(PATH)
    assert SILENT in text
    assert 'id="address"' not in text
    assert send(member, name="Ada", address=SECRET)[0] == 409


def test_a_name_is_text_not_markup(desk: Desk, member: Visitor) -> None:
    assert send(member, name="Ada (o'Hara)", address=SECRET)[0] == 303
    assert "o&#39;Hara" in member.get(PATH)


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_than_operators_neither_see_nor_change_who_is_told(
    desk: Desk, stranger: Visitor, tmp_path: Path, role: str
) -> None:
    users = Users(made_up.household(tmp_path).state / USERS)
    users.put("guest", role, "a password", at=time.time())
    users.close()
    stranger.log_in("a password", "guest")
    assert stranger.code(PATH) == 403
    assert send(stranger, name="Eve", address=SECRET)[0] == 403
    for path in ("test", "remove"):
        assert send(stranger, f"{PATH}/{path}", id="0" * 32)[0] == 403
    assert desk.answer({"op": "list"})["people"] == []


def test_what_the_notifier_says_is_a_message() -> None:
    addresses = (
        "",
        "x" * 301,
        "ntfy://[::1/x",
        "json://a",
        f"{SECRET}?attach=x",
        "ntfy:///x",
        "ntfy://0x7/x",
    )
    said = [allowed.refusal(address) for address in (*addresses, "ntfy://127.0.0.1/x")]
    said += [SILENT, at_desk.UNKNOWN, at_desk.NOT_NAMED]
    assert [text for text in said if message(text) is None] == []
