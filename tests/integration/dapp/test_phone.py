"""A phone: the pages as an app, what it shows while the household does not answer, what a page weighs."""

from __future__ import annotations

from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import NEEDED, PHONE, PICTURES
from tests.integration.dapp.served import Pages

REQUESTS, BYTES = 10, 100_000
"""Of the first page on the first visit, its icon and the stream that stays open among them."""

HOST = "127.0.7.14"

pytestmark = NEEDED


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
