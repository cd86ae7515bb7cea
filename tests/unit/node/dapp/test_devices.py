"""The Devices page: how sensors and contacts do, and what to do where they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flask import Flask

from node.dapp.neighbourhood import Relay
from node.sensors import status
from node.sensors.status import State, Status
from store import snapshot
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import Visitor
from tests.unit.node.dapp.test_contacts import CONTACTS, NOW, relay_says

LIVE = Status(driver="ina219", state=State.LIVE, values={"power": 12_800, "voltage": 3_842, "soc": 4_130})


def test_each_sensor_says_how_it_does_and_why(member: Visitor, tmp_path: Path) -> None:
    now = snapshot.boottime()
    failed = Status(driver="modbus", state=State.FAILED, reason="no answer on /dev/ttyUSB0", again=now + 9)
    stale = replace(LIVE, state=State.STALE, taken=now - 70, reason="nothing new")
    status.write(made_up.household(tmp_path).run, {"panel": LIVE, "load": failed, "battery": stale})
    page = member.get("/devices")
    assert "power 12.8 W" in page
    assert "voltage 3.84 V" in page
    assert "soc 41.30 %" in page
    assert "No answer on /dev/ttyUSB0. It is started anew by itself." in page
    assert "1 min ago" in page
    for badge in ("good", "bad", "ended"):
        assert f'class="badge {badge}"' in page


def test_without_a_logger_the_page_says_what_to_do(member: Visitor) -> None:
    assert "commonwatt logger run" in member.get("/devices")


def test_without_sensors_the_page_says_how_to_find_some(member: Visitor, tmp_path: Path) -> None:
    status.write(made_up.household(tmp_path).run, {})
    assert "Find what is connected" in member.get("/devices")


def test_the_own_contacts_are_shown_with_what_is_wrong(app: Flask, member: Visitor) -> None:
    relay_says(app, Relay(at=NOW, contacts=CONTACTS))
    page = member.get("/devices")
    assert "it did not open" in page
    assert "work on the line" in page
    assert "Tie 11" in page
    assert 'href="/contacts/"' in page


def test_an_own_relay_that_is_silent_is_an_alert(app: Flask, member: Visitor) -> None:
    relay_says(app, Relay(at=NOW, problem="no answer in 2 s"))
    page = member.get("/devices")
    assert "no answer in 2 s." in page
    assert "commonwatt doctor" in page
