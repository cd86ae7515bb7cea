"""A household whose family sets it up: prepared by the playbooks, its key made there from its pages by HTTPS,
admitted by its request, upgraded, and left alone by whatever the operator runs afterwards."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from contracts.joining import read
from tests.rollout import books
from tests.rollout.pages import Pages
from tests.rollout.releases import another
from tests.rollout.street import Played, Street, healthy, until
from tests.rollout.test_membership import registered
from tests.rollout.test_site import OPEN, answered

pytestmark = [pytest.mark.long, pytest.mark.timeout(7_200)]

FAMILY = "fir"
"""The next street's consumer, with a line from alder; its battery is empty by the time it comes."""

PASSWORD = "correct horse battery staple"
WRITTEN = (
    "sha256sum /var/lib/commonwatt/trading/key.json /var/lib/commonwatt/trading/key.password "
    "/etc/commonwatt/household.yml"
)


def test_a_family_sets_its_household_up_from_its_pages_and_buys(
    street: Street, first_run: Played, tmp_path: Path
) -> None:
    street.lab.add(FAMILY)
    street.led.add(FAMILY)
    street.settle([*street.residents, FAMILY])
    with books.hurt(street):
        code = prepared(street)
        assert changes(street) == [], "before its first run"
        request = tmp_path / "request.json"
        pages = led(street, code, request)
        assert read(request).household.name == FAMILY
        admitted = street.play("admit", "-e", f"request_file={request}")
        print(f"admitted in {admitted.seconds:.0f} s")
        assert admitted.code == 0, admitted.output[-6_000:]
        until(lambda: "has let this household in" in pages.go("/first-run/start"), "its pages to notice it")
        pages.press("on")
        assert not pages.address.endswith("/first-run/start"), pages.page
        assert registered(street, FAMILY) == read(request).household
        books.buys(street, FAMILY)
        until(lambda: healthy(street, FAMILY), "a content doctor")
        assert answered(street, FAMILY) == OPEN
    assert not list((street.files / FAMILY).glob("key.*")), "its key was never here"
    written = street.on(FAMILY, WRITTEN)
    assert changes(street) == [], "after its first run"
    assert street.on(FAMILY, WRITTEN) == written


def test_an_upgrade_takes_it_along_and_its_key_stays(
    street: Street, first_run: Played, releases: Path
) -> None:
    if FAMILY not in street.residents:
        pytest.fail(f"{FAMILY} has to be set up before: run the tests of this file together")
    written = street.on(FAMILY, WRITTEN)
    with books.hurt(street):
        played = street.play("upgrade", artefacts=another(releases, "0.1.0-led"))
        print(f"upgrade of five hosts: {played.seconds:.0f} s")
        assert played.code == 0, played.output[-6_000:]
        assert street.on(FAMILY, "readlink /opt/commonwatt/current").strip() == "releases/0.1.0-led"
        books.buys(street, FAMILY)
    assert street.on(FAMILY, WRITTEN) == written


def prepared(street: Street) -> str:
    """Have the playbooks bring its host up: the setup code that they show."""
    played = street.play("add-household", "-e", f"household_name={FAMILY}")
    print(f"prepared in {played.seconds:.0f} s")
    assert played.code == 0, played.output[-6_000:]
    assert street.on(FAMILY, "systemctl --failed --no-legend --plain") == ""
    found = json.loads(street.on(FAMILY, "commonwatt-doctor --json"))["findings"]
    warned = [each["what"] for each in found if each["result"] == "warned"]
    assert any(what.startswith("the first run is not over") for what in warned), warned
    shown = re.search(rf"{FAMILY}:\s+https://\S+\s+setup\s+code\s+(\S+)", played.output)
    assert shown, played.output[-6_000:]
    return shown[1]


def changes(street: Street) -> list[str]:
    """What `site` changes now."""
    again = street.play("site")
    assert again.code == 0, again.output[-6_000:]
    return again.changes()


def led(street: Street, code: str, request: Path) -> Pages:
    """Go through the first run up to its last step, and keep the request to join."""
    pages = Pages(street, FAMILY)
    assert 'id="setup"' in pages.go("/"), pages.page
    pages.press("setup", setup=code, name="ada", new=PASSWORD, again=PASSWORD)
    until(lambda: 'id="on"' in pages.go("/first-run/key"), "the trader, which makes the key")
    pages.press("on")
    pages.press("on")
    shown = re.search(r'id="recovery-code">([^<]+)<', pages.page)
    assert shown, pages.page
    assert json.loads(pages.fetch("/first-run/backup-file"))["kind"] == "commonwatt key backup"
    pages.press("prove", recovery=shown[1])
    until(lambda: 'id="file"' in pages.go("/first-run/join"), "its request to join")
    request.write_text(pages.fetch("/first-run/request-file"))
    for step in ("sensors", "relay", "limits"):
        pages.press("on")
        assert pages.address.endswith(f"/first-run/{step}"), pages.page
    pages.press("on", **{"trading.daily_budget": "7"})
    assert pages.address.endswith("/first-run/start"), pages.page
    assert "What is missing is the operator" in pages.page
    until(lambda: "daily_budget" in street.on(FAMILY, "cat /etc/commonwatt/household.yml"), "its budget")
    return pages
