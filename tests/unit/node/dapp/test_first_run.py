"""The first run's routes: who may, in which order, what is shown once, and that it resumes."""

from __future__ import annotations

import html
import io
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chain import keys
from chain.errors import KeyRefused
from contracts.bindings.registry import Household as Registered
from contracts.bindings.registry import Role
from node.changes import queue
from node.changes.form import facts
from node.changes.request import Request, dumps
from node.channel import NotNow, Silent
from node.client_interaction.status import State, Status, write
from node.dapp import claims
from node.dapp.app import create_app
from node.dapp.configuration import Configuration
from node.dapp.first_run import FirstRun
from node.dapp.neighbourhood import Relay
from node.dapp.own_relay import OwnRelay
from node.dapp.users import FILE, Users
from node.first_run import joining, owner
from node.first_run.keyholder import KeyHolder
from node.first_run.steps import Key, Step
from node.sensors import status
from node.wallet import backup as backups
from relay_server.messages import ContactState, Kind
from store import snapshot
from store.requests import new_id
from tests.integration.dapp import made_up
from tests.unit.node.changes import made
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

NOW = 1_800_000_000.0
PASSWORD = "correct horse battery staple"
REQUEST = '{"kind": "commonwatt join request",\n "name": "birch"}'


class Somebody:
    """Somebody with a browser before a household that is being set up."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> str:
        """The page at which one arrives."""
        answer = self.client.get(path, base_url=ORIGIN, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return html.unescape(answer.text)

    def at(self, path: str = "/") -> str:
        """Where one arrives."""
        return self.client.get(path, base_url=ORIGIN, follow_redirects=True).request.path

    def send(self, path: str, page: str = "/first-run/", **fields: Any) -> tuple[int, str]:
        """Send a form with what a page carries: status and text."""
        hidden = dict(re.findall(r'name="(csrf|form|base)" value="([^"]+)"', self.get(page)))
        answer = self.client.post(path, base_url=ORIGIN, data={**hidden, "form": new_id(), **fields})
        return answer.status_code, html.unescape(answer.text)

    def claim(self, code: str, name: str = "ada", new: str = PASSWORD, again: str | None = None) -> int:
        """Send the first form."""
        fields = {"setup": code, "name": name, "new": new, "again": new if again is None else again}
        return self.send("/first-run/claim", "/first-run/claim", **fields)[0]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def app(house: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(backups, "SCRYPT_N", 1_024)
    monkeypatch.setattr(OwnRelay, "now", lambda _: None)
    return create_app(replace(made_up.household(house), first_run=True, relay="127.0.7.9:15555"))


@pytest.fixture
def code(app: Flask, house: Path) -> str:
    """That the box shows."""
    return claims.setup_code(made_up.household(house).state, time.time(), "root")


@pytest.fixture
def holder(house: Path, monkeypatch: pytest.MonkeyPatch) -> KeyHolder:
    """The key's owner, asked without its socket: a unit test opens none."""
    made = KeyHolder(
        keystore=house / "key.json",
        password_file=house / "key.password",
        household="birch",
        manifest=house / "manifest.json",
    )
    owner.tell(house / "run", made.standing, made.address)

    def ask(_: FirstRun, op: str, **more: str) -> Mapping[str, Any]:
        try:
            told = made.answer({"op": op, **more})
        except KeyRefused as error:
            raise NotNow(str(error)) from None
        owner.tell(house / "run", made.standing, made.address)
        return told

    monkeypatch.setattr(FirstRun, "ask", ask)
    return made


@pytest.fixture
def passer_by(app: Flask) -> Somebody:
    return Somebody(app.test_client())


@pytest.fixture
def ada(passer_by: Somebody, code: str, holder: KeyHolder) -> Somebody:
    """Claimed the household."""
    assert passer_by.claim(code) == 303
    return passer_by


