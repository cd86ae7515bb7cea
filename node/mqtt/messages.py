"""What is published: states, whether they are alive, and how Home Assistant finds them. Pure.

    PREFIX/HOUSEHOLD/availability           online | offline     retained; offline is also the broker's will
    PREFIX/HOUSEHOLD/PART                   JSON                 not retained: what is kept would look live
    PREFIX/HOUSEHOLD/PART/availability      online | offline     retained; offline: it is stale or silent
    DISCOVERY/sensor/ID/config              JSON                 retained

https://www.home-assistant.io/integrations/sensor.mqtt/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from node.client_interaction.status import State
from node.dapp.household import Household
from node.dapp.sources import STALE_METER, STALE_PROCESS, Observation
from node.dapp.words import capital
from quantities import Tokens
from quantities.money import MWH_PER_KWH

ONLINE, OFFLINE = "online", "offline"

LATE = 3
"""States that may be missed before Home Assistant takes a value for gone."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message."""

    topic: str
    payload: str
    retain: bool


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that is alive or not, as a whole."""

    name: str
    """Of its topic."""
    state: dict[str, object] | None
    """None: stale, or silent."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value of a part, as Home Assistant shows it."""

    part: str
    key: str
    name: str
    unit: str | None = None
    device_class: str | None = None
    state_class: str | None = None
    options: tuple[str, ...] = ()


def presence(root: str, alive: bool) -> Message:
    """Whether somebody publishes below a topic."""
    return Message(topic=f"{root}/availability", payload=ONLINE if alive else OFFLINE, retain=True)


def parts(house: Household, seen: Observation) -> Iterator[Part]:
    """Everything that may be alive, with its state if it is."""
    for meter in house.meters:
        yield Part(name=f"meter/{meter}", state=_meter(seen, meter))
    if house.battery:
        yield Part(name="battery", state=_battery(seen))
    yield Part(name="trading", state=_trading(seen))


def state(root: str, part: Part) -> Message | None:
    """A part's state; None: there is none."""
    if part.state is None:
        return None
    text = json.dumps(part.state, ensure_ascii=False, separators=(",", ":"))
    return Message(topic=f"{root}/{part.name}", payload=text, retain=False)


def discovery(house: Household, root: str, prefix: str, every: float) -> Iterator[Message]:
    """How Home Assistant finds every value.

    Args:
        every: seconds between two states; after three of them a value is gone.
    """
    device = {"identifiers": [f"commonwatt-{house.name}"], "name": house.title, "manufacturer": "Commonwatt"}
    for value in _values(house):
        identity = f"commonwatt-{house.name}-{value.part}-{value.key}".replace("/", "-")
        told = {
            "name": value.name,
            "unique_id": identity,
            "state_topic": f"{root}/{value.part}",
            "value_template": f"{{{{ value_json.{value.key} }}}}",
            "unit_of_measurement": value.unit,
            "device_class": value.device_class,
            "state_class": value.state_class,
            "options": list(value.options) or None,
            "availability": [
                {"topic": f"{root}/availability"},
                {"topic": f"{root}/{value.part}/availability"},
            ],
            "availability_mode": "all",
            "expire_after": round(LATE * every) + 1,
            "device": device,
        }
        text = json.dumps({key: each for key, each in told.items() if each is not None}, ensure_ascii=False)
        yield Message(topic=f"{prefix}/sensor/{identity}/config", payload=text, retain=True)


def _values(house: Household) -> Iterator[Value]:
    for meter in house.meters:
        part, name = f"meter/{meter}", capital(meter)
        yield _power(part, name)
        for way in ("forward", "reverse"):
            yield Value(
                part=part, key=way, name=f"{name} {way}", unit="kWh", device_class="energy",
                state_class="total_increasing",
            )  # fmt: skip
    if house.battery:
        yield Value(
            part="battery", key="soc", name="State of charge", unit="%", device_class="battery",
            state_class="measurement",
        )  # fmt: skip
        yield Value(
            part="battery", key="voltage", name="Battery voltage", unit="V", device_class="voltage",
            state_class="measurement",
        )  # fmt: skip
        yield _power("battery", "Battery charging")
    yield Value(part="trading", key="state", name="Trading", device_class="enum", options=tuple(State))
    yield Value(part="trading", key="balance", name="Balance", unit="tokens", state_class="measurement")


def _power(part: str, name: str) -> Value:
    return Value(
        part=part, key="power", name=f"{name} power", unit="W", device_class="power",
        state_class="measurement",
    )  # fmt: skip


def _meter(seen: Observation, name: str) -> dict[str, object] | None:
    register = seen.meters.get(name)
    if register is None or seen.ages[name] > STALE_METER:
        return None
    return {
        "power": register.power / 1_000,
        "forward": register.forward / MWH_PER_KWH,
        "reverse": register.reverse / MWH_PER_KWH,
    }


def _battery(seen: Observation) -> dict[str, object] | None:
    battery = seen.battery
    if battery is None or battery.age > STALE_METER:
        return None
    return {"soc": battery.soc / 100, "voltage": battery.voltage / 1_000, "power": battery.power / 1_000}


def _trading(seen: Observation) -> dict[str, object] | None:
    trading = seen.trading
    if trading is None or trading.age > STALE_PROCESS:
        return None
    status = trading.status
    return {
        "state": status.state,
        "reason": status.reason,
        "next": status.next,
        "balance": _tokens(status.balance),
    }


def _tokens(base: str | None) -> float | None:
    return None if base is None else int(base) / Tokens.parse(1).value
