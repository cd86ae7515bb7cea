"""The driver `citizenwatt` against a base station: its API as the base serves it, on a real web server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.sensors import citizenwatt
from node.sensors.driver import Quality, Quantity, Sensor, open_sensor
from node.sensors.errors import SensorError, SensorRefused
from store.snapshot import boottime
from tests.integration.node.sensors.web_server import Answer, Asked, WebServer

PATIENT = 20_000
"""Milliseconds that a busy machine may need for an answer."""

LOGIN = {"login": "home", "password": "s3cret"}


class Base:
    """A base station whose clock is its own."""

    def __init__(self) -> None:
        self.clock_ahead = 3_600.0
        self.sensors = [{"id": 1, "name": "CitizenWatt", "type": "Électricité", "type_id": 1}]
        self.measures: list[tuple[float, float]] = []
        self.broken: bytes | None = None
        self.server = WebServer(self._answer)

    def measured(self, watts: float, ago: float = 0.0) -> None:
        self.measures.append((self.now() - ago, watts))

    def now(self) -> float:
        return time.time() + self.clock_ahead

    def _answer(self, asked: Asked) -> Answer:
        if asked.method != "POST" or asked.form != LOGIN:
            return Answer(b"Access forbidden", status=403)
        if self.broken is not None:
            return Answer(self.broken)
        return Answer(json.dumps({"data": self._data(asked.path)}).encode())

    def _data(self, path: str) -> Any:
        if path == "/api/time":
            return self.now()
        if path == "/api/sensors":
            return self.sensors or None
        found = re.fullmatch(r"/api/1/get/watts/by_time/(\d+)/(\d+)", path)
        assert found, path
        first, end = map(int, found.groups())
        return [
            {"id": number, "sensor_id": 1, "value": watts, "timestamp": at, "night_rate": 0}
            for number, (at, watts) in enumerate(self.measures)
            if first <= at < end
        ] or None


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Base]:
    monkeypatch.setattr(citizenwatt, "POLL", 0.0)
    monkeypatch.setattr(citizenwatt, "LONGEST", PATIENT)
    made = Base()
    yield made
    made.server.stop()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "base.password"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    return file


def opened(base: Base, secret: Path, **options: object) -> Sensor:
    given = {"url": base.server.url, "login": "home", "password_file": str(secret), "timeout": PATIENT}
    return open_sensor("load", "citizenwatt", {**given, **options})


def test_the_newest_measure_is_as_old_as_the_bases_clock_says(base: Base, secret: Path) -> None:
    base.measured(300, ago=17)
    base.measured(412.5, ago=9)
    [power] = opened(base, secret).read()
    assert (power.quantity, power.value, power.quality) == (Quantity.POWER, 412_500, Quality.UNCERTAIN)
    assert boottime() - power.taken == pytest.approx(9, abs=20)


def test_a_measure_that_is_read_twice_keeps_its_time(base: Base, secret: Path) -> None:
    base.measured(300, ago=5)
    sensor = opened(base, secret)
    assert sensor.read() == sensor.read()
    assert len(base.server.asked) == 5


def test_it_may_be_the_meters_reverse(base: Base, secret: Path) -> None:
    base.measured(100)
    assert opened(base, secret, invert=True).read()[0].value == -100_000


def test_between_two_questions_the_last_answer_stands(
    base: Base, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(citizenwatt, "POLL", 1_000.0)
    base.measured(100)
    sensor = opened(base, secret)
    first = sensor.read()
    base.measured(200)
    assert sensor.read() == first
    assert len(base.server.asked) == 3


def test_a_base_that_hears_nothing_says_where_to_look(base: Base, secret: Path) -> None:
    base.measured(300, ago=61)
    with pytest.raises(SensorError, match="heard nothing of its sensor 1 for 60 s: look at the sensor"):
        opened(base, secret).read()


def test_a_wrong_password_needs_a_person(base: Base, secret: Path) -> None:
    secret.write_text("wrong")
    with pytest.raises(SensorRefused, match=r"refuses the login \(HTTP 403\)"):
        opened(base, secret).read()


def test_with_several_sensors_one_has_to_be_named(base: Base, secret: Path) -> None:
    base.sensors.append({"id": 4, "name": "Gaz", "type": "Gaz", "type_id": 2})
    base.measured(100)
    with pytest.raises(SensorRefused, match=r"by the option 'sensor': .* has 1 \(CitizenWatt\), 4 \(Gaz\)"):
        opened(base, secret).read()
    assert opened(base, secret, sensor=1).read()


def test_a_base_without_sensors_says_so(base: Base, secret: Path) -> None:
    base.sensors.clear()
    with pytest.raises(SensorRefused, match="the base station has none"):
        opened(base, secret).read()


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b'{"data": "x"}', b'{"data": [1]}', b'{"data": 5}'])
def test_nonsense_is_an_error_and_not_worse(base: Base, secret: Path, body: bytes) -> None:
    base.measured(100)
    sensor = opened(base, secret)
    base.broken = body
    with pytest.raises(SensorError):
        sensor.read()
    base.broken = None
    assert sensor.read()
