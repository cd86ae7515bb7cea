"""docs/contracts.md names tests that exist, every refusal of the market, and the committed gas table."""

from __future__ import annotations

import json
import re
from pathlib import Path

from contracts.codec import interface

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")


def test_every_test_that_holds_a_rule_or_an_attack_exists() -> None:
    sources = [*(ROOT / "contracts" / "test").glob("*.sol"), *(ROOT / "tests").glob("*/contracts/*.py")]
    written = set()
    for source in sources:
        written |= set(re.findall(r"(?:function|def) (\w+)\(", source.read_text(encoding="utf-8")))
    named = set(re.findall(r"`((?:test|testFuzz|invariant)_\w+)`", TEXT))
    assert len(named) > 60
    assert not named - written


def test_every_attack_and_every_hand_over_that_is_tested_is_told() -> None:
    for file in ("Attacks", "Authority", "Pausing", "Invariants"):
        source = (ROOT / "contracts" / "test" / f"{file}.t.sol").read_text(encoding="utf-8")
        assert not set(re.findall(r"function ((?:test|invariant)_\w+)\(", source)) - set(
            re.findall(r"`(\w+)`", TEXT)
        )


def test_every_refusal_is_told() -> None:
    own = {
        entry.name
        for name in ("EnergyMarket", "EnergyToken", "NodeRegistry")
        for entry in interface(name).errors.values()
        if not re.match(r"ERC20|ERC1363|ECDSA|Ownable|SafeERC20|InvalidShortString|StringTooLong", entry.name)
    }
    assert len(own) > 25
    assert not {each for each in own if f"`{each}`" not in TEXT}


def test_the_figures_are_those_of_the_gas_table() -> None:
    table = json.loads((ROOT / "contracts" / "snapshots" / "Gas.json").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| ([a-zA-Z][^|]+?) \| ([0-9,]+) \|", TEXT, re.MULTILINE)
    assert len(rows) > 5
    for what, gas in rows:
        assert int(table[what]) == int(gas.replace(",", "")), what
