"""The driver `mqtt` against a real broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from node.sensors.driver import Quantity, Sensor, open_sensor
from node.sensors.errors import NothingYet, OptionsRefused, SensorError, SensorRefused
from store.snapshot import boottime
from tests.integration.node.sensors.broker import PATIENCE, Broker, broker

__all__ = ["broker"]

TASMOTA = {
    "Time": "2026-11-25T19:00:00",
    "ENERGY": {"Total": 1.234, "Power": 61, "Voltage": 230, "Current": 0.281},
}
PLUG = {
    Quantity.POWER: 61_000, Quantity.VOLTAGE: 230_000, Quantity.CURRENT: 281, Quantity.FORWARD: 1_234_000,
}  # fmt: skip


def opened(broker: Broker, **options: object) -> Sensor:
    given = {"broker": broker.address, "kind": "tasmota", "device": "plug", **options}
    return open_sensor("load", "mqtt", given)


@pytest.fixture
def sensor(broker: Broker) -> Iterator[Sensor]:
    with closing(opened(broker)) as made:
        until(lambda: waits(made))
        yield made


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def waits(sensor: Sensor) -> bool:
    try:
        sensor.read()
    except NothingYet:
        return True
    except SensorError:
        return False
    return False


def values(sensor: Sensor) -> dict[Quantity, int]:
    try:
        return {measurement.quantity: measurement.value for measurement in sensor.read()}
    except SensorError:
        return {}


def error(sensor: Sensor) -> str:
    try:
        sensor.read()
    except SensorError as failure:
        return str(failure)
    return ""


def say(broker: Broker, sensor: Sensor, topic: str, message: Any) -> None:
    """Publish again and again until the sensor has heard something: it may not have subscribed yet."""

    def heard() -> object:
        broker.says(topic, message if isinstance(message, str) else json.dumps(message))
        return values(sensor)

    until(heard)


def test_a_message_is_measured_when_it_comes(broker: Broker, sensor: Sensor) -> None:
    before = boottime()
    say(broker, sensor, "tele/plug/SENSOR", TASMOTA)
    assert values(sensor) == PLUG
    assert all(before <= one.taken <= boottime() for one in sensor.read())


def test_between_two_messages_the_last_one_keeps_its_time(broker: Broker, sensor: Sensor) -> None:
    say(broker, sensor, "tele/plug/SENSOR", TASMOTA)
    until(lambda: sensor.read() == sensor.read())
    first = sensor.read()
    broker.says("tele/plug/SENSOR", json.dumps(TASMOTA))
    until(lambda: sensor.read()[0].taken > first[0].taken)


@pytest.mark.parametrize(
    ("kind", "topic", "message", "found"),
    [
        ("shelly", "plug/status/switch:0",
         {"id": 0, "output": True, "apower": 61.0, "voltage": 230.0, "current": 0.281,
          "aenergy": {"total": 1_234.0, "by_minute": [1, 2, 3]}}, PLUG),
        ("shelly-gen1", "shellies/plug/relay/0/power", "61.00", {Quantity.POWER: 61_000}),
        ("shelly-gen1", "shellies/plug/relay/0/energy", "60000", {Quantity.FORWARD: 1_000_000}),
        ("zigbee2mqtt", "zigbee2mqtt/plug",
         {"power": 61, "voltage": 230, "current": 0.281, "energy": 1.234, "linkquality": 90}, PLUG),
    ],
)  # fmt: skip
def test_well_known_devices_are_understood(
    broker: Broker, kind: str, topic: str, message: Any, found: dict[Quantity, int]
) -> None:
    with closing(opened(broker, kind=kind)) as sensor:
        say(broker, sensor, topic, message)
        assert values(sensor) == found


def test_any_json_is_understood(broker: Broker) -> None:
    paths = {"power": "phases[1].p", "reverse": "out"}
    options = {"kind": "json", "device": None, "topic": "sun", "values": paths, "units": {"power": "kW"}}
    with closing(opened(broker, invert=True, **options)) as sensor:
        say(broker, sensor, "sun", {"phases": [{}, {"p": 1.5}], "out": 2})
        assert values(sensor) == {Quantity.POWER: -1_500_000, Quantity.FORWARD: 2_000_000}


def test_a_retained_message_is_of_unknown_age_and_counts_for_nothing(broker: Broker) -> None:
    broker.says("tele/plug/SENSOR", json.dumps(TASMOTA), retain=True)
    broker.says("tele/plug/LWT", "Offline", retain=True)
    with closing(opened(broker)) as sensor:
        until(lambda: "says that the device is away" in error(sensor))
        broker.says("tele/plug/LWT", "Online", retain=True)
        until(lambda: waits(sensor))


def test_a_device_that_goes_away_is_not_live(broker: Broker, sensor: Sensor) -> None:
    say(broker, sensor, "tele/plug/SENSOR", TASMOTA)
    broker.says("tele/plug/LWT", "Offline")
    until(lambda: "says that the device is away: is it powered" in error(sensor))
    say(broker, sensor, "tele/plug/SENSOR", TASMOTA)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("<html>", "sends no JSON"),
        ('{"ENERGY": {}}', "shows none of power, voltage, current, forward in tele/plug/SENSOR"),
        ('{"ENERGY": {"Power": [1, 2]}}', r"shows [1, 2] at ENERGY.Power"),
        ("x" * 70_000, "sends more than 64 kB"),
    ],
)
def test_nonsense_is_an_error_until_sense_follows(
    broker: Broker, sensor: Sensor, message: str, why: str
) -> None:
    def complains() -> bool:
        broker.says("tele/plug/SENSOR", message)
        return why in error(sensor)

    until(complains)
    say(broker, sensor, "tele/plug/SENSOR", TASMOTA)


def test_a_message_about_something_else_changes_nothing(broker: Broker, sensor: Sensor) -> None:
    say(broker, sensor, "tele/plug/SENSOR", TASMOTA)
    first = sensor.read()
    broker.says("tele/plug/SENSOR", '{"Wifi": {"RSSI": 50}}')
    broker.says("tele/plug/SENSOR", json.dumps(TASMOTA))  # the same connection carries both, in order
    until(lambda: sensor.read()[0].taken > first[0].taken)
    assert values(sensor) == PLUG


def test_a_broker_that_is_away_may_come_back(broker: Broker, sensor: Sensor) -> None:
    say(broker, sensor, "tele/plug/SENSOR", TASMOTA)
    broker.stop()
    until(lambda: "cannot be reached: does it run, and on that port?" in error(sensor))
    broker.start()
    say(broker, sensor, "tele/plug/SENSOR", TASMOTA)


def test_a_refused_login_needs_a_person(broker: Broker, tmp_path: Path) -> None:
    broker.stop()
    broker.password("home", "s3cret")
    broker.start()
    secret = tmp_path / "password"
    secret.write_text("wrong")
    secret.chmod(0o600)
    with closing(opened(broker, user="home", password_file=str(secret))) as sensor:
        until(lambda: "refuses the connection" in error(sensor))
        with pytest.raises(SensorRefused, match="correct user or password"):
            sensor.read()
    secret.write_text("s3cret")
    with closing(opened(broker, user="home", password_file=str(secret))) as sensor:
        until(lambda: waits(sensor))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"broker": "10.0.0.5"}, "broker: write an address and a port"),
        ({"kind": "sonoff"}, "kind: 'sonoff': write one of json, tasmota, shelly"),
        ({"device": None}, "'device' is missing"),
        ({"device": "#"}, "'device' is missing"),
        ({"kind": "json"}, "topic and values are missing"),
        ({"kind": "json", "topic": "a/#", "values": {"power": ""}}, r"topic: 'a/#': name one topic"),
        ({"user": "x"}, "user and password_file go together"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], why: str) -> None:
    given = {"broker": "127.0.61.2:1", "kind": "tasmota", "device": "plug", **options}
    with pytest.raises(OptionsRefused, match=rf"sensors\.load: driver 'mqtt': .*{why}"):
        open_sensor("load", "mqtt", given)
