"""The driver `http` against a real web server."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.sensors import http
from node.sensors.driver import Measurement, Quantity, Sensor, open_sensor
from node.sensors.errors import OptionsRefused, SensorError, SensorRefused
from store.snapshot import boottime
from tests.integration.node.sensors.web_server import Answer, Asked, WebServer

SHELLY = {"apower": 61.5, "voltage": 230.1, "current": 0.281, "aenergy": {"total": 1_234.567}}
PATIENT = 20_000
"""Milliseconds that a busy machine may need for an answer."""

VALUES = {"power": "apower", "voltage": "voltage", "current": "current", "forward": "aenergy.total"}


class Plug:
    """A device whose document can be changed."""

    def __init__(self) -> None:
        self.document: Any = SHELLY
        self.answer: Answer | None = None
        self.server = WebServer(self._answer)

    def _answer(self, asked: Asked) -> Answer:
        return self.answer or Answer(json.dumps(self.document).encode())

    def opened(self, **options: object) -> Sensor:
        units = {"forward": "Wh"} if "values" not in options else {}
        given = {"url": f"{self.server.url}/status", "values": VALUES, "units": units, "timeout": PATIENT}
        return open_sensor("load", "http", {**given, **options})


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    monkeypatch.setattr(http, "LONGEST", PATIENT)
    made = Plug()
    yield made
    made.server.stop()


def values(measured: Any) -> dict[Quantity, int]:
    return {one.quantity: one.value for one in measured}


def test_a_document_is_measured(plug: Plug) -> None:
    before = boottime()
    found: list[Measurement] = list(plug.opened().read())
    assert values(found) == {
        Quantity.POWER: 61_500, Quantity.VOLTAGE: 230_100, Quantity.CURRENT: 281, Quantity.FORWARD: 1_234_567,
    }  # fmt: skip
    assert all(before <= one.taken <= boottime() for one in found)


def test_what_the_device_does_not_show_is_left_out(plug: Plug) -> None:
    plug.document = {"apower": "12.5", "voltage": None}
    assert values(plug.opened().read()) == {Quantity.POWER: 12_500}


def test_one_connection_serves_many_reads(plug: Plug) -> None:
    sensor = plug.opened()
    for _ in range(5):
        sensor.read()
    assert len(plug.server.asked) == 5
    sensor.close()
    assert sensor.read()
    sensor.close()


def test_a_device_that_says_when_it_measured_is_as_old_as_it_says(plug: Plug) -> None:
    plug.document = {"w": 5, "t": time.time() - 100}
    sensor = plug.opened(values={"power": "w"}, timestamp="t")
    [first], [second] = sensor.read(), sensor.read()
    assert boottime() - first.taken == pytest.approx(100, abs=20)
    assert first.taken == second.taken


def test_the_other_way_round_everything_changes_its_sign_or_place(plug: Plug) -> None:
    assert values(plug.opened(invert=True).read()) == {
        Quantity.POWER: -61_500, Quantity.CURRENT: -281,
        Quantity.VOLTAGE: 230_100, Quantity.REVERSE: 1_234_567,
    }  # fmt: skip


def test_a_login_is_sent(plug: Plug, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    plug.opened(user="admin", password_file=str(secret)).read()
    assert plug.server.asked[0].authorization == "Basic " + base64.b64encode(b"admin:s3cret").decode()
    secret.chmod(0o644)
    with pytest.raises(OptionsRefused, match="password_file: "):
        plug.opened(user="admin", password_file=str(secret))


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (Answer(b"{}", status=401), SensorRefused, "refuses the login .*: correct user or password"),
        (Answer(b"{}", status=404), SensorError, "answers HTTP 404 at .*: is the address right"),
        (Answer(b"<html>"), SensorError, "sends no JSON"),
        (Answer(b"[" * 50_000), SensorError, "sends no JSON"),
        (Answer(b"{}"), SensorError, "shows none of apower, .*: correct values"),
        (Answer(b'{"apower": true}'), SensorError, "shows True at apower, which is no number"),
        (Answer(b'{"apower": NaN}'), SensorError, "shows nan at apower"),
        (Answer(b'{"apower": 1e999}'), SensorError, "shows inf at apower"),
        (Answer(b'"' + b"x" * 70_000 + b'"'), SensorError, "sends more than 64 kB"),
        (Answer(b"{}", after=2.0), SensorError, "does not answer at .*[Tt]imed? ?out"),
    ],
)
def test_what_is_wrong_is_said(plug: Plug, answer: Answer, kind: type[Exception], why: str) -> None:
    sensor = plug.opened(timeout=1_000 if answer.after else PATIENT)
    plug.answer = answer
    with pytest.raises(kind, match=why):
        sensor.read()
    plug.answer = None
    assert values(plug.opened().read())[Quantity.POWER] == 61_500


def test_a_clock_in_the_future_is_not_believed(plug: Plug) -> None:
    plug.document = {"w": 5, "t": time.time() + 1_000}
    with pytest.raises(SensorError, match="s in the future: set its clock"):
        plug.opened(values={"power": "w"}, timestamp="t").read()


def test_a_device_that_is_away_may_come_back(plug: Plug) -> None:
    sensor = plug.opened()
    sensor.read()
    plug.server.stop()
    with pytest.raises(SensorError, match=r"does not answer at .*: is it powered and on the network"):
        sensor.read()
    plug.server = WebServer(plug._answer, plug.server.port)
    assert sensor.read()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"url": "10.0.0.1"}, "url: '10.0.0.1': write it with http://"),
        ({"values": {"watts": "x"}}, "there is no quantity 'watts'; there are voltage, "),
        ({"values": {}}, "values: name at least one"),
        ({"values": {"power": "a..b"}}, "values: 'a..b': write a path"),
        ({"units": {"soc": "%"}}, "units.soc: values has no soc"),
        ({"units": {"forward": "J"}}, "units.forward: 'J': write one of kWh"),
        ({"user": "x"}, "user and password_file go together"),
    ],
)
def test_a_wrong_option_is_named(plug: Plug, options: dict[str, Any], why: str) -> None:
    with pytest.raises(OptionsRefused, match=rf"sensors\.load: driver 'http': .*{why}"):
        plug.opened(**options)
