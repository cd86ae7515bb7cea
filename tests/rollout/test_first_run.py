"""A household whose family sets it up: prepared by the playbooks, its key made there from its pages by HTTPS,
admitted by its request, upgraded, and left alone by whatever the operator runs afterwards; then its host is
replaced, the family brings the key back, and at last it leaves."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from contracts.joining import read
from tests.rollout import books
from tests.rollout.pages import Pages
from tests.rollout.releases import another
from tests.rollout.street import FAMILY, Played, Street, healthy, until
from tests.rollout.test_membership import forgotten, registered
from tests.rollout.test_site import OPEN, answered

pytestmark = [pytest.mark.long, pytest.mark.timeout(7_200)]

PASSWORD = "correct horse battery staple"
KEY = "/var/lib/commonwatt/trading/key.json"
WRITTEN = f"sha256sum {KEY} /var/lib/commonwatt/trading/key.password /etc/commonwatt/household.yml"

RESTORE = (
    "setpriv --reuid=cw-trade --regid=commonwatt --clear-groups "
    f"commonwatt key restore /var/tmp/key-backup.json {KEY} --code-file /var/tmp/code"
)


@pytest.fixture(scope="module")
def drawer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the family keeps its key's backup and the code, and what it sends to the operator."""
    return tmp_path_factory.mktemp("drawer")


def test_a_family_sets_its_household_up_from_its_pages_and_buys(
    street: Street, first_run: Played, drawer: Path
) -> None:
    street.lab.add(FAMILY)
    street.led.add(FAMILY)
    street.settle([*street.residents, FAMILY])
    with books.hurt(street):
        code = prepared(street)
        assert changes(street) == [], "before its first run"
        request = drawer / "request.json"
        pages = led(street, code, drawer)
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
    lives_there(street)
    written = street.on(FAMILY, WRITTEN)
    with books.hurt(street):
        played = street.play("upgrade", artefacts=another(releases, "0.1.0-led"))
        print(f"upgrade of five hosts: {played.seconds:.0f} s")
        assert played.code == 0, played.output[-6_000:]
        assert street.on(FAMILY, "readlink /opt/commonwatt/current").strip() == "releases/0.1.0-led"
        books.buys(street, FAMILY)
    assert street.on(FAMILY, WRITTEN) == written


def test_its_new_host_waits_for_the_key_that_only_the_family_has(
    street: Street, first_run: Played, drawer: Path
) -> None:
    lives_there(street)
    account = books.accounts(street)[FAMILY]
    street.on(FAMILY, "commonwatt-ask pause --json")
    until(lambda: settled(street), "the end of its orders", books.SETTLED)
    copied = street.play("backup")
    assert copied.code == 0, copied.output[-6_000:]
    host = street.host(FAMILY)
    street.lab.replace(host)
    street.lab.forget(host)
    played = street.play("replace-host", "-e", f"household_name={FAMILY}")
    print(f"replaced in {played.seconds:.0f} s")
    assert played.code == 0, played.output[-6_000:]
    assert street.on(FAMILY, f"test -e {KEY} || echo none") == "none\n"
    assert "commonwatt key restore" in street.on(FAMILY, "commonwatt-doctor --json")
    pages = Pages(street, FAMILY)
    pages.go("/login")
    pages.press("password", name="ada", password=PASSWORD)
    assert 'id="back"' in pages.go("/"), "its pages ask for the key"
    for name in ("key-backup.json", "code"):
        shutil.copy(drawer / name, host.root / "var/tmp" / name)
    street.on(FAMILY, "cd /var/tmp && chown cw-trade key-backup.json code && chmod 600 code")
    assert account in street.on(FAMILY, RESTORE)
    street.on(FAMILY, "rm /var/tmp/key-backup.json /var/tmp/code")
    until(lambda: 'id="back"' not in pages.go("/"), "its pages to have it")
    until(lambda: street.lab.ssh(host, "commonwatt-ask resume --json").returncode == 0, "its trader")
    until(lambda: healthy(street, FAMILY), "a content doctor")
    with books.hurt(street):
        books.buys(street, FAMILY)


def test_it_leaves_with_its_key(street: Street, first_run: Played) -> None:
    lives_there(street)
    written = street.on(FAMILY, WRITTEN)
    with books.hurt(street):
        played = street.play("remove-household", "-e", f"household_name={FAMILY}")
        print(f"left in {played.seconds:.0f} s")
        assert played.code == 0, played.output[-6_000:]
        assert "/var/lib/commonwatt/trading on its host" in " ".join(played.output.split())
        forgotten(street, FAMILY)
    street.led.discard(FAMILY)
    assert street.on(FAMILY, WRITTEN) == written
    assert street.on(FAMILY, "systemctl list-units --plain --no-legend 'commonwatt*' 'wg-quick*'") == ""


def lives_there(street: Street) -> None:
    """What comes before this test has been done."""
    if FAMILY not in street.residents:
        pytest.fail(f"{FAMILY} has to be set up before: run the tests of this file together")


def settled(street: Street) -> bool:
    """Whether the household is at home and nothing of it is in escrow."""
    said = json.loads(street.on(FAMILY, "cat /run/commonwatt/trading.json"))
    return bool(said["state"] == "off" and said["escrow"] == "0")


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
    """What `site` changes now on its host."""
    again = street.play("site", "--limit", FAMILY)
    assert again.code == 0, again.output[-6_000:]
    return again.changes()


def led(street: Street, code: str, drawer: Path) -> Pages:
    """Go through the first run up to its last step; keep the key's backup and the request to join."""
    pages = Pages(street, FAMILY)
    assert 'id="setup"' in pages.go("/"), pages.page
    pages.press("setup", setup=code, name="ada", new=PASSWORD, again=PASSWORD)
    until(lambda: 'id="on"' in pages.go("/first-run/key"), "the trader, which makes the key")
    pages.press("on")
    pages.press("on")
    shown = re.search(r'id="recovery-code">([^<]+)<', pages.page)
    assert shown, pages.page
    (drawer / "code").write_text(shown[1])
    (drawer / "key-backup.json").write_text(pages.fetch("/first-run/backup-file"))
    pages.press("prove", recovery=shown[1])
    until(lambda: 'id="file"' in pages.go("/first-run/join"), "its request to join")
    (drawer / "request.json").write_text(pages.fetch("/first-run/request-file"))
    for step in ("sensors", "relay", "limits"):
        pages.press("on")
        assert pages.address.endswith(f"/first-run/{step}"), pages.page
    pages.press("on", **{"trading.daily_budget": "7"})
    assert pages.address.endswith("/first-run/start"), pages.page
    assert "What is missing is the operator" in pages.page
    until(lambda: "daily_budget" in street.on(FAMILY, "cat /etc/commonwatt/household.yml"), "its budget")
    return pages
