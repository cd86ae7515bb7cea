"""*Find devices* in a real Chromium, over a real logger: a meter at a serial port is found, tried, added.

It takes the ten seconds for which a device is tried, and the two and a half that each port is listened to.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.config import load
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import NEEDED, PHONE, look
from tests.integration.dapp.served import Pages
from tests.integration.dapp.test_settings import apply
from tests.integration.node.logger.test_process import Bench
from tests.integration.node.sensors.below import CurrentMeter, below
from tests.waiting import eventually

HOST = "127.0.7.18"

pytestmark = NEEDED

FOUND = "document.getElementById('found').textContent"
TRIED = "document.getElementById('tried')?.textContent"


@pytest.fixture
def meter() -> Iterator[CurrentMeter]:
    made = CurrentMeter()
    yield made
    made.close()


@pytest.fixture
def logger(pages: Pages, meter: CurrentMeter, tmp_path: Path) -> Iterator[Bench]:
    """One that reads a load, and to whose host a meter was plugged in."""
    del pages  # whose folder it shares: what it publishes counts from here on
    bench = Bench(tmp_path)
    below(tmp_path / "packages", {meter.port: "USB Serial"})
    bench.meter("load", power=12_800)
    bench.start()
    eventually(lambda: bench.live("load"), f"the load is live: {bench.log}")
    yield bench
    assert bench.end() == 0


def click(browser: Browser, element: str) -> None:
    """Send a form, or follow a link, and wait for the page that comes."""
    browser.run(f"window.before = true; document.querySelector('{element}').click()")
    browser.until("!window.before && document.readyState === 'complete'")


def live(browser: Browser) -> None:
    """What comes now comes without a reload."""
    browser.until("document.querySelector('#pulse:not([hidden]):not(.lost)')")
    browser.run("window.same = true")


def test_a_meter_is_found_tried_and_added(
    pages: Pages, browser: Browser, logger: Bench, meter: CurrentMeter, tmp_path: Path
) -> None:
    file = tmp_path / "commonwatt.yml"
    before = file.read_text()
    browser.log_in(pages.address, "home", pages.password)
    browser.open(f"{pages.address}/devices")
    click(browser, "#find")
    look(browser, "find")
    browser.size(*PHONE)
    click(browser, "#look")
    live(browser)
    browser.until(f"{FOUND}.includes('Look again')")
    assert browser.run(f"{FOUND}.includes('{meter.port}')")
    assert browser.run(f"{FOUND}.includes('raspi-config')"), "there is no I2C bus, and it says what to do"
    assert browser.run("window.same"), "it was shown without a reload"
    browser.run("document.querySelector('#found details').open = true")
    look(browser, "find-found")
    browser.size(*PHONE)
    click(browser, "[id^=try-]")
    live(browser)
    browser.until("document.querySelector('#values')")
    browser.until("document.querySelector('#add')")
    assert browser.run("document.querySelector('#values').textContent.includes('1.91 A')")
    assert browser.run("window.same"), "it was shown without a reload"
    look(browser, "find-tried")
    browser.size(*PHONE)
    assert file.read_text() == before, "looking and trying write nothing down"
    browser.run("document.getElementById('name').value = 'heater'")
    click(browser, "#add button")
    look(browser, "find-add")
    browser.size(*PHONE)
    click(browser, "#sure")
    browser.until("document.getElementById('changed').textContent.includes('asked')")
    assert "applied: sensors.heater.driver: not given → acs712-serial" in apply(tmp_path)
    browser.until("document.getElementById('changed').textContent.includes('in force')")
    assert not browser.run("document.querySelector('#add')"), "nobody adds it twice"
    look(browser, "find-added")
    assert load([file]).sensors["heater"].options == {"port": meter.port}
    assert logger.live("load")
    assert browser.complaints == []
