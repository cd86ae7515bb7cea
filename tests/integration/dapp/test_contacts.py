"""*Contacts* in a real Chromium before a real relay server: locked out, seen without a reload, all home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node.config import load
from relay_server.client import RelayClient
from relay_server.errors import RelayError
from relay_server.records import FILE, open_records
from tests.integration.dapp import made_up
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import NEEDED, PHONE, look
from tests.integration.dapp.served import Pages
from tests.integration.relay_server import relay_process
from tests.waiting import PATIENCE, eventually

HOST = "127.0.7.12"

pytestmark = NEEDED

STANDING = "document.getElementById('standing').textContent"


@contextmanager
def relay(folder: Path) -> Iterator[str]:
    """The household's own, as its configuration says, without a chain; answers its address."""
    settings = load([folder / "commonwatt.yml"]).relay
    assert settings is not None
    with (folder / "relay.log").open("wb") as log:
        process = relay_process.started(
            folder / "state", settings, made_up.ALDER, "http://127.0.7.1:1", stderr=log
        )
        try:
            eventually(lambda: answers(settings.listen), "the relay answers")
            yield settings.listen
        finally:
            process.terminate()
            process.wait(PATIENCE)


def answers(address: str) -> bool:
    try:
        with RelayClient(address, None, None, None) as client:
            return bool(client.state())
    except RelayError:
        return False


def sent(browser: Browser, form: str, **values: str) -> None:
    """Type, press, and wait for the page that follows."""
    for name, value in values.items():
        browser.run(f"document.getElementById('{name}').value = '{value}'")
    browser.run(f"window.before = true; document.getElementById('{form}').form.requestSubmit()")
    browser.until("!window.before && document.readyState === 'complete'")


def test_a_contact_is_locked_out_seen_at_once_and_everything_goes_home(
    pages: Pages, browser: Browser, tmp_path: Path
) -> None:
    browser.log_in(pages.address, "home", pages.password)
    browser.open(f"{pages.address}/contacts/")
    browser.until(f"{STANDING}.includes('The relay does not answer')")
    look(browser, "contacts-silent")
    browser.size(*PHONE)
    with relay(tmp_path) as address, RelayClient(address, None, None, None) as client:
        browser.until("document.querySelector('#pulse:not([hidden]):not(.lost)')")
        browser.until(f"!{STANDING}.includes('The relay does not answer') && {STANDING}.includes('closed')")
        sent(browser, "why", contact="12", why="new fuse")
        browser.until(f"{STANDING}.includes('New fuse, since')")
        browser.until(f"{STANDING}.includes('commonwatt relay unlock 12')")
        assert next(each.locked for each in client.state() if each.contact == 12) == "new fuse"
        browser.open(f"{pages.address}/contacts/")
        look(browser, "contacts")
        browser.size(*PHONE)
        browser.run("document.getElementById('sure').checked = true")
        sent(browser, "emergency", emergency="smoke in the cellar")
        browser.until(f"{STANDING}.includes('Everything home: smoke in the cellar, since')")
        assert {each.contact for each in client.state() if each.locked} == {0, 1, 12}
        assert set(open_records(tmp_path / "state" / FILE).answers().values()) == {""}
        look(browser, "contacts-home")
    assert browser.complaints == []
