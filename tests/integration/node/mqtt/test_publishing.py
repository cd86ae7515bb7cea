"""`commonwatt mqtt run` against a real Mosquitto, as Home Assistant sees it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from node.client_interaction.status import State
from store import snapshot
from tests.alongside import repeating
from tests.integration.dapp import made_up
from tests.integration.node.sensors.broker import ADDRESS, Broker, broker

__all__ = ["broker"]

CHECKOUT = Path(__file__).parents[4]
PATIENCE = 60.0

CONFIGURATION = """
household: {{name: birch, role: prosumer}}
paths: {{run: run, state: state}}
account: {{keystore: k, password_file: p}}
chain: {{rpc: "http://127.0.61.2:1", genesis: g, manifest: m}}
sensors:
  battery: {{driver: ina219}}
  load: {{driver: ina219}}
battery: {{sensor: battery, capacity: 3 Wh}}
mqtt: {{broker: {broker}, every: 1 s}}
"""


class Subscriber:
    """Keeps the newest message of each topic, and whether the broker had kept it."""

    def __init__(self, port: int) -> None:
        self.known: dict[str, str] = {}
        self.kept: set[str] = set()
        self._changed = threading.Condition()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(ADDRESS, port)
        self._client.loop_start()

    def until(self, what: Callable[[dict[str, str]], bool]) -> None:
        """Wait until the known messages are so."""
        with self._changed:
            assert self._changed.wait_for(lambda: what(self.known), PATIENCE), self.known

    def forget(self) -> None:
        with self._changed:
            self.known.clear()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _heard(self, _client: Client, _data: Any, message: Any) -> None:
        with self._changed:
            self.known[message.topic] = message.payload.decode()
            if message.retain:
                self.kept.add(message.topic)
            self._changed.notify_all()


@contextmanager
def running(folder: Path, at: str) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon, as a household runs it."""
    (folder / "commonwatt.yml").write_text(CONFIGURATION.format(broker=at))
    command = [sys.executable, "-m", "node.cli", "mqtt", "run", "--config", str(folder / "commonwatt.yml")]
    with (folder / "mqtt.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def household(tmp_path: Path) -> Path:
    made_up.publish(tmp_path)
    return tmp_path


@pytest.fixture
def heard(broker: Broker) -> Iterator[Subscriber]:
    subscriber = Subscriber(broker.port)
    yield subscriber
    subscriber.close()


@contextmanager
def fresh(root: Path) -> Iterator[None]:
    """The household's processes go on publishing."""
    with repeating(lambda: made_up.publish(root, State.SUPPLIED), 0.3):
        yield


LOAD = "commonwatt/birch/meter/load"
HERE = "commonwatt/birch/availability"


def test_home_assistant_finds_every_value_and_reads_it(
    broker: Broker, heard: Subscriber, household: Path
) -> None:
    with fresh(household), running(household, f'"{broker.address}"'):
        heard.until(lambda known: known.get(HERE) == "online" and LOAD in known)
        assert json.loads(heard.known[LOAD]) == {"power": 73.6, "forward": 0.12249, "reverse": 0.0008}
        late = Subscriber(broker.port)
        late.until(lambda known: HERE in known and len(configs(known)) == 11)
        late.until(lambda known: all(json.loads(c)["state_topic"] in known for c in configs(known).values()))
        late.close()
    found = configs(late.known)
    assert late.kept == {*found, HERE, *(t for t in late.known if t.endswith("/availability"))}
    power = json.loads(found["homeassistant/sensor/commonwatt-birch-meter-load-power/config"])
    assert (power["state_topic"], power["unit_of_measurement"], power["device_class"]) == (LOAD, "W", "power")
    for text in found.values():
        told = json.loads(text)
        topics = [each["topic"] for each in told["availability"]]
        assert all(late.known[topic] == "online" for topic in topics)
        assert told["availability_mode"] == "all"
        key = told["value_template"].removeprefix("{{ value_json.").removesuffix(" }}")
        assert key in json.loads(late.known[told["state_topic"]])


def configs(known: dict[str, str]) -> dict[str, str]:
    return {topic: text for topic, text in known.items() if topic.endswith("/config")}


def test_a_stale_value_is_unavailable_and_comes_back(
    broker: Broker, heard: Subscriber, household: Path
) -> None:
    with running(household, f'"{broker.address}"'):
        with fresh(household):
            heard.until(lambda known: known.get(f"{LOAD}/availability") == "online")
        made_up.publish(household, sampled=snapshot.boottime() - 60)
        heard.until(lambda known: known.get(f"{LOAD}/availability") == "offline")
        heard.forget()
        with fresh(household):
            heard.until(lambda known: known.get(f"{LOAD}/availability") == "online" and LOAD in known)


def test_a_daemon_that_is_killed_or_stopped_is_offline(
    broker: Broker, heard: Subscriber, household: Path
) -> None:
    for ending in (signal.SIGKILL, signal.SIGTERM):
        with running(household, f'"{broker.address}"') as process:
            heard.until(lambda known: known.get(HERE) == "online")
            process.send_signal(ending)
            heard.until(lambda known: known.get(HERE) == "offline")
            assert process.wait(PATIENCE) == (-signal.SIGKILL if ending is signal.SIGKILL else 0)


def test_it_waits_for_its_broker_and_tells_everything_again(
    broker: Broker, heard: Subscriber, household: Path
) -> None:
    broker.stop()
    with fresh(household), running(household, f'"{broker.address}"'):
        time.sleep(1)
        broker.start()
        heard.until(lambda known: known.get(HERE) == "online" and len(configs(known)) == 11)
        broker.stop()
        heard.forget()
        broker.start()  # it has forgotten what it kept
        heard.until(lambda known: known.get(HERE) == "online" and len(configs(known)) == 11 and LOAD in known)


def test_without_a_broker_it_says_what_to_configure(household: Path) -> None:
    with running(household, "null") as process:
        assert process.wait(PATIENCE) == 78
    [line] = (household / "mqtt.log").read_text().splitlines()
    assert line.startswith("commonwatt: mqtt.broker is not set")


def test_a_wrong_password_is_logged_and_tried_again(broker: Broker, household: Path) -> None:
    broker.stop()
    broker.password("birch", "secret")
    broker.start()
    with running(household, f'"{broker.address}"'):
        until = time.monotonic() + PATIENCE
        while (text := (household / "mqtt.log").read_text()).count("broker_refuses") < 2:
            assert time.monotonic() < until, text
            time.sleep(0.1)
