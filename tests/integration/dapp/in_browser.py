"""What tests in a real Chromium share: what they need, the sizes of screens, and how a page is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.dapp.browser import AXE, CHROMIUM, Browser

CHECKOUT = Path(__file__).parents[3]
PICTURES = CHECKOUT / "build" / "screenshots" / "dapp"

PHONE, DESK = (360, 740), (1280, 900)

NEEDED = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
    pytest.mark.skipif(
        not (CHECKOUT / "node/dapp/static/build/main.js").exists() or not AXE.exists(),
        reason="no bundle: npm ci && npm run build in node/dapp/frontend",
    ),
]
"""Marks of a module."""

UNNAMED = """[...document.querySelectorAll('a, button, input:not([type=hidden])')]
    .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length || e.hidden))
    .map(e => e.outerHTML)"""
"""Links, buttons and fields without a name."""


def look(browser: Browser, name: str) -> None:
    """Nothing is wider than the phone; every control has a name and is large enough for a thumb."""
    browser.size(*PHONE)
    browser.until(f"document.documentElement.scrollWidth <= {PHONE[0]}")  # Charts follow with the next frame.
    assert browser.run(UNNAMED) == [], name
    assert browser.run("document.querySelectorAll('h1').length") == 1, name
    assert browser.run("document.title.length") > 10, name
    assert browser.serious() == [], name
    browser.picture(PICTURES / f"{name}-phone.png")
    browser.size(*PHONE, dark=True)
    assert browser.serious() == [], f"{name} in the dark"
    browser.picture(PICTURES / f"{name}-dark.png")
    browser.size(*DESK)
    browser.picture(PICTURES / f"{name}-desk.png")
