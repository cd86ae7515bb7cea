"""A sensor that a page adds, or takes back: what in `sensors` is a family's besides calibrations.

It is a new name, never another device or another manner for one that is there; its driver and options are
those that a scan finds (`node.sensors.addable`); and what it would use, nobody uses yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from node.changes.request import Key
from node.changes.told import Trouble
from node.config.settings import Settings
from node.sensors import addable
from node.sensors.used import used
from quantities.said import Said

SECTION = "sensors"


def sensors_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands under `sensors`, as far as it is a section."""
    found = data.get(SECTION)
    return found if isinstance(found, Mapping) else {}


def new(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The sensors of which one says something and the other says nothing, by name."""
    known = sensors_of(before)
    return {name: given for name, given in sensors_of(after).items() if name not in known}


def is_about(key: Key, names: Mapping[str, Any]) -> bool:
    """Whether a key is one of these sensors, or below it."""
    return len(key) > 1 and key[0] == SECTION and key[1] in names


def troubles(added: Mapping[str, Any], old: Settings) -> Iterator[Trouble]:
    """What is wrong with sensors that are to be added.

    Args:
        old: the configuration without them.
    """
    users: dict[str, Any] = dict(old.sensors)
    if old.relay is not None:
        users["the relay"] = old.relay.pins
    taken = used(users)
    for name, given in added.items():
        if problem := addable.refusal(given):
            yield Trouble(f"{SECTION}.{name}", problem)
        elif whose := taken.by(given["driver"], given):
            yield Trouble(f"{SECTION}.{name}", Said("is in use by %(name)s already", name=whose))
