"""The first run in a real Chromium: the real pages, and the real trader that makes the key; no chain yet."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chain import keys
from contracts import joining
from contracts.bindings.registry import Household, Role
from node.config import load
from node.dapp.claims import Claims, setup_code
from node.dapp.household import from_settings
from node.dapp.serve import arguments
from node.first_run import joining as own
from node.first_run import owner
from node.first_run.steps import Key, Step
from node.wallet import backup as backups
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import NEEDED, PHONE, look
from tests.integration.dapp.made_up import ALDER, CEDAR
from tests.integration.dapp.served import CONFIGURATION, Pages
from tests.integration.ports import free_port
from tests.waiting import eventually

HOST = "127.0.7.34"
PASSWORD = "correct horse battery staple"

pytestmark = NEEDED


@contextmanager
def household(folder: Path) -> Iterator[Pages]:
    """An empty household: its pages, and its trader."""
    for name in ("run", "state"):
        (folder / name).mkdir()
    file = folder / "commonwatt.yml"
    text = CONFIGURATION.format(
        rpc=f"http://{HOST}:1",
        manifest="manifest.json",
        alder=ALDER,
        cedar=CEDAR,
        listen=f"{HOST}:{free_port(HOST)}",
    ).replace("password_file: key.password}", "password_file: key.password, first_run: true}")
    file.write_text(text)
    settings = load([file])
    host, _, port = settings.dapp.listen.rpartition(":")
    command = arguments(from_settings(settings, [file]))
    code = setup_code(folder / "state", time.time(), "the test")
    pages = Pages(host, int(port), code, command, folder / "pages.log")
    with (folder / "trader.log").open("wb") as log:
        trader = subprocess.Popen(
            [sys.executable, "-m", "node.cli", "client-interaction", "run", "--config", str(file)],
            stdout=log,
            stderr=log,
        )
    try:
        eventually(lambda: owner.told(folder / "run")[0] is Key.NONE, "the trader waits for its key")
        yield pages
    finally:
        pages.stop()
        trader.terminate()
        trader.wait()


def typed(browser: Browser, **fields: str) -> None:
    """Type into fields, by their id."""
    for name, value in fields.items():
        browser.run(f"document.getElementById({json.dumps(name)}).value = {json.dumps(value)}")


def chosen(browser: Browser, field: str, content: str) -> None:
    """Choose a file with this content."""
    browser.run(
        "{ const files = new DataTransfer();"
        f"files.items.add(new File([{json.dumps(content)}], 'chosen.json'));"
        f"document.getElementById({json.dumps(field)}).files = files.files }}"
    )


def pressed(browser: Browser, button: str, goes_to: str) -> None:
    """Press a button, and wait for the page that follows."""
    browser.run(f"window.before = true; document.querySelector({json.dumps(button)}).click()")
    browser.until(
        f"!window.before && location.pathname === '{goes_to}' && document.readyState === 'complete'"
    )


def test_from_an_empty_box_to_a_household_that_waits_for_its_operator(
    tmp_path: Path, browser: Browser
) -> None:
    with household(tmp_path) as pages:
        browser.open(pages.address)
        assert browser.run("location.pathname") == "/first-run/claim"
        look(browser, "first-claim")
        browser.size(*PHONE)
        typed(browser, setup="abcd-efgh-jkmn", name="ada", new=PASSWORD, again=PASSWORD)
        pressed(browser, "#on", "/first-run/claim")
        assert "not the code" in browser.run("document.getElementById('problem').textContent")
        look(browser, "first-claim-wrong")
        typed(browser, setup=pages.password.upper(), name="ada", new=PASSWORD, again=PASSWORD)
        pressed(browser, "#on", "/first-run/key")
        look(browser, "first-key")
        pressed(browser, "#on", "/first-run/backup")
        look(browser, "first-backup")
        pressed(browser, "#on", "/first-run/backup")
        code = browser.run("document.getElementById('recovery-code').textContent")
        look(browser, "first-backup-code")
        file = browser.run("fetch(document.getElementById('file').href).then(found => found.text())")
        assert json.loads(file)["kind"] == "commonwatt key backup"
        typed(browser, recovery=code[:-1])
        pressed(browser, "#prove", "/first-run/prove")
        look(browser, "first-backup-wrong")
        typed(browser, recovery=code)
        pressed(browser, "#prove", "/first-run/join")
        assert "The request is being made" in browser.run("document.body.textContent")
        look(browser, "first-join-waits")

        account = keys.load(tmp_path / "key.json", tmp_path / "key.password")
        entry = Household(account.address, "birch", Role.PROSUMER, ENODE, "10.0.0.2:15555")
        asked = joining.JoinRequest(entry, 1_234, "0x" + "ab" * 32)
        joining.write(tmp_path / "run" / own.FILE, asked, account)  # as its chain node would have let it
        browser.open(f"{pages.address}/first-run/")
        handed = browser.run("fetch(document.getElementById('file').href).then(found => found.text())")
        (tmp_path / "handed.json").write_text(handed)
        assert joining.read(tmp_path / "handed.json") == asked
        browser.until("document.querySelector('img.qr').naturalWidth > 0")
        look(browser, "first-join")

        for step, following in (("join", "sensors"), ("sensors", "relay"), ("relay", "limits")):
            assert browser.run("location.pathname") == f"/first-run/{step}"
            pressed(browser, "#on", f"/first-run/{following}")
            look(browser, f"first-{following}")
            browser.size(*PHONE)
        typed(browser, **{"f-trading-limit": "70"})
        pressed(browser, "#on", "/first-run/limits")
        browser.until("document.querySelector('#f-trading-limit[aria-invalid], .problem')")
        look(browser, "first-limits-wrong")
        browser.size(*PHONE)
        typed(browser, **{"f-trading-limit": "25"})
        pressed(browser, "#on", "/first-run/start")
        look(browser, "first-start")
        browser.open(pages.address)
        assert browser.run("location.pathname") == "/first-run/start", "it resumes where it was left"
        for log in ("pages.log", "trader.log"):
            written = (tmp_path / log).read_text()
            assert not [secret for secret in (PASSWORD, code, pages.password) if secret in written], log
    expected = "Failed to load resource: the server responded with a status of 4"
    assert [complaint for complaint in browser.complaints if expected not in complaint] == []


def test_another_box_asks_for_the_key_and_takes_it_from_its_backup(tmp_path: Path, browser: Browser) -> None:
    account, code = keys.Account.generate(), backups.new_code()
    context = backups.context("birch", account.address, tmp_path / "manifest.json")
    content = backups.encode(account, context, code).decode()
    with household(tmp_path) as pages:
        record = Claims(tmp_path / "state")
        record.tick(Step.BACKUP, time.time(), "ada")  # as a copy of the dead box's books has it
        record.close()
        browser.open(pages.address)
        browser.size(*PHONE)
        typed(browser, setup=pages.password, name="ada", new=PASSWORD, again=PASSWORD)
        pressed(browser, "#on", "/first-run/key")
        look(browser, "first-key-lost")
        browser.size(*PHONE)
        chosen(browser, "backup", content)
        typed(browser, recovery=backups.new_code())
        pressed(browser, "#back", "/first-run/bring-back")
        look(browser, "first-key-lost-wrong")
        browser.size(*PHONE)
        chosen(browser, "backup", content)
        typed(browser, recovery=code.lower())
        pressed(browser, "#back", "/first-run/join")
    assert keys.load(tmp_path / "key.json", tmp_path / "key.password").address == account.address


ENODE = "enode://" + "5e" * 64 + "@10.0.0.2:30303"
