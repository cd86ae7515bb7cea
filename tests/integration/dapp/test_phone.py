"""A phone: the pages as an app, what it shows while the household does not answer, what a page weighs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.dapp import made_up
from tests.integration.dapp.browser import AXE, CHROMIUM, Browser
from tests.integration.dapp.served import Pages, served
from tests.integration.dapp.test_browser import BUNDLE, PHONE, PICTURES

REQUESTS, BYTES = 10, 100_000
"""Of the first page on the first visit, its icon and the stream that stays open among them."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
    pytest.mark.skipif(
        not BUNDLE.exists() or not AXE.exists(),
        reason="no bundle: npm ci && npm run build in node/dapp/frontend",
    ),
]


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    made_up.furnish(tmp_path)
    made_up.publish(tmp_path)
    with served(tmp_path, "127.0.7.14") as pages:
        yield pages


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "profile") as browser:
        browser.size(*PHONE)
        yield browser


def test_the_first_page_is_light(pages: Pages, browser: Browser) -> None:
    browser.log_in(pages.address, "home", pages.password)
    fetched = browser.fetching(pages.address + "/", "document.querySelectorAll('.chart canvas').length === 2")
    print(f"{len(fetched)} requests, {sum(fetched.values())} bytes: {fetched}")
    assert "/live" in fetched
    assert len(fetched) <= REQUESTS, fetched
    assert sum(fetched.values()) <= BYTES, fetched


def test_a_phone_that_does_not_reach_its_household_is_told_so(pages: Pages, browser: Browser) -> None:
    browser.log_in(pages.address, "home", pages.password)
    browser.until("navigator.serviceWorker.controller")
    pages.process.kill()
    pages.process.wait()
    browser.open(f"{pages.address}/energy")
    assert browser.run("document.querySelector('h1').textContent") == "The household does not answer"
    assert browser.run("getComputedStyle(document.querySelector('.card')).borderRadius") != "0px"
    assert browser.run("document.documentElement.scrollWidth") <= PHONE[0]
    assert browser.serious() == []
    browser.picture(PICTURES / "offline-phone.png")
    pages.start()
    browser.run("document.querySelector('a.button').click()")
    browser.until("document.querySelector('h1')?.textContent === 'Supplied by Alder'")
