"""Settings as plain records: the same to whoever reads them, and nothing of what checked them is left."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from node.config import Settings, load
from node.plain import Plain, plain, section

EXAMPLE = Path(__file__).parents[3] / "config.example.yml"

CHECKING = {"pydantic", "yaml", "click", "node.config", "node.cli"}
"""What reads the configuration, and no daemon needs."""


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load([EXAMPLE])


def compare(model: object, record: Any) -> int:
    """Compare a model with its record, key by key; answers how many values were compared."""
    if not isinstance(model, BaseModel):
        if isinstance(model, dict):
            assert list(record) == list(model)
            return sum(compare(model[key], record[key]) for key in model)
        if isinstance(model, tuple):
            assert len(record) == len(model)
            return sum(map(compare, model, record))
        assert record == model
        return 1
    assert isinstance(record, Plain)
    return sum(compare(getattr(model, key), getattr(record, key)) for key in type(model).model_fields)


def test_a_record_says_what_its_model_says(settings: Settings) -> None:
    assert compare(settings, section(settings)) > 80


def test_a_record_has_its_models_properties(settings: Settings) -> None:
    record = section(settings)
    assert record.paths.meters == settings.paths.meters
    assert record.sensors["feed-1"].options == settings.sensors["feed-1"].options == {"address": 0x45}
    assert settings.relay is not None
    assert [tie.contact for tie in record.relay.ties] == [tie.contact for tie in settings.relay.ties] != []


def test_settings_do_not_change(settings: Settings) -> None:
    record = section(settings)
    with pytest.raises(AttributeError, match="settings do not change: name"):
        record.household.name = "alder"
    with pytest.raises(AttributeError, match="settings do not change: name"):
        del record.household.name
    assert record.household.name == "birch"


def test_records_are_read_without_what_checked_them(settings: Settings) -> None:
    reader = "import pickle, sys; pickle.load(sys.stdin.buffer); print(*sys.modules)"
    told = pickle.dumps(section(settings))
    answer = subprocess.run([sys.executable, "-c", reader], input=told, capture_output=True, check=True)
    assert CHECKING.isdisjoint(answer.stdout.decode().split())


def test_nothing_is_handed_over_that_the_daemon_might_not_know() -> None:
    with pytest.raises(TypeError, match="cannot carry"):
        plain({"driver": object()})


@pytest.mark.parametrize(
    "room",
    ["node.lean", "node.logger.run", "node.client_interaction.loop", "relay_server.app", "node.dapp.app"],
)
def test_no_daemon_loads_what_checks_the_configuration(room: str) -> None:
    importer = (
        f"import sys; from chain.daemon import configure_logs; configure_logs(); import {room}; "
        "import relay_server.drivers.rpi_gpio, node.sensors.ina219, simulation.drivers.pins, "
        "simulation.drivers.sensor; print(*sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", importer], capture_output=True, check=True)
    click = {"click"} if "dapp" in room else set()  # Flask has its own use for it
    assert (CHECKING - click | {"rich", "web3", "eth_account"}).isdisjoint(answer.stdout.decode().split())
