"""A sensor's page in a real Chromium: measured before a known load, saved, and in the family's file.

It takes the half a minute that a measurement takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node.config import load
from node.sensors import status
from node.sensors.status import State, Status
from store import snapshot
from tests.alongside import repeating
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import NEEDED, PHONE, look
from tests.integration.dapp.served import Pages
from tests.integration.dapp.test_settings import apply

HOST = "127.0.7.16"

pytestmark = NEEDED

MEASURED = "document.getElementById('measured').textContent"


@contextmanager
def measuring(run: Path) -> Iterator[None]:
    """A logger whose load carries a steady 1.5 A at 12 V, which it shows 2 % too low."""

    def publish() -> None:
        taken = snapshot.boottime()
        values = {"current": 1_470 + int(taken * 10) % 2, "voltage": 12_000, "power": 17_640}
        load = Status(driver="ina219", state=State.LIVE, taken=taken, values=values, rating=36_000)
        status.write(run, {"load": load})

    with repeating(publish, 0.1):
        yield


def test_a_sensor_is_calibrated_before_a_known_load_and_that_is_saved(
    pages: Pages, browser: Browser, tmp_path: Path
) -> None:
    with measuring(tmp_path / "run"):
        browser.log_in(pages.address, "home", pages.password)
        browser.open(f"{pages.address}/devices/load")
        look(browser, "sensor")
        browser.size(*PHONE)
        browser.run(
            "document.getElementById('true').value = '1.5'; window.before = true;"
            "document.getElementById('true').form.requestSubmit()"
        )
        browser.until("!window.before && document.readyState === 'complete'")
        browser.until(f"{MEASURED}.includes('Measuring its current before 1.5 A')")
        browser.until("document.querySelector('#pulse:not([hidden]):not(.lost)')")
        browser.run("window.same = true")
        browser.until("document.getElementById('save')")
        assert browser.run("window.same"), "it was shown without a reload"
        look(browser, "sensor-found")
    browser.size(*PHONE)
    browser.run("window.before = true; document.getElementById('save').click()")
    browser.until("!window.before && location.pathname === '/settings/'")
    assert "applied: sensors.load.calibration.current.zero" in apply(tmp_path)
    by = load([tmp_path / "commonwatt.yml"]).sensors["load"].corrections["current"]
    assert by.zero == 0
    assert 1.015 < by.gain < 1.025
    assert browser.complaints == []
