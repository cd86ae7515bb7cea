"""*Settings* in a real Chromium, over the real command line: typed, asked for, applied, shown, taken back."""

from __future__ import annotations

import http.client
import io
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from urllib.parse import urlencode

from node.backup import check
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import CHECKOUT, NEEDED, PHONE, look
from tests.integration.dapp.served import Pages
from tests.waiting import PATIENCE

HOST = "127.0.7.10"

pytestmark = NEEDED


def apply(folder: Path) -> str:
    """What the unit of a host does."""
    ended = subprocess.run(
        [sys.executable, "-m", "node.cli", "config", "apply", "--config", str(folder / "commonwatt.yml")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=CHECKOUT,
    )
    return ended.stdout


def typed(browser: Browser, **values: str) -> None:
    """Type into fields of one form, and save."""
    for name, value in values.items():
        browser.run(f"document.getElementById('f-{name.replace('_', '-')}').value = '{value}'")
    first = next(iter(values)).replace("_", "-")
    browser.run(f"window.before = true; document.getElementById('f-{first}').form.requestSubmit()")
    browser.until("!window.before && document.readyState === 'complete'")


CHANGED = "document.getElementById('changed').textContent"


def test_a_threshold_is_changed_seen_in_force_and_taken_back(
    pages: Pages, browser: Browser, tmp_path: Path
) -> None:
    before = (tmp_path / "commonwatt.yml").read_text()
    browser.log_in(pages.address, "home", pages.password)
    browser.open(f"{pages.address}/settings/")
    look(browser, "settings")
    browser.size(*PHONE)
    typed(browser, trading_limit="70", trading_max_price="much")
    browser.until("document.querySelector('#f-trading-max-price[aria-invalid]')")
    look(browser, "settings-wrong")
    browser.size(*PHONE)
    typed(browser, trading_limit="25", trading_max_price="0.4")
    browser.until(f"{CHANGED}.includes('asked')")
    look(browser, "settings-asked")
    browser.until("document.querySelector('#pulse:not([hidden]):not(.lost)')")
    browser.run("window.same = true")
    assert "applied: trading.limit: 30 % → 25 %" in apply(tmp_path)
    browser.until(f"{CHANGED}.includes('in force')")
    browser.until("document.getElementById('f-trading-limit').value === '25 %'")
    assert browser.run("window.same")
    assert "limit: 25 %," in (tmp_path / "commonwatt.yml").read_text()
    look(browser, "settings-in-force")
    browser.run("window.before = true; document.getElementById('undo').click()")
    browser.until(f"!window.before && {CHANGED}.includes('Take the last change back')")
    apply(tmp_path)
    browser.until(f"{CHANGED}.includes('Taken back')")
    assert (tmp_path / "commonwatt.yml").read_text() == before
    browser.open(f"{pages.address}/settings/yaml")
    look(browser, "settings-yaml")
    browser.run("document.getElementById('text').value += 'intents: {send: 1000}\\n'")
    browser.run("window.before = true; document.getElementById('text').form.requestSubmit()")
    browser.until("!window.before && document.getElementById('wrong')?.textContent.includes('intents.send')")
    look(browser, "settings-yaml-wrong")
    refused = "the server responded with a status of 400"
    assert [complaint for complaint in browser.complaints if refused not in complaint] == []


def test_the_log_is_looked_through(pages: Pages, browser: Browser) -> None:
    browser.log_in(pages.address, "home", pages.password)
    browser.open(f"{pages.address}/logs")
    assert "event=login" in browser.run("document.querySelector('tbody').textContent")
    look(browser, "logs")
    browser.size(*PHONE)
    browser.run(
        "document.getElementById('least').value = 'error'; window.before = true;"
        "document.getElementById('least').form.requestSubmit()"
    )
    browser.until("!window.before && document.body.textContent.includes('Nothing like that')")
    assert browser.complaints == []


def test_a_backup_is_taken_told_of_and_downloaded(pages: Pages, browser: Browser, tmp_path: Path) -> None:
    browser.log_in(pages.address, "home", pages.password)
    browser.open(f"{pages.address}/backup/")
    browser.run("window.before = true; document.getElementById('take').click()")
    browser.until("!window.before && document.readyState === 'complete'")
    end = time.monotonic() + PATIENCE
    while not browser.run("!!document.getElementById('download')"):
        assert time.monotonic() < end, browser.run("document.body.textContent")
        browser.open(f"{pages.address}/backup/")
    look(browser, "backup")
    pages.log_in()
    _, page = pages.ask("/backup/")
    [token, *_] = re.findall(r'name="csrf" value="([^"]+)"', page)
    connection = http.client.HTTPConnection(pages.host, pages.port, timeout=PATIENCE)
    headers = {"Cookie": pages.cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/backup/download", urlencode({"csrf": token}), headers)
    answer = connection.getresponse()
    assert answer.status == 200
    with tarfile.open(fileobj=io.BytesIO(answer.read())) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    connection.close()
    found, wrong = check(tmp_path / "unpacked", lambda _: lambda _done, _all: None)
    assert wrong == []
    assert "dapp.db" in found.hashes
    assert browser.complaints == []


def test_the_pages_hardly_grow_by_showing_the_configuration(pages: Pages) -> None:
    pages.log_in()
    pages.ask("/control")
    before = pages.memory()
    for _ in range(3):
        status, text = pages.ask("/settings/")
        assert status == 200
        assert "trading.limit" in text
    assert pages.memory() - before < 2_000
