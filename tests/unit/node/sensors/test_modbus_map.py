"""Register maps: those that come with Commonwatt, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.sensors.driver import Quantity
from node.sensors.errors import OptionsRefused
from node.sensors.modbus_map import known, load


@pytest.mark.parametrize("name", known())
def test_every_map_that_comes_along_can_be_read(name: str) -> None:
    meter = load(name)
    assert Quantity.POWER in meter.values and meter.line.name
    asked = [address for block in meter.blocks() for address in block]
    assert len(asked) == len(set(asked))
    for value in meter.values.values():
        assert set(range(value.address, value.end)) <= set(asked)


def test_neighbours_are_asked_for_together_and_others_apart() -> None:
    assert load("pzem-004t").blocks() == [range(7)]
    assert load("sdm120").blocks() == [range(2), range(6, 8), range(12, 14), range(0x48, 0x4C)]


def power(value: str, address: int = 1) -> str:
    return f"name: x\nvalues: {{power: {{address: {address}, {value}}}}}\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- 1", "write keys and values"),
        ("name: x", "values: name at least one quantity"),
        ("name: x\nvalues: {watts: {}}", "there is no quantity 'watts'"),
        ("name: x\nvalues: {power: 5}", "values.power: write {address: 0"),
        (
            power("type: float32"),
            "values.power: the option 'unit' is missing",
        ),
        (
            power("type: f, unit: W"),
            "values.power: type: 'f': write one of int16",
        ),
        (
            power("type: int16, unit: V"),
            "values.power.unit: 'V': write one of W",
        ),
        (power("type: int16, unit: W", -1), "values.power: address: -1"),
        (
            power("type: int16, unit: W") + "registers: coils",
            "registers: 'coils'",
        ),
        (
            power("type: int16, unit: W") + "speed: 1",
            "there is no option 'speed'",
        ),
        ("{", "while parsing"),
        ("!!python/object:os.system {}", "could not determine a constructor"),
    ],
)
def test_a_wrong_map_is_refused_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "meter.yml"
    file.write_text(text)
    with pytest.raises(OptionsRefused) as refusal:
        load(str(file))
    assert str(file) in str(refusal.value) and why in str(refusal.value)
