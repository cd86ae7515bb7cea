"""Find devices: what is asked of the logger, what is shown of its answers, and what a new sensor takes."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from node.changes import queue
from node.changes.form import facts
from node.changes.request import Change, Request, dumps
from node.dapp import finding
from node.dapp.configuration import Configuration
from node.dapp.finding import Standing, standing
from node.dapp.users import FILE as USERS
from node.dapp.users import Users
from node.sensors import answers, asked, status
from node.sensors.answers import Answer, State
from node.sensors.asked import LASTING, What
from node.sensors.scanning import Found
from store.requests import new_id
from tests.integration.dapp import made_up
from tests.unit.node.changes import made
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

INA219 = {"driver": "ina219", "address": "0x4a"}
MODBUS = {"driver": "modbus", "at": "/dev/ttyUSB0", "unit": "1", "map": "sdm120"}
FOUND = (
    Found("/dev/i2c-1 0x40", "left alone", used="battery"),
    Found("/dev/i2c-1 0x4a", "INA219, a current sensor", INA219),
    Found("/dev/i2c-1 0x70", "no chip that a driver here knows"),
    Found("/dev/ttyUSB0", "USB Serial; it is silent: a meter on RS-485, perhaps", MODBUS),
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    found = made_up.household(tmp_path).run
    status.write(found, {})
    return found


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return made_up.household(tmp_path).state


@pytest.fixture
def files(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A configuration, which is looked at in this process."""
    folder = tmp_path / "config"
    folder.mkdir()
    given = made.files(folder)

    def ask(_: Configuration, request: Request | None) -> dict[str, object]:
        return facts(given, None if request is None else dumps(request))

    monkeypatch.setattr(Configuration, "_ask", ask)
    app.extensions["commonwatt"].configuration = Configuration(given)
    return given


