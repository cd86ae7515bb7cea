"""The pages in a real Chromium: what scripts do, what the content policy says, what fits on a phone.

Pictures of every page are kept under build/screenshots/dapp, to be looked at.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from node.client_interaction.status import State
from tests.integration.dapp import made_up
from tests.integration.dapp.answering import answering
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import DESK, NEEDED, PHONE, PICTURES, look
from tests.integration.dapp.on_chain import traded_chain
from tests.integration.dapp.served import Pages, served

HOST = "127.0.7.4"

pytestmark = NEEDED


def test_the_first_page_comes_alive(pages: Pages, browser: Browser, tmp_path: Path) -> None:
    browser.log_in(pages.address, "home", pages.password)
    assert browser.run("document.querySelector('h1').textContent") == "Supplied by Alder"
    browser.until("document.querySelector('#pulse:not([hidden]):not(.lost)')")
    made_up.publish(tmp_path, State.HOME, soc=6_020)
    browser.until("document.querySelector('h1').textContent === 'At home, on its own battery'")
    browser.until("document.querySelector('[data-text=soc]').textContent === '60 %'")
    assert browser.run("document.querySelector('[data-link=trade_link]').hidden")
    assert browser.run("document.querySelector('[data-arm=neighbours]').classList.contains('idle')")
    browser.until("document.querySelectorAll('.chart canvas').length === 2")
    assert browser.complaints == []


def test_a_page_says_that_it_lost_its_household_and_finds_it_again(
    pages: Pages, browser: Browser, tmp_path: Path
) -> None:
    browser.log_in(pages.address, "home", pages.password)
    browser.until("document.querySelector('#pulse:not([hidden]):not(.lost)')")
    pages.process.kill()
    pages.process.wait()
    browser.until("document.querySelector('#pulse.lost')")
    pages.start()
    browser.until("document.querySelector('#pulse:not(.lost)')")
    made_up.publish(tmp_path, State.HOME)
    browser.until("document.querySelector('h1').textContent.startsWith('At home')")


def test_a_button_changes_the_span_of_the_charts(pages: Pages, browser: Browser) -> None:
    browser.log_in(pages.address, "home", pages.password)
    browser.until("document.querySelectorAll('.chart canvas').length === 2")
    browser.run("document.querySelector('[data-span=\"6h\"]').click()")
    browser.until("document.querySelector('[data-span=\"6h\"]').getAttribute('aria-pressed') === 'true'")
    assert browser.run("document.querySelector('[data-span=\"1h\"]').getAttribute('aria-pressed')") == "false"


@pytest.mark.parametrize("size", [(390, 844), DESK], ids=["phone", "desk"])
def test_a_pressed_button_is_asked_at_once_and_answered_without_a_reload(
    pages: Pages, browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    browser.size(*size)
    browser.log_in(pages.address, "home", pages.password)
    press(browser, "pause")
    browser.until(f"{SHOWN}.includes('asked')")
    browser.until("document.querySelector('#pulse:not([hidden]):not(.lost)')")
    with answering(tmp_path):
        browser.run("window.same = true")
        browser.until(f"{SHOWN}.includes('accepted')")
        browser.until("document.getElementById('press-resume')")
        assert browser.run("window.same")
        assert "Home switched it off" in browser.run("document.getElementById('controls').textContent")
        browser.picture(PICTURES / f"pressed-{size[0]}.png")
        press(browser, "resume")
        browser.until("document.getElementById('press-buy')")
        press(browser, "buy")
        browser.until(f"{SHOWN}.includes('Nobody can supply now')")
        browser.open(f"{pages.address}/control")
        browser.run(
            "document.getElementById('to').value = 'alder'; document.getElementById('amount').value = '2.5';"
            "document.getElementById('to').form.requestSubmit()"
        )
        browser.until("document.querySelector('h1').textContent === 'Send tokens?'")
        browser.picture(PICTURES / f"send-{size[0]}.png")
        browser.run("document.querySelector('button[name=sure]').click()")
        browser.until(f"{SHOWN}.includes('Sending 2.50 tokens to Alder')")
        browser.picture(PICTURES / f"control-asked-{size[0]}.png")
    assert browser.complaints == []


SHOWN = "document.getElementById('asked')?.textContent"


def press(browser: Browser, button: str) -> None:
    """And wait for the page to which it leads."""
    browser.run(f"window.before = true; document.getElementById('press-{button}').click()")
    browser.until("!window.before && document.readyState === 'complete'")


def test_every_page_fits_a_phone_and_breaks_no_policy(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "chain").mkdir()
    with traded_chain(tmp_path / "chain") as traded:
        made_up.furnish(tmp_path)
        made_up.publish(tmp_path)
        manifest = str(traded.manifest_file)
        with served(tmp_path, "127.0.7.5", rpc=traded.chain.url, manifest=manifest) as pages:
            browser.open(f"{pages.address}/login")
            look(browser, "login")
            browser.log_in(pages.address, "home", pages.password)
            looked = {
                "now": "/",
                "control": "/control",
                "trades": "/trades",
                "trade": f"/trades/{made_up.order(8)}",
                "explorer": "/explorer/",
                "events": "/explorer/events",
                "blocks": "/explorer/blocks",
                "block": f"/explorer/block/{traded.chain.client.block_number()}",
                "transaction": f"/explorer/tx/{traded.bought}",
                "address": f"/explorer/address/{traded.seller.address}",
                "transactions": "/explorer/transactions",
                "signers": "/explorer/signers",
                "neighbourhood": "/neighbourhood",
                "devices": "/devices",
                "settings": "/settings/",
                "logs": "/logs",
                "wallet": "/wallet",
                "account": "/account/",
                "audit": "/account/audit",
                "not-found": "/nowhere",
            }
            browser.open(f"{pages.address}/neighbourhood")
            browser.until("document.getElementById('households-title')")
            browser.open(f"{pages.address}/wallet/{time.strftime('%Y-%m')}")
            browser.until("document.body.textContent.includes('Movements')")
            look(browser, "statement")
            for name, path in looked.items():
                browser.open(pages.address + path)
                look(browser, name)
    expected = "Failed to load resource: the server responded with a status of 404"
    assert [complaint for complaint in browser.complaints if expected not in complaint] == []


def test_energy_is_drawn_and_fits_a_phone(pages: Pages, browser: Browser) -> None:
    browser.log_in(pages.address, "home", pages.password)
    for name, path in {
        "energy": "/energy",
        "energy-now": "/energy?span=now&unit=W",
        "energy-year": "/energy?span=year&unit=money",
    }.items():
        browser.open(pages.address + path)
        browser.until("document.querySelectorAll('.chart canvas').length === 3")
        look(browser, name)
    browser.run("document.querySelector('.menu summary').click()")
    browser.size(*PHONE)
    assert browser.run("document.querySelector('.menu details a').getBoundingClientRect().height") >= 44
    browser.picture(PICTURES / "more-phone.png", whole=False)
    for width in (720, 768, 1_120, DESK[0]):
        browser.size(width, 900)
        browser.until(f"document.documentElement.scrollWidth <= {width}")
        assert browser.run("document.querySelector('.menu').offsetHeight") < 60, "the menu takes one line"
        browser.picture(PICTURES / f"menu-{width}.png", whole=False)
    assert browser.complaints == []
