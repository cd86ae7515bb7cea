"""Households' pages in a real browser while they trade for real.

Pictures are kept under build/screenshots/demo, to be looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.dapp import words
from simulation.demo.ledger import Order
from tests.e2e.neighbourhood import Neighbourhood
from tests.e2e.watched.books import settled
from tests.e2e.watched.conftest import TRADES
from tests.integration.dapp.browser import CHROMIUM, Browser

PICTURES = Path(__file__).parents[3] / "build" / "screenshots" / "demo"
PHONE, DESK = (390, 844), (1280, 900)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "profile") as browser:
        yield browser


def log_in(street: Neighbourhood, browser: Browser, household: str) -> str:
    """Log in with the password that the demo printed; answers the pages' address."""
    said = street.folder.with_suffix(".log").read_text()
    found = re.search(rf"^{household.capitalize()} +(\S+)/ +user (\S+) +password (\S+)", said, re.M)
    assert found, said
    browser.log_in(found[1], found[2], found[3])
    return found[1]


def buyer(street: Neighbourhood, order: Order) -> str:
    """The household that bought."""
    return next(name for name, account in street.accounts.items() if account == order.buyer)


def test_a_buyer_reads_what_it_paid_for_each_trade(street: Neighbourhood, browser: Browser) -> None:
    for number, order in enumerate(settled(street)[:TRADES], 1):
        address = log_in(street, browser, buyer(street, order))
        for name, size in (("phone", PHONE), ("desk", DESK)):
            browser.size(*size)
            browser.open(f"{address}/trades/{order.id}")
            text = browser.run("document.querySelector('main').innerText")
            assert "settled" in text
            assert f"paid {words.tokens(order.paid)}" in text
            for transaction in order.transactions:
                assert browser.run(f"!!document.querySelector('main a[href*=\"{transaction['hash']}\"]')")
            browser.picture(PICTURES / f"trade-{number}-{name}.png")
        browser.run("document.querySelector('form[action$=logout]').requestSubmit()")
        browser.until("location.pathname.startsWith('/login')")
    assert browser.complaints == []


def test_the_page_of_a_trade_in_progress_moves_by_itself(street: Neighbourhood, browser: Browser) -> None:
    household, seller, _ = street.supplied()
    browser.size(*DESK)
    log_in(street, browser, household)
    browser.until(f"document.querySelector('h1').textContent === 'Supplied by {seller.capitalize()}'", 10)
    browser.until("document.querySelectorAll('.chart canvas').length === 2")
    browser.picture(PICTURES / "now-desk.png")
    browser.size(*PHONE)
    browser.picture(PICTURES / "now-phone.png", whole=False)
    browser.until("document.querySelector('h1').textContent.startsWith('At home')", 90)
    assert browser.complaints == []


def test_the_lists_and_the_explorer_show_the_same_chain(street: Neighbourhood, browser: Browser) -> None:
    order = settled(street)[0]
    address = log_in(street, browser, buyer(street, order))
    for name, size in (("phone", PHONE), ("desk", DESK)):
        browser.size(*size)
        for page in ("trades", "explorer", f"explorer/tx/{order.transactions[0]['hash']}"):
            browser.open(f"{address}/{page}")
            assert browser.run("document.documentElement.scrollWidth <= innerWidth"), f"{page} is too wide"
            browser.picture(PICTURES / f"{page.split('/')[-1][:12]}-{name}.png", whole=page != "explorer")
    assert "Order" in browser.run("document.querySelector('main').innerText")
    assert browser.complaints == []