def send(visitor: Visitor, path: str, **form: str) -> tuple[int, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/account/"))
    assert found
    data = {"csrf": found[1], "form": new_id(), **form}
    answer = visitor.client.post(path, base_url=ORIGIN, data=data)
    return answer.status_code, html.unescape(answer.text)


def page(visitor: Visitor) -> str:
    return html.unescape(visitor.get("/find-devices"))


# --- what is told ----------------------------------------------------------------------------------------

ANSWER = Answer(id="a" * 32, state=State.DONE)


def asked_for(age: float = 0.0, id: str = "b" * 32) -> asked.Asked:
    now = asked.request(id=id, by="ada", what=What.SCAN)
    return replace(now, boottime=1_000.0 - age, boot="boot")


@pytest.mark.parametrize(
    ("answer", "waiting", "stands"),
    [
        (None, [], Standing()),
        ((ANSWER, 3.0), [], Standing(answer=ANSWER, age=3.0)),
        ((ANSWER, finding.GOOD_FOR + 1), [], Standing(age=finding.GOOD_FOR + 1)),
        ((replace(ANSWER, state=State.GOING_ON), LASTING + 1), [], Standing(age=LASTING + 1)),
        (None, [asked_for()], Standing(asked=True)),
        ((ANSWER, 3.0), [asked_for()], Standing(asked=True)),
        ((ANSWER, 3.0), [asked_for(id=ANSWER.id)], Standing(answer=ANSWER, age=3.0)),
        (None, [asked_for(LASTING)], Standing(problem=finding.NOBODY)),
    ],
)
def test_how_it_stands(
    answer: tuple[Answer, float] | None, waiting: list[asked.Asked], stands: Standing
) -> None:
    assert standing(What.SCAN, answer, waiting, 1_000.0, "boot") == stands
    assert standing(What.TRY, None, waiting, 1_000.0, "boot") == Standing()


def test_a_form_leaves_out_what_is_empty_and_what_is_no_option() -> None:
    given = {**INA219, "shunt": " 0.0015 ", "invert": "", "csrf": "x", "name": "heater", "every": "1 h"}
    assert finding.options(given) == {**INA219, "shunt": "0.0015"}
    assert finding.options({"driver": "http", "url": "x"}) == {"driver": "http"}


# --- looking ---------------------------------------------------------------------------------------------


def test_a_look_is_asked_of_the_logger(member: Visitor, run: Path, state: Path) -> None:
    assert 'id="find"' in member.get("/devices")
    assert "Look what is connected" in page(member)
    assert send(member, "/find-devices")[0] == 303
    [wish] = asked.waiting(state)
    assert (wish.what, wish.by, dict(wish.options)) == (What.SCAN, "home", {})
    assert "Asked; the logger begins" in page(member)


def test_what_is_found_is_shown_as_it_comes(member: Visitor, run: Path) -> None:
    going = Answer(id="a" * 32, state=State.GOING_ON, share=50, doing="/dev/ttyUSB0", found=FOUND[:3])
    answers.write(run, What.SCAN, going)
    text = page(member)
    assert "at /dev/ttyUSB0" in text
    assert 'value="50"' in text
    assert "Try it" not in text, "while it looks at a bus it reads no device there"
    answers.write(run, What.SCAN, replace(going, state=State.DONE, found=FOUND))
    text = page(member)
    assert "in use by battery" in text
    assert text.count("Try it") == 2
    assert "The meter's address on the line" in text
    assert "Kind of meter" in text


def test_an_empty_host_says_what_to_do(member: Visitor, run: Path) -> None:
    note = "There is no I²C bus here. On a Raspberry Pi switch it on: raspi-config."
    answers.write(run, What.SCAN, Answer(id="a" * 32, state=State.DONE, notes=(note,)))
    text = page(member)
    assert note in text
    assert finding.NOTHING in text


def test_without_a_logger_nobody_can_look(member: Visitor) -> None:
    assert finding.NO_LOGGER in page(member)


def test_a_folder_that_cannot_be_written_is_said(member: Visitor, run: Path, state: Path) -> None:
    (state / asked.FOLDER).write_text("in the way")
    status_, text = send(member, "/find-devices")
    assert status_ == 503
    assert "cannot be written" in text


# --- trying ----------------------------------------------------------------------------------------------


def test_a_device_is_tried_as_it_is_wired(member: Visitor, run: Path, state: Path) -> None:
    form = {**MODBUS, "unit": "7", "map": "sdm630", "baud": "", "rating": "20 kW"}
    assert send(member, "/find-devices/try", **form)[0] == 303
    [wish] = asked.waiting(state)
    assert dict(wish.options) == {**MODBUS, "unit": "7", "map": "sdm630", "rating": "20 kW"}
    assert "Asked; it begins" in page(member)


@pytest.mark.parametrize(
    "change",
    [{"driver": "http"}, {"unit": "0"}, {"at": "/etc/passwd"}, {"map": "/etc/shadow"}, {"unit": ""}],
)
def test_what_cannot_be_tried_is_not_asked_for(
    member: Visitor, run: Path, state: Path, change: Mapping[str, str]
) -> None:
    code, text = send(member, "/find-devices/try", **{**MODBUS, **change})
    assert code == 400
    assert 'id="problem"' in text
    assert asked.waiting(state) == []


def test_what_it_says_is_shown_and_can_be_added_once_it_measures(member: Visitor, run: Path) -> None:
    going = Answer(
        id="a" * 32, state=State.GOING_ON, share=30, options=INA219, samples=3,
        values={"current": 1_500, "voltage": 12_000}, quality="good",
    )  # fmt: skip
    answers.write(run, What.TRY, going)
    text = page(member)
    assert "1.50 A" in text
    assert "12.00 V" in text
    assert 'id="add"' not in text
    answers.write(run, What.TRY, replace(going, state=State.DONE, share=100))
    text = page(member)
    assert 'id="add"' in text
    assert 'name="address" value="0x4a"' in text
    failed = replace(going, state=State.FAILED, samples=0, values={}, reason="It does not answer; check it.")
    answers.write(run, What.TRY, failed)
    text = page(member)
    assert "It does not answer; check it." in text
    assert 'id="add"' not in text


# --- adding ----------------------------------------------------------------------------------------------


def test_a_sensor_is_shown_as_yaml_and_then_asked_for(
    member: Visitor, run: Path, state: Path, files: list[Path]
) -> None:
    form = {**INA219, "name": "Heater", "rating": "40 W"}
    code, text = send(member, "/find-devices/add", **form)
    assert code == 200
    assert "sensors:\n  heater: {driver: ina219, address: 0x4a, rating: 40 W}" in text
    assert queue.waiting(state) == []
    hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', text))
    assert hidden["sure"] == "yes"
    assert send(member, "/find-devices/add", **hidden)[0] == 303
    [wish] = queue.waiting(state)
    wanted = "{driver: ina219, address: 0x4a, rating: 40 W}"
    assert wish.changes == (Change(("sensors", "heater"), wanted),)
    assert f"asked for a new sensor heater: {wanted}" in member.get("/account/audit")
    assert "Added last" in page(member)


@pytest.mark.parametrize("name", ["", "-x", "a b", "x" * 41, "../x", "battery"])
def test_a_name_is_one(member: Visitor, run: Path, state: Path, files: list[Path], name: str) -> None:
    code, text = send(member, "/find-devices/add", **INA219, name=name)
    assert code == 400
    assert 'id="problem"' in text
    assert queue.waiting(state) == []


def test_what_who_applies_it_would_refuse_is_told_before(
    member: Visitor, run: Path, state: Path, files: list[Path]
) -> None:
    files[1].write_text("sensors: {oven: {driver: ina219, address: 0x4a}}\n")
    code, text = send(member, "/find-devices/add", **INA219, name="heater")
    assert code == 400
    assert "is in use by oven already" in text
    sure = {"sure": "yes", "base": "a" * 64}
    code, text = send(member, "/find-devices/add", **INA219, name="heater", **sure)
    assert code == 409
    assert "changed meanwhile" in text
    assert queue.waiting(state) == []


def test_a_configuration_that_cannot_be_read_is_told(app: Flask, member: Visitor, run: Path) -> None:
    app.extensions["commonwatt"].configuration = Configuration([])
    code, text = send(member, "/find-devices/add", **INA219, name="heater")
    assert code == 503
    assert "cannot be added now" in text


# --- who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_a_viewer_reads_a_member_looks_and_only_an_operator_tries_and_adds(
    stranger: Visitor, run: Path, state: Path, role: str
) -> None:
    users = Users(state / USERS)
    users.put("guest", role, "a password", at=time.time())
    users.close()
    stranger.log_in("a password", "guest")
    answers.write(run, What.SCAN, Answer(id="a" * 32, state=State.DONE, found=FOUND))
    answers.write(run, What.TRY, Answer(id="a" * 32, state=State.DONE, options=INA219, samples=1))
    text = page(stranger)
    assert "INA219" in text
    assert "Try it" not in text
    assert 'id="add"' not in text
    assert ("Look again" in text) is (role == "member")
    assert send(stranger, "/find-devices")[0] == (303 if role == "member" else 403)
    assert send(stranger, "/find-devices/try", **INA219)[0] == 403
    assert send(stranger, "/find-devices/add", **INA219, name="heater")[0] == 403
    assert queue.waiting(state) == []


def test_live_pages_are_told_once_somebody_looked(app: Flask, member: Visitor, run: Path) -> None:
    here = app.extensions["commonwatt"]
    assert "finding" not in here.news()
    page(member)
    before = here.news()["finding"]["seen"]
    answers.write(run, What.SCAN, Answer(id="a" * 32, state=State.DONE))
    assert here.news()["finding"]["seen"] != before