@pytest.fixture
def proved(ada: Somebody, house: Path) -> Somebody:
    """Has a key and its backup; the request was made."""
    ada.send("/first-run/key")
    _, page = ada.send("/first-run/backup")
    ada.client.get("/first-run/backup-file", base_url=ORIGIN)
    assert ada.send("/first-run/prove", recovery=shown_code(page))[0] == 303
    (house / "run" / joining.FILE).write_text(REQUEST)
    return ada


@pytest.fixture
def files(app: Flask, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration, which is looked at in this process."""
    folder = house / "config"
    folder.mkdir()
    given = made.files(folder)

    def asked(_: Configuration, request: Request | None) -> dict[str, object]:
        return facts(given, None if request is None else dumps(request))

    monkeypatch.setattr(Configuration, "_ask", asked)
    app.extensions["commonwatt"].configuration = Configuration(given)


def shown_code(page: str) -> str:
    found = re.search(r'id="recovery-code">([^<]+)<', page)
    assert found
    return found[1]


def admit(app: Flask, account: str | None, name: str = "birch") -> None:
    """As if the registry said so."""
    here = app.extensions["commonwatt"]
    here.first_run._household = replace(here.household, rpc="http://127.0.0.1:1")
    entry = Registered(account or made_up.ALDER, name, Role.CONSUMER, "", "", admitted=True)
    here.ledger.__dict__["own"] = lambda within=0.0: entry


# --- who may ---------------------------------------------------------------------------------------------


def test_whoever_comes_first_is_asked_for_the_boxs_code(passer_by: Somebody) -> None:
    for path in ("/", "/login", "/first-run/", "/first-run/key"):
        assert passer_by.at(path) == "/first-run/claim"
    assert "commonwatt user setup-code" in passer_by.get("/")


def test_a_passer_by_without_the_code_gets_nothing(passer_by: Somebody, code: str, house: Path) -> None:
    assert [passer_by.claim("abcd-efgh-jkmn") for _ in range(4)] == [403] * 4
    assert passer_by.at() == "/first-run/claim"
    users = Users(made_up.household(house).state / FILE)
    assert not users.any()
    users.close()


def test_after_five_wrong_codes_the_right_one_opens_nothing(passer_by: Somebody, code: str) -> None:
    assert [passer_by.claim("abcd-efgh-jkmn") for _ in range(5)] == [403] * 5
    assert passer_by.claim(code) == 429


def test_a_form_of_another_site_claims_nothing(passer_by: Somebody, code: str) -> None:
    form = {"setup": code, "name": "eve", "new": PASSWORD, "again": PASSWORD}
    assert passer_by.client.post("/first-run/claim", base_url=ORIGIN, data=form).status_code == 400
    assert passer_by.claim(code) == 303


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "Ada Lovelace"}, "small letters"),
        ({"new": "short"}, "10 characters"),
        ({"again": "another that nobody guesses"}, "not the same"),
    ],
)
def test_what_is_typed_wrong_uses_up_no_try(
    passer_by: Somebody, code: str, fields: dict[str, str], says: str
) -> None:
    given = {"setup": code, "name": "ada", "new": PASSWORD, "again": PASSWORD, **fields}
    for _ in range(6):
        status, text = passer_by.send("/first-run/claim", "/first-run/claim", **given)
        assert status == 400
        assert says in text
        assert code in text
        assert PASSWORD not in text
    assert passer_by.claim(code) == 303


def test_who_claimed_it_is_logged_in_and_nobody_claims_it_again(ada: Somebody, app: Flask, code: str) -> None:
    assert ada.at() == "/first-run/key"
    other = Somebody(app.test_client())
    assert other.at("/first-run/claim") == "/login"
    assert other.at("/") == "/login"


def test_a_household_that_was_set_up_otherwise_has_no_first_run(house: Path) -> None:
    plain = create_app(made_up.household(house))
    somebody = Somebody(plain.test_client())
    assert somebody.at("/first-run/claim") == "/login"
    users = plain.extensions["commonwatt"].users
    users.put("home", "operator", PASSWORD, NOW)
    visitor = Visitor(somebody.client, PASSWORD)
    assert visitor.log_in() == 302
    assert visitor.code("/first-run/key") == 404
    for path in ("/", "/first-run/"):
        assert somebody.at(path) == "/"


def test_a_member_is_not_led_through_it(ada: Somebody, app: Flask) -> None:
    app.extensions["commonwatt"].users.put("kim", "member", PASSWORD, NOW)
    kim = Visitor(app.test_client(), PASSWORD)
    assert kim.log_in(name="kim") == 302
    assert kim.code("/") == 200
    assert kim.code("/first-run/backup") == 403


# --- key and backup --------------------------------------------------------------------------------------


def test_the_key_is_made_by_its_owner(ada: Somebody, house: Path, holder: KeyHolder) -> None:
    assert ada.send("/first-run/key")[0] == 303
    assert keys.load(house / "key.json", house / "key.password").address == holder.address
    assert ada.at() == "/first-run/backup"


def test_a_trader_that_does_not_run_is_said(
    passer_by: Somebody, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise Silent("The trader does not answer.")

    monkeypatch.setattr(FirstRun, "ask", silent)
    passer_by.claim(code)
    assert "does not run yet" in passer_by.get("/")
    status, text = passer_by.send("/first-run/key")
    assert status == 503
    assert "The trader does not answer." in text


def test_the_code_is_shown_once(ada: Somebody) -> None:
    ada.send("/first-run/key")
    status, page = ada.send("/first-run/backup")
    assert status == 200
    code = shown_code(page)
    for path in ("/first-run/", "/first-run/backup", "/account/", "/account/audit"):
        assert code not in ada.get(path)


def test_it_is_proved_by_typing_it_in_with_the_file_taken(ada: Somebody) -> None:
    ada.send("/first-run/key")
    _, page = ada.send("/first-run/backup")
    code = shown_code(page)
    status, text = ada.send("/first-run/prove", recovery=code)
    assert status == 400
    assert "Download the file first" in text
    answer = ada.client.get("/first-run/backup-file", base_url=ORIGIN)
    assert "attachment" in answer.headers["Content-Disposition"]
    context, keystore = backups.decode(answer.data, Path("downloaded"))
    assert backups.open_backup(keystore, context, code).address == context.address
    status, text = ada.send("/first-run/prove", recovery=backups.new_code())
    assert status == 400
    assert "does not open" in text
    assert ada.send("/first-run/prove", recovery=code.lower())[0] == 303
    assert ada.at() == "/first-run/join"


def test_once_proved_key_and_backup_are_handed_out_no_more(proved: Somebody) -> None:
    for path in ("/first-run/key", "/first-run/backup", "/first-run/backup-file"):
        assert proved.at(path) == "/first-run/join"
    for path in ("/first-run/key", "/first-run/backup", "/first-run/prove"):
        status, text = proved.send(path)
        assert status == 303
        assert "recovery-code" not in text


def test_the_record_says_who_had_the_code_shown(proved: Somebody) -> None:
    record = proved.get("/account/audit")
    for what in ("claimed this household", "the key's backup made", "downloaded the key's backup"):
        assert what in record


@pytest.fixture
def papers(app: Flask, house: Path) -> tuple[str, bytes, str]:
    """Of the box that died: the account, the backup and its code."""
    account, code = keys.Account.generate(), backups.new_code()
    context = backups.context("birch", account.address, house / "manifest.json")
    return account.address, backups.encode(account, context, code), code


def bring_back(somebody: Somebody, content: bytes, code: str) -> tuple[int, str]:
    file = (io.BytesIO(content), "commonwatt-birch-key-backup.json")
    return somebody.send("/first-run/bring-back", file=file, recovery=code)


def test_another_box_asks_for_the_key_and_takes_it_from_its_backup(
    ada: Somebody, app: Flask, holder: KeyHolder, papers: tuple[str, bytes, str]
) -> None:
    account, content, code = papers
    record = app.extensions["commonwatt"].first_run.claims
    for step in (Step.BACKUP, Step.JOIN, Step.SENSORS, Step.RELAY, Step.LIMITS, Step.START):
        record.tick(step, NOW, "ada")  # as a copy of the dead box's books has it
    assert ada.at("/") == "/first-run/key"
    assert 'id="on"' not in ada.get("/first-run/key"), "it offers to make another key"
    assert ada.send("/first-run/key")[0] == 303
    assert holder.standing is Key.NONE
    for wrong, what in (
        ((b"", code), "Choose the backup"),
        ((b"x" * 9_000, code), "Choose the backup"),
        ((b"{}", code), "no backup of a key"),
        ((content, backups.new_code()), "does not open this backup"),
    ):
        status, text = bring_back(ada, *wrong)
        assert status == 400
        assert what in text
    assert bring_back(ada, content, code)[0] == 303
    assert (holder.standing, holder.address) == (Key.PROVED, account)
    assert ada.at("/") == "/"
    assert "brought the household's key back" in ada.get("/account/audit")
    assert bring_back(ada, content, code)[0] == 303


def test_whoever_has_no_copy_of_the_books_brings_the_key_back_as_well(
    ada: Somebody, holder: KeyHolder, papers: tuple[str, bytes, str]
) -> None:
    account, content, code = papers
    assert "has had a key before" in ada.get("/first-run/")
    assert bring_back(ada, content, code)[0] == 303
    assert holder.address == account
    assert ada.at() == "/first-run/join"


# --- joining ---------------------------------------------------------------------------------------------


def test_the_request_is_handed_out_as_a_file_and_as_a_picture(proved: Somebody, holder: KeyHolder) -> None:
    text = proved.get("/first-run/")
    assert str(holder.address) in text
    answer = proved.client.get("/first-run/request-file", base_url=ORIGIN)
    assert answer.json == {"kind": "commonwatt join request", "name": "birch"}
    assert "commonwatt-birch-request.json" in answer.headers["Content-Disposition"]
    picture = proved.client.get("/first-run/request.svg", base_url=ORIGIN)
    assert picture.mimetype == "image/svg+xml"


def test_a_request_that_cannot_be_made_yet_says_why(proved: Somebody, house: Path, holder: KeyHolder) -> None:
    (house / "run" / joining.FILE).unlink()
    owner.tell(house / "run", Key.PROVED, holder.address, "http://127.0.0.1:8545 does not answer")
    assert "Not yet: http://127.0.0.1:8545 does not answer" in proved.get("/first-run/")
    assert proved.client.get("/first-run/request-file", base_url=ORIGIN).status_code == 404


def test_who_waits_goes_on_meanwhile_and_starts_when_admitted(
    proved: Somebody, app: Flask, holder: KeyHolder, house: Path
) -> None:
    for step in ("join", "sensors", "relay", "limits"):
        assert proved.at() == f"/first-run/{step}"
        assert proved.send("/first-run/tick", step=step)[0] == 303
    text = proved.get("/first-run/")
    assert "What is missing is the operator" in text
    proved.send("/first-run/tick", step="start")
    assert proved.at() == "/first-run/start"
    buying = Status(state=State.BUYING, reason="Buying from Alder.", next="It closes.", since=NOW)
    write(house / "run", buying)
    admit(app, holder.address)
    text = proved.get("/first-run/")
    assert "The operator has let this household in" in text
    assert "Buying from Alder." in text
    assert proved.send("/first-run/tick", step="start")[0] == 303
    assert proved.at() == "/"
    assert proved.at("/first-run/") == "/"


def test_somebody_else_under_this_name_is_not_this_household(proved: Somebody, app: Flask) -> None:
    admit(app, made_up.CEDAR)
    assert proved.at() == "/first-run/join"


def test_nobody_ticks_off_what_is_not_due(proved: Somebody) -> None:
    for step in ("start", "limits", "backup", "claim", "nonsense", ""):
        assert proved.send("/first-run/tick", step=step)[0] == 303
        assert proved.at() == "/first-run/join"
    assert proved.client.get("/first-run/nonsense", base_url=ORIGIN).status_code == 404


# --- looking ---------------------------------------------------------------------------------------------


def ticked(somebody: Somebody, *steps: Step) -> None:
    for step in steps:
        somebody.send("/first-run/tick", step=step.value)


def test_sensors_are_shown_with_what_they_say(proved: Somebody, house: Path) -> None:
    ticked(proved, Step.JOIN)
    assert "The logger does not run" in proved.get("/first-run/")
    now = snapshot.boottime()
    status.write(
        house / "run",
        {
            "load": status.Status(
                driver="ina219", state=status.State.LIVE, values={"power": 12_800}, taken=now - 2
            ),
            "panel": status.Status(driver="ina219", state=status.State.FAILED, reason="no answer"),
        },
    )
    text = proved.get("/first-run/")
    assert "power 12.8 W" in text
    assert "No answer." in text


def test_contacts_are_shown_as_they_stand(proved: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = [
        ContactState(contact=0, closed=True, kind=Kind.HOME),
        ContactState(contact=11, closed=False, kind=Kind.TIE, fault="stuck"),
    ]
    monkeypatch.setattr(OwnRelay, "now", lambda _: Relay(at=NOW, contacts=contacts))
    ticked(proved, Step.JOIN, Step.SENSORS)
    text = proved.get("/first-run/")
    assert re.search(r"Home<[^\n]*closed", text)
    assert "stuck" in text


def test_a_relay_that_is_silent_is_said(proved: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OwnRelay, "now", lambda _: Relay(at=NOW, problem="connection refused"))
    ticked(proved, Step.JOIN, Step.SENSORS)
    assert "The relay does not answer: connection refused" in proved.get("/first-run/")


BACK = re.compile(r'<p class="back"><a [^>]*href="([^"]+)">‹ Back to the first run')


def test_the_pages_that_it_leads_to_lead_back_to_the_step_one_was_at(proved: Somebody, app: Flask) -> None:
    ticked(proved, Step.JOIN, Step.SENSORS)
    for path, step in (("/devices", "sensors"), ("/contacts/", "relay")):
        [back] = BACK.findall(proved.get(path))
        assert back == f"/first-run/{step}"
        assert proved.at(back) == back
    assert BACK.findall(proved.get("/account/")) == ["/first-run/"]
    assert not BACK.search(proved.get("/first-run/relay"))


def test_there_is_no_way_back_for_others_nor_once_it_is_over(
    proved: Somebody, app: Flask, holder: KeyHolder
) -> None:
    app.extensions["commonwatt"].users.put("kim", "member", PASSWORD, NOW)
    kim = Visitor(app.test_client(), PASSWORD)
    assert kim.log_in(name="kim") == 302
    assert not BACK.search(kim.get("/devices"))
    admit(app, holder.address)
    ticked(proved, Step.JOIN, Step.SENSORS, Step.RELAY, Step.LIMITS, Step.START)
    assert not BACK.search(proved.get("/devices"))


def test_limits_are_asked_for_as_under_settings(proved: Somebody, house: Path, files: None) -> None:
    ticked(proved, Step.JOIN, Step.SENSORS, Step.RELAY)
    text = proved.get("/first-run/")
    assert 'name="trading.limit" value="30 %"' in text
    status, text = proved.send("/first-run/limits", **{"trading.limit": "much", "trading.resume": "60 %"})
    assert status == 400
    assert 'value="much"' in text
    status, _ = proved.send("/first-run/limits", **{"trading.limit": "25", "dapp.threshold": "1 W"})
    assert status == 303
    [asked] = queue.waiting(made_up.household(house).state)
    assert [(change.key, change.value) for change in asked.changes] == [(("trading", "limit"), "25 %")]
    assert asked.by == "ada"
    assert proved.at() == "/first-run/start"


def test_limits_may_stay_as_they_are(proved: Somebody, house: Path, files: None) -> None:
    ticked(proved, Step.JOIN, Step.SENSORS, Step.RELAY)
    assert proved.send("/first-run/limits")[0] == 303
    assert queue.waiting(made_up.household(house).state) == []
    assert proved.at() == "/first-run/start"
