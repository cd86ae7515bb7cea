"""Every route of the pages has a role in the one table, and none is reached below it."""

import re
import time
from pathlib import Path

import pytest
from flask import Flask

from node.dapp.permission import NEEDS, OPEN, RANK, Role, allows, is_grave, needed
from node.dapp.users import FILE, Users
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def logged_in(app: Flask, tmp_path: Path, role: Role) -> Visitor:
    users = Users(made_up.household(tmp_path).state / FILE)
    users.put("guest", role, "a long password", at=time.time())
    visitor = Visitor(app.test_client(), "a long password")
    assert visitor.log_in(name="guest") == 302
    return visitor


def csrf(visitor: Visitor) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/account/"))
    assert found
    return found[1]


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Endpoint, a path that leads there, and a method, of everything that the pages' own guard watches."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found += [(rule.endpoint, path, method) for method in methods]
    return found


def test_every_route_is_in_the_table_and_nothing_else_is(app: Flask) -> None:
    assert {endpoint for endpoint, _, _ in routes(app)} == set(NEEDS) | OPEN


@pytest.mark.parametrize("role", list(Role))
def test_no_role_reaches_what_is_above_it(app: Flask, tmp_path: Path, role: Role) -> None:
    visitor = logged_in(app, tmp_path, role)
    token = csrf(visitor)
    tried = 0
    for endpoint, path, method in routes(app):
        if endpoint in OPEN or allows(role, endpoint):
            continue
        tried += 1
        form = {"csrf": token} if method in CHANGING else None
        answer = visitor.client.open(path, method=method, base_url=ORIGIN, data=form)
        assert answer.status_code == 403, f"{role} reached {endpoint}"
    assert (tried == 0) is (role is Role.OPERATOR)


def test_whatever_changes_something_takes_a_member_except_ones_own_account(app: Flask) -> None:
    for endpoint, _, method in routes(app):
        if method in CHANGING and endpoint not in OPEN:
            own = endpoint.startswith("account.") or endpoint == "login.leave"
            assert own or RANK[needed(endpoint)] >= RANK[Role.MEMBER], endpoint


def test_every_change_is_refused_without_the_forms_token_whoever_sends_it(app: Flask, tmp_path: Path) -> None:
    visitor = logged_in(app, tmp_path, Role.OPERATOR)
    changing = [each for each in routes(app) if each[2] in CHANGING]
    assert len(changing) >= 10
    for endpoint, path, method in changing:
        for form in ({}, {"csrf": "guessed"}):
            answer = visitor.client.open(path, method=method, base_url=ORIGIN, data=form)
            assert answer.status_code == 400, endpoint


def test_a_route_that_was_forgotten_is_for_operators() -> None:
    assert needed("settings.yet_to_come") is Role.OPERATOR


@pytest.mark.parametrize(
    ("endpoint", "form", "grave"),
    [
        ("control.ask", {"kind": "buy"}, True),
        ("control.ask", {"kind": "resume"}, True),
        ("control.ask", {"kind": "stop"}, False),
        ("control.ask", {"kind": "pause"}, False),
        ("control.ask", {}, True),
        ("control.limit", {}, True),
        ("control.offer", {}, True),
        ("settings.change", {}, True),
        ("settings.write", {}, True),
        ("settings.undo", {}, True),
        ("settings.add_person", {}, True),
        ("settings.remove_person", {}, True),
        ("settings.try_person", {}, False),
        ("settings.show", {}, False),
        ("backup.download", {}, True),
        ("backup.begin", {}, False),
        ("devices.calibrate", {"quantity": "current"}, False),
        ("devices.save", {}, True),
        ("devices.look", {}, False),
        ("devices.attempt", {"driver": "ina219"}, False),
        ("devices.add", {"driver": "ina219", "name": "heater"}, False),
        ("devices.add", {"driver": "ina219", "name": "heater", "sure": "yes"}, True),
        ("contacts.lock", {"contact": "1", "reason": "new fuse"}, True),
        ("contacts.home", {"reason": "smoke", "sure": "yes"}, False),
        ("control.send", {"to": "alder"}, False),
        ("control.send", {"to": "alder", "sure": "yes"}, True),
        ("now.show", {}, False),
    ],
)
def test_what_takes_the_second_factor(endpoint: str, form: dict[str, str], grave: bool) -> None:
    assert is_grave(endpoint, form) is grave
