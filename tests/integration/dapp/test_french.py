"""The pages in French on a phone: nothing is cut or wider than its screen, and what is live is French."""

from __future__ import annotations

from pathlib import Path

from tests.integration.dapp import made_up
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import NEEDED, PHONE, PICTURES
from tests.integration.dapp.served import Pages
from tests.integration.dapp.test_first_run import PASSWORD, household, pressed, typed

HOST = "127.0.7.47"

pytestmark = NEEDED

SHOWN = {
    "now": ("/", "Alimenté par Alder"),
    "energy": ("/energy", "Énergie"),
    "trades": ("/trades", "Échanges"),
    "trade": (f"/trades/{made_up.order(8)}", ""),
    "control": ("/control", "Pilotage"),
    "settings": ("/settings/", "Réglages"),
    "account": ("/account/", "Home"),
    "devices": ("/devices", "Appareils"),
    "find": ("/find-devices", "Trouver des appareils"),
    "contacts": ("/contacts/", "Contacts"),
    "neighbourhood": ("/neighbourhood", "Voisinage"),
}

CUT = """[...document.querySelectorAll('button, a.button, .badge, nav a span, text, th, dt')]
    .filter(e => e.offsetParent !== null && e.scrollWidth > e.clientWidth + 1)
    .filter(e => getComputedStyle(e).overflowX !== 'visible')
    .map(e => e.textContent.trim())"""
"""Words that do not fit what holds them."""


def seen(browser: Browser, name: str) -> None:
    """What is there fits a phone; it is kept as a picture."""
    browser.until(f"document.documentElement.scrollWidth <= {PHONE[0]}")
    assert browser.run("document.documentElement.lang") == "fr"
    assert browser.run(CUT) == [], name
    assert browser.serious() == [], name
    browser.picture(PICTURES / f"french-{name}.png")


def test_the_first_run_begins_with_the_language(tmp_path: Path, browser: Browser) -> None:
    with household(tmp_path) as pages:
        browser.open(pages.address)
        pressed(browser, ".languages [lang=fr]", "/first-run/claim")
        assert browser.run("document.querySelector('h1').textContent").startswith("Bienvenue chez")
        seen(browser, "first-claim")
        typed(browser, setup=pages.password, name="ada", new=PASSWORD, again=PASSWORD)
        pressed(browser, "#on", "/first-run/key")
        seen(browser, "first-key")
        pressed(browser, "#on", "/first-run/backup")
        seen(browser, "first-backup")
        pressed(browser, "#on", "/first-run/backup")
        seen(browser, "first-backup-code")
        assert "code" in browser.run("document.querySelector('h2').textContent")


def test_every_page_fits_a_phone_in_french(pages: Pages, browser: Browser) -> None:
    browser.open(f"{pages.address}/login")
    browser.run("document.querySelector('.languages [lang=fr]').click()")
    browser.until("document.documentElement.lang === 'fr'")
    browser.picture(PICTURES / "french-login.png")
    browser.log_in(pages.address, "home", pages.password)
    for name, (path, title) in SHOWN.items():
        browser.open(f"{pages.address}{path}")
        assert browser.run("document.querySelector('h1').textContent").startswith(title), name
        seen(browser, name)
    browser.open(f"{pages.address}/")
    browser.until("!document.querySelector('#pulse').hidden")
    browser.until("document.querySelector('#pulse span').textContent === 'en direct'")
    browser.until("document.querySelector('[data-text=since]').textContent.startsWith('depuis')")
    assert browser.complaints == []
