"""What well-known devices publish where, from their makers' documentation.

Tasmota: https://tasmota.github.io/docs/MQTT/. Shelly: https://shelly-api-docs.shelly.cloud/ (generation 2 and
later: Switch; generation 1: relay). zigbee2mqtt: https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from node.sensors import payload
from node.sensors.payload import Picture


@dataclass(frozen=True)
class Topic:
    """One topic; `{device}` stands for the device's name."""

    name: str
    picture: Picture


@dataclass(frozen=True)
class Presence:
    """A topic whose message says whether the device is there; kept by the broker."""

    topic: str
    words: tuple[str, ...]
    """What it says when the device is away."""

    def away(self, message: bytes) -> bool:
        """Whether a message says so: the bare word, or `{"state": word}`."""
        text = message.decode(errors="replace")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = text
        if isinstance(document, dict):
            document = document.get("state")
        said = str(document).lower() if isinstance(document, bool) else document
        return said in self.words


@dataclass(frozen=True)
class Kind:
    """All topics of a device."""

    topics: tuple[Topic, ...]
    presence: Presence | None = None

    def of(self, device: str) -> Kind:
        """The same for a device with that name."""
        presence = self.presence
        return Kind(
            tuple(replace(topic, name=topic.name.replace("{device}", device)) for topic in self.topics),
            presence and replace(presence, topic=presence.topic.replace("{device}", device)),
        )


def _topic(name: str, units: Mapping[str, str] | None = None, **values: str) -> Topic:
    return Topic(name, payload.picture(values, units or {}))


KINDS: Mapping[str, Kind] = {
    "tasmota": Kind(
        (
            _topic(
                "tele/{device}/SENSOR",
                power="ENERGY.Power",
                voltage="ENERGY.Voltage",
                current="ENERGY.Current",
                forward="ENERGY.Total",
            ),
        ),
        Presence("tele/{device}/LWT", ("Offline",)),
    ),
    "shelly": Kind(
        (
            _topic(
                "{device}/status/switch:0",
                {"forward": "Wh"},
                power="apower",
                voltage="voltage",
                current="current",
                forward="aenergy.total",
            ),
        ),
        Presence("{device}/online", ("false",)),
    ),
    "shelly-gen1": Kind(
        (
            _topic("shellies/{device}/relay/0/power", power=""),
            _topic("shellies/{device}/relay/0/energy", {"forward": "Wmin"}, forward=""),
        ),
        Presence("shellies/{device}/online", ("false",)),
    ),
    "zigbee2mqtt": Kind(
        (
            _topic(
                "zigbee2mqtt/{device}", power="power", voltage="voltage", current="current", forward="energy"
            ),
        ),
        Presence("zigbee2mqtt/{device}/availability", ("offline",)),
    ),
}
"""By the option `kind`."""
