"""A fifth household is set up on its page while four trade: first run, admission, first purchase, timed."""

from __future__ import annotations

import html
import http.cookiejar
import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from contracts.bindings import Registry
from neighbourhood.ports import PAGES, RPC
from node.client_interaction.trade import Side
from node.client_interaction.trades import open_trades
from simulation.demo.ledger import Order
from store.errors import StoreError
from tests.e2e.neighbourhood import COMMONWATT, Neighbourhood, neighbourhood
from tests.waiting import PATIENCE, eventually

FIRST = "127.0.94.1"
PASSWORD = "correct horse battery staple"

WITHIN = 180.0
"""Seconds from the first look at its page to its first energy, for somebody who reads nothing."""


class Person:
    """Somebody with a browser that runs no script."""

    def __init__(self, address: str) -> None:
        self._address = address
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self.at, self.page = "", ""

    def go(self, path: str, form: dict[str, str] | None = None) -> str:
        """The page at which one arrives."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            answer = self._opener.open(f"{self._address}{path}", data, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from None
        with answer:
            self.at = urllib.parse.urlsplit(answer.url).path
            self.page = html.unescape(answer.read().decode())
        return self.page

    def send(self, path: str, **fields: str) -> None:
        """Send a form of the page that is open."""
        hidden = dict(re.findall(r'name="(csrf|form|base)" value="([^"]+)"', self.page))
        self.go(path, {**hidden, **fields})


def told(street: Neighbourhood, pattern: str) -> str:
    """What the demo printed."""
    found = re.search(pattern, street.folder.with_suffix(".log").read_text())
    assert found, f"the demo did not print {pattern}"
    return found[1]


def set_up(person: Person, code: str) -> None:
    """From an empty page to a request to join."""
    person.go("/")
    assert person.at == "/first-run/claim"
    person.send("/first-run/claim", setup=code, name="ada", new=PASSWORD, again=PASSWORD)
    eventually(lambda: "Make the key" in person.go("/"), "the trader waits for its key")
    person.send("/first-run/key")
    person.send("/first-run/backup")
    found = re.search(r'id="recovery-code">([^<]+)<', person.page)
    assert found
    page = person.page
    assert json.loads(person.go("/first-run/backup-file"))["household"] == "elm"
    person.page = page
    person.send("/first-run/prove", recovery=found[1])
    eventually(lambda: "Download the request" in person.go("/"), "the request is made")


def bought(street: Neighbourhood) -> bool:
    """Whether energy came in over a line that was paid for."""
    try:
        with open_trades(street.folder / "elm" / "state" / "trade.db") as trades:
            return any(each.received.mwh > 0 for each in trades.latest(5) if each.side is Side.BUYER)
    except StoreError:
        return False


@pytest.mark.timeout(900)
def test_a_fifth_household_is_set_up_admitted_and_buys_while_four_trade(tmp_path: Path) -> None:
    with neighbourhood(tmp_path / "street", FIRST, "--newcomer") as street:
        street.supplied()
        elm = FIRST.replace(".94.1", ".94.5")
        person = Person(f"http://{elm}:{PAGES}")
        code = told(street, r"(?m)^Elm .* setup code (\S+)$")
        names = {
            each.name for each in Registry(street.client("alder"), street.manifest.registry).households()
        }
        assert "elm" not in names

        began = time.monotonic()
        set_up(person, code)
        page = person.page
        (tmp_path / "request.json").write_text(person.go("/first-run/request-file"))
        person.page = page
        for step in ("join", "sensors", "relay"):
            person.send("/first-run/tick", step=step)
        assert person.at == "/first-run/limits"
        assert 'name="trading.limit" value="30 %"' in person.page
        person.send("/first-run/limits")
        assert person.at == "/first-run/start"
        assert "What is missing is the operator" in person.page
        asked = time.monotonic()

        authority = street.folder / "authority"
        subprocess.run(
            [str(COMMONWATT), "chain", "admit", str(tmp_path / "request.json"),
             "--rpc", f"http://{FIRST}:{RPC}", "--manifest", str(street.folder / "manifest.json"),
             "--keystore", str(authority / "key.json"), "--password-file", str(authority / "key.password")],
            check=True, capture_output=True, text=True, timeout=2 * PATIENCE,
        )  # fmt: skip
        admitted = time.monotonic()
        street.until("the first energy", lambda: bought(street), 4 * PATIENCE)
        supplied = time.monotonic()
        print(
            f"set up {asked - began:.0f} s, admitted {admitted - asked:.0f} s, first energy "
            f"{supplied - admitted:.0f} s: {supplied - began:.0f} s in all"
        )
        assert supplied - began < WITHIN + PATIENCE, "PATIENCE is for a machine that is busy with other tests"

        eventually(lambda: "has let this household in" in person.go("/"), "the page notices")
        person.send("/first-run/tick", step="start")
        assert person.at == "/"
        street.until("settled", lambda: any(o.state == "settled" for o in elms(street)), 4 * PATIENCE)
        assert not street.events("short")


def elms(street: Neighbourhood) -> list[Order]:
    """The orders of the newcomer, by the chain."""
    own = json.loads((street.folder / "elm" / "key.json").read_text())["address"]
    return [each for each in street.orders("alder").values() if each.buyer.lower() == f"0x{own}"]
