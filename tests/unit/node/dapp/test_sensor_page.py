"""A sensor's own page: live, calibrated out of what the logger publishes, saved as any change is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from node.changes import queue
from node.changes.request import Change
from node.dapp import calibrations
from node.dapp.calibrations import LASTING, LONGEST, Busy, Calibrations
from node.dapp.configuration import Looked, Unread
from node.dapp.context import Context
from node.dapp.users import FILE as USERS
from node.dapp.users import Users
from node.sensors import status
from node.sensors.calibrating import Refused
from node.sensors.known_load import Corrected
from node.sensors.status import State, Status
from store import snapshot
from store.requests import new_id
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

LOAD = Status(
    driver="ina219",
    state=State.LIVE,
    values={"current": 1_500, "voltage": 12_000, "power": 18_000},
    rating=36_000,
    corrections={"current": (10, 1.0)},
)


class Time:
    """A clock that goes on when somebody waits; the logger publishes a sample each second of it."""

    def __init__(self, run: Path, publish: Callable[[int], Status | None]) -> None:
        self.now, self._run, self._publish = 0.0, run, publish

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        one = self._publish(int(self.now))
        if one is not None:
            status.write(self._run, {"load": one})


def steady(second: int) -> Status:
    current = 1_500 + second % 2
    return replace(LOAD, taken=float(second), values={**LOAD.values, "current": current})


def measured(run: Path, publish: Callable[[int], Status | None], true: float | None) -> Calibrations:
    time = Time(run, publish)
    here = Calibrations(run, time.clock, time.pause)
    here.begin("load", "current", true)
    here.measuring.wait()
    return here


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return made_up.household(tmp_path).run


def test_a_gain_is_found_from_what_the_logger_published(run: Path) -> None:
    standing = measured(run, steady, 1_530.0).standing("load")
    assert standing is not None
    assert standing.came is not None
    assert standing.samples >= LASTING - 2
    assert isinstance(standing.came.result, Corrected)
    assert standing.came.result.zero == 10
    assert standing.came.result.gain == pytest.approx(1_530 / 1_500.5, abs=0.001)


def test_only_what_is_live_and_new_counts(run: Path) -> None:
    def stale(second: int) -> Status:
        return replace(steady(second), state=State.STALE)

    def frozen(second: int) -> Status:
        return replace(steady(0), taken=1.0)

    for publish in (stale, frozen):
        standing = measured(run, publish, None).standing()
        assert standing is not None
        assert standing.came is not None
        assert isinstance(standing.came.result, Refused)


def test_a_slow_sensor_is_measured_until_there_is_enough(run: Path) -> None:
    def slow(second: int) -> Status:
        return steady(second - second % 10)

    standing = measured(run, slow, 1_530.0).standing()
    assert standing is not None
    assert standing.found is not None
    assert LASTING < standing.samples * 10 <= LONGEST


def test_one_is_measured_at_a_time_and_an_old_one_is_forgotten(run: Path) -> None:
    time = Time(run, steady)
    here = Calibrations(run, time.clock, time.pause)
    here._standing = calibrations.Standing(
        wanted=calibrations.Wanted(id="1" * 32, sensor="panel", quantity="power", true=None), begun=0.0
    )
    with pytest.raises(Busy, match="Panel is being measured"):
        here.begin("load", "current", None)
    time.now = calibrations.GOOD_FOR
    assert here.standing() is None


class Looks:
    """The configuration as the pages see it."""

    def look(self) -> Looked:
        return Looked(file="household.yml", base="a" * 64, text="", fields=())


def send(visitor: Visitor, path: str, **form: str) -> tuple[int, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/account/"))
    assert found
    answer = visitor.client.post(path, base_url=ORIGIN, data={"csrf": found[1], **form})
    return answer.status_code, answer.text


def calibrated(app: Flask, run: Path, true: float | None = 1_530.0) -> Calibrations:
    """A household whose load was measured."""
    here: Context = app.extensions["commonwatt"]
    here.__dict__["configuration"] = Looks()
    here.__dict__["calibrations"] = found = measured(run, steady, true)
    status.write(run, {"load": replace(LOAD, taken=snapshot.boottime())})
    return found


def test_the_page_shows_what_is_measured_and_how_it_is_corrected(member: Visitor, run: Path) -> None:
    status.write(run, {"load": replace(LOAD, taken=snapshot.boottime())})
    page = member.get("/devices/load")
    for said in ("1.50 A", "12.00 V", "18.0 W", "zero 10 mA, gain 1", "Find the zero", "Find the gain"):
        assert said in page
    assert 'href="/devices/load"' in member.get("/devices")


def test_without_a_logger_or_a_sensor_it_says_so(member: Visitor) -> None:
    assert "commonwatt doctor" in member.get("/devices/load")
    assert member.code("/devices/nothing") == 404


def test_what_was_found_is_asked_for_as_any_change_is(app: Flask, member: Visitor, run: Path) -> None:
    standing = calibrated(app, run).standing()
    assert standing is not None
    assert standing.found is not None
    page = member.get("/devices/load")
    assert re.search(r"Zero 10 mA, gain 1\.0\d*: beyond its zero it shows \d\.\d % too little", page)
    state = made_up.household(run.parent).state
    form = {"form": new_id(), "measured": standing.wanted.id}
    assert send(member, "/devices/load/save", **{**form, "measured": "0" * 32})[0] == 409
    assert send(member, "/devices/panel/save", **form)[0] == 409
    assert queue.waiting(state) == []
    assert send(member, "/devices/load/save", **form)[0] == 303
    [asked] = queue.waiting(state)
    below = ("sensors", "load", "calibration", "current")
    gain = f"{standing.found.gain:g}"
    assert asked.changes == (Change((*below, "zero"), "10"), Change((*below, "gain"), gain))
    assert "asked for the calibration of load" in member.get("/account/audit")


def test_a_measurement_that_is_not_usable_says_why_and_cannot_be_saved(
    app: Flask, member: Visitor, run: Path
) -> None:
    standing = calibrated(app, run, 3.0).standing()
    assert standing is not None
    page = member.get("/devices/load")
    assert "not usable" in page
    assert "too small" in page
    assert 'id="save"' not in page
    assert send(member, "/devices/load/save", form=new_id(), measured=standing.wanted.id)[0] == 409


def test_a_configuration_that_cannot_be_read_is_told(app: Flask, member: Visitor, run: Path) -> None:
    standing = calibrated(app, run).standing()
    assert standing is not None

    class Broken:
        def look(self) -> Looked:
            raise Unread("no such file")

    app.extensions["commonwatt"].__dict__["configuration"] = Broken()
    status_, page = send(member, "/devices/load/save", form=new_id(), measured=standing.wanted.id)
    assert status_ == 503
    assert "no such file" in page


@pytest.mark.parametrize("true", ["", "much", "1e9", "1.5 W", "--2"])
def test_what_the_instrument_shows_is_a_number(member: Visitor, run: Path, true: str) -> None:
    status.write(run, {"load": replace(LOAD, taken=snapshot.boottime())})
    code, page = send(member, "/devices/load/calibrate", quantity="current", step="gain", true=true)
    assert code == 400
    assert "such as 1.53" in page


def test_only_what_can_be_calibrated_is_measured(member: Visitor) -> None:
    assert send(member, "/devices/load/calibrate", quantity="soc", step="zero")[0] == 400
    assert send(member, "/devices/nothing/calibrate", quantity="current", step="zero")[0] == 404


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_look_and_calibrate_nothing(stranger: Visitor, app: Flask, run: Path, role: str) -> None:
    standing = calibrated(app, run).standing()
    assert standing is not None
    state = made_up.household(run.parent).state
    users = Users(state / USERS)
    users.put("guest", role, "a password", at=1.0)
    users.close()
    stranger.log_in("a password", "guest")
    assert "Find the zero" not in stranger.get("/devices/load")
    assert send(stranger, "/devices/load/calibrate", quantity="current", step="zero")[0] == 403
    assert send(stranger, "/devices/load/save", form=new_id(), measured=standing.wanted.id)[0] == 403
    assert queue.waiting(state) == []
