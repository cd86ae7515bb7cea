from __future__ import annotations

import pytest
from flask import Flask

from node.dapp.proxy import client
from tests.unit.node.dapp.conftest import ORIGIN


@pytest.mark.parametrize(
    ("peer", "told", "who"),
    [
        ("127.0.0.1", "192.168.1.40", "192.168.1.40"),
        ("::1", "fd00::40", "fd00::40"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "10.9.9.9, 192.168.1.40", "192.168.1.40"),
        ("127.0.0.1", "192.168.1.40, unknown", "127.0.0.1"),
        ("192.168.1.66", "192.168.1.40", "192.168.1.66"),
        ("", "192.168.1.40", ""),
    ],
)
def test_only_a_proxy_on_this_host_is_believed_and_only_its_own_entry(peer: str, told: str, who: str) -> None:
    assert client(peer, told) == who


def test_wrong_passwords_of_one_client_of_the_proxy_do_not_lock_out_another(app: Flask) -> None:
    assert [tried(app, "192.168.1.66", name) for name in "abcdef"] == [403] * 5 + [429]
    assert tried(app, "192.168.1.40", "g") == 403


def test_who_comes_without_the_proxy_cannot_choose_an_address(app: Flask) -> None:
    peer = {"REMOTE_ADDR": "192.168.1.66"}
    answers = [tried(app, f"192.168.1.{n}", name, peer) for n, name in enumerate("abcdef")]
    assert answers == [403] * 5 + [429]


def tried(app: Flask, told: str, name: str, peer: dict[str, str] | None = None) -> int:
    """What a wrong password comes to."""
    browser = app.test_client()
    page = browser.get("/login", base_url=ORIGIN).text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": csrf, "name": name, "password": "wrong"}
    headers = {"X-Forwarded-For": told}
    given = {"REMOTE_ADDR": "127.0.0.1"} | (peer or {})
    return browser.post(
        "/login", base_url=ORIGIN, data=form, headers=headers, environ_overrides=given
    ).status_code
