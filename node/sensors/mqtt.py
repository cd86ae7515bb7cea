"""A meter that publishes its values through an MQTT broker: Tasmota, Shelly, zigbee2mqtt, or any JSON.

    load: {driver: mqtt, broker: "10.0.0.5:1883", kind: tasmota, device: plug-1, every: 10 s}

    panel:
      driver: mqtt
      broker: 10.0.0.5:1883
      topic: solar/inverter
      values: {power: ac.power, forward: ac.total}
      every: 30 s

A value is as old as its message. What a broker kept for whoever comes later (a retained message) is of
unknown age and counts for nothing, except where it says that the device is away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition
from typing import TYPE_CHECKING, Any

from chain import options
from chain.endpoint import host_and_port
from node.sensors import payload, units, web
from node.sensors.driver import Measurement, Quantity
from node.sensors.errors import NothingYet, SensorError, SensorRefused
from node.sensors.mqtt_kinds import KINDS, Kind, Topic
from store.snapshot import boottime

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage

KEEP_ALIVE = 15
"""Seconds after which a silent connection is tried, and half of it later given up."""

FIRST = 1.0
"""Seconds that a read waits for the connection."""

RECONNECT = (1, 15)
"""Seconds between two tries, from first to longest."""


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: mqtt`."""

    broker: str
    """`host:port`; 1883 is usual, 8883 with TLS."""

    kind: str = "json"
    """What publishes: tasmota, shelly, shelly-gen1, zigbee2mqtt, or json, of which topic and values tell the
    rest."""

    device: str | None = None
    """Its name in its topics."""

    topic: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    """Quantity → path in the message: `{power: ac.power}`; an empty path where the message is the number."""

    units: Mapping[str, str] = field(default_factory=dict)
    """Quantity → unit, where it is not V, A, W, kWh or %."""

    user: str | None = None
    password_file: str | None = None
    tls: bool = False
    """Verify the broker by the system's certificates."""

    invert: bool = False
    """Its power and current are the meter's the other way round; forward and reverse change places."""

    def __post_init__(self) -> None:
        try:
            host_and_port(self.broker, "10.0.0.5:1883")
        except ValueError as error:
            raise options.OptionRefused(f"broker: {error}") from None
        self.described()
        web.paired(self.user, self.password_file)

    def described(self) -> Kind:
        """What is published where.

        Raises:
            OptionRefused: kind, device, topic and values do not go together.
        """
        if self.kind == "json":
            if not self.topic or not self.values:
                raise options.OptionRefused(
                    "topic and values are missing: add them, or name a kind and device"
                )
            if {"+", "#"} & set(self.topic):
                raise options.OptionRefused(f"topic: {self.topic!r}: name one topic, without + or #")
            return Kind((Topic(self.topic, payload.picture(self.values, self.units)),))
        if self.kind not in KINDS:
            raise options.OptionRefused(f"kind: {self.kind!r}: write one of json, {', '.join(KINDS)}")
        if not self.device or {"+", "#"} & set(self.device):
            raise options.OptionRefused("the option 'device' is missing; add it: the name in its topics")
        return KINDS[self.kind].of(self.device)


class MqttMeter:
    """Entry point `mqtt` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Begin to connect, in a thread of the library's; nobody is waited for.

        Raises:
            OptionsRefused: the password's file cannot be used.
        """
        self._options = options.read(Options, given)
        self._kind = self._options.described()
        self._changed = Condition()
        self._known: dict[str, list[Measurement]] = {}
        """Topic → what its newest message said."""
        self._wrong: str | None = None
        """What is wrong with the newest message."""
        self._away = False
        self._refused: str | None = None
        self._connected = False
        self._client = self._begin()

    def read(self) -> Sequence[Measurement]:
        """What the device last published.

        Raises:
            NothingYet: it has published nothing since the driver was opened.
            SensorRefused: the broker refuses user or password.
            SensorError: the broker is away, the device is, or its messages make no sense.
        """
        broker = f"the broker at {self._options.broker}"
        with self._changed:
            self._changed.wait_for(lambda: self._connected or self._refused is not None, FIRST)
            if self._refused is not None:
                raise SensorRefused(
                    f"{broker} refuses the connection ({self._refused}): correct user or password"
                )
            if not self._connected:
                raise SensorError(f"{broker} cannot be reached: does it run, and on that port?")
            if self._away:
                raise SensorError(f"{broker} says that the device is away: is it powered and on the network?")
            if self._wrong is not None:
                raise SensorError(f"the device {self._wrong}")
            if not self._known:
                names = " and ".join(topic.name for topic in self._kind.topics)
                raise NothingYet(
                    f"{broker} has sent nothing of {names} yet: if it stays so, look whether the device "
                    "publishes there (mosquitto_sub -v -t '#')"
                )
            return [measurement for known in self._known.values() for measurement in known]

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()

    def _begin(self) -> Client:
        from paho.mqtt.client import Client  # noqa: PLC0415 - only who has such a meter pays for it
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

        o = self._options
        client = Client(CallbackAPIVersion.VERSION2)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message = self._on_message
        client.reconnect_delay_set(*RECONNECT)
        login = web.login(o.user, o.password_file)
        if login is not None:
            client.username_pw_set(*login)
        if o.tls:
            client.tls_set()
        host, port = host_and_port(o.broker)
        client.connect_async(host, port, KEEP_ALIVE)
        client.loop_start()
        return client

    def _on_connect(self, client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._changed:
            self._connected = not reason.is_failure
            self._refused = str(reason) if reason.is_failure else None
            self._changed.notify_all()
        if not reason.is_failure:
            names = [topic.name for topic in self._kind.topics]
            if self._kind.presence is not None:
                names.append(self._kind.presence.topic)
            client.subscribe([(name, 0) for name in names])

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: Any, _reason: Any, _properties: Any
    ) -> None:
        with self._changed:
            self._connected = False

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        taken, presence, text = boottime(), self._kind.presence, bytes(message.payload)
        with self._changed:
            if presence is not None and message.topic == presence.topic:
                self._away = presence.away(text[: payload.LARGEST])
                return
            if message.retain:
                return
            self._away = False
            try:
                found = self._found(message.topic, text)
            except SensorError as error:
                self._wrong = str(error)
                return
            self._wrong = None
            if found:  # else a message about something else, such as the link's quality
                self._known[message.topic] = [
                    Measurement(quantity, value, taken) for quantity, value in found.items()
                ]

    def _found(self, name: str, text: bytes) -> dict[Quantity, int]:
        if len(text) > payload.LARGEST:
            raise SensorError(f"sends more than {payload.LARGEST >> 10} kB to {name}")
        topic = next(topic for topic in self._kind.topics if topic.name == name)
        found = payload.values(payload.read(text), topic.picture)
        if not found and name not in self._known:
            raise SensorError(f"shows none of {', '.join(topic.picture)} in {name}")
        return units.inverted(found) if self._options.invert else found
