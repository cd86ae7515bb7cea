"""What is published, and how Home Assistant finds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from node.dapp.sources import Observation, observe
from node.mqtt.messages import discovery, parts, presence, state
from node.mqtt.settings import MqttSettings
from store import snapshot
from tests.integration.dapp import made_up

ROOT = "commonwatt/birch"


def told(root: Path, age: float = 0.0) -> dict[str, dict[str, object] | None]:
    now = snapshot.boottime()
    made_up.publish(root, sampled=now - age)
    seen = observe(made_up.household(root), 0.0, now)
    return {part.name: part.state for part in parts(made_up.household(root), seen)}


def test_what_is_alive_has_a_state_in_everyday_units(tmp_path: Path) -> None:
    known = told(tmp_path)
    assert known["meter/load"] == {"power": 73.6, "forward": 0.12249, "reverse": 0.0008}
    assert known["battery"] == {"soc": 41.3, "voltage": 3.842, "power": 21.4}
    assert known["trading"] is not None
    assert (known["trading"]["state"], known["trading"]["balance"]) == ("supplied", 93.4182)


@pytest.mark.parametrize(("age", "alive"), [(4.0, True), (6.0, False)])
def test_what_is_stale_has_none(tmp_path: Path, age: float, alive: bool) -> None:
    known = told(tmp_path, age)
    assert (known["meter/load"] is not None, known["battery"] is not None) == (alive, alive)


def test_nothing_is_alive_before_anything_was_published(tmp_path: Path) -> None:
    found = list(parts(made_up.household(tmp_path), Observation(unix=0.0)))
    assert all(part.state is None and state(ROOT, part) is None for part in found)


def test_discovery_names_topics_that_are_published(tmp_path: Path) -> None:
    house = made_up.household(tmp_path)
    known = told(tmp_path)
    identities = set()
    for message in discovery(house, ROOT, "homeassistant", every=10):
        assert message.retain
        config = json.loads(message.payload)
        identities.add(config["unique_id"])
        part = config["state_topic"].removeprefix(f"{ROOT}/")
        key = config["value_template"].removeprefix("{{ value_json.").removesuffix(" }}")
        assert key in (known[part] or {})
        assert [each["topic"] for each in config["availability"]] == [
            presence(ROOT, True).topic, presence(f"{ROOT}/{part}", True).topic,
        ]  # fmt: skip
        assert config["expire_after"] == 31
    assert len(identities) == 3 * len(house.meters) + 5


def test_user_and_password_go_together() -> None:
    assert MqttSettings().broker is None
    with pytest.raises(ValidationError, match="go together"):
        MqttSettings.model_validate({"user": "birch"})
    with pytest.raises(ValidationError, match=r"10\.0\.0\.5:1883"):
        MqttSettings.model_validate({"broker": "nowhere"})
