"""Who is told, in a real Chromium over the real notifier: added, tried, removed; the address is seen once."""

from __future__ import annotations

from pathlib import Path

from node.notify.desk import SOCKET
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import NEEDED, PHONE, look
from tests.integration.dapp.served import Pages
from tests.integration.dapp.test_finding import click
from tests.integration.node.notify.test_desk import NOBODYS
from tests.integration.node.notify.test_telling import running
from tests.waiting import eventually

HOST = "127.0.7.20"

pytestmark = NEEDED


def test_somebody_is_added_tried_and_removed(pages: Pages, browser: Browser, tmp_path: Path) -> None:
    browser.log_in(pages.address, "home", pages.password)
    browser.open(f"{pages.address}/settings/notifications")
    assert browser.run("document.getElementById('problem').textContent.includes('commonwatt notify run')")
    with running(tmp_path):
        eventually((tmp_path / "run" / SOCKET).exists, "the notifier listens")
        browser.open(f"{pages.address}/settings/notifications")
        look(browser, "notifications-nobody")
        browser.size(*PHONE)
        browser.run(
            "document.getElementById('name').value = `Ada's phone`;"
            f"document.getElementById('address').value = '{NOBODYS}'"
        )
        click(browser, "#add-title + form button")
        assert browser.run("document.body.textContent.includes('ntfy://192.0.2.7…')")
        look(browser, "notifications")
        browser.size(*PHONE)
        click(browser, "[id^=test-]")
        assert browser.run("document.getElementById('problem').textContent.includes('NOT told')")
        look(browser, "notifications-not-told")
        click(browser, "[id^=remove-]")
        assert browser.run("document.body.textContent.includes('Nobody was added here yet')")
        assert "nobody-guesses" not in browser.run("document.documentElement.outerHTML")
    assert "nobody-guesses" not in (tmp_path / "log").read_text() + pages.log.read_text()
    assert browser.complaints == []
