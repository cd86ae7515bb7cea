"""The contracts as they are committed: the same bytes, documented, packed, tested by forge."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts import toolchain
from contracts.compile import ARTIFACTS, artifact, compiled
from contracts.errors import ToolMissing

CONTRACTS = Path(toolchain.__file__).parent

ITEMS = {
    "FunctionDefinition": ("external", "public"),
    "VariableDeclaration": ("public",),
    "EventDefinition": (None,),
    "ErrorDefinition": (None,),
    "StructDefinition": ("public",),
    "EnumDefinition": (None,),
    "ContractDefinition": (None,),
}
"""Kinds of nodes in solc's syntax tree, and the visibilities with which they are public."""


@pytest.fixture(scope="module")
def solc() -> Path:
    try:
        return toolchain.solc()
    except ToolMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def forge() -> Path:
    try:
        return toolchain.forge()
    except ToolMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def answer(solc: Path) -> dict[str, Any]:
    """What solc says about the sources."""
    return compiled()


def test_the_committed_artefacts_are_what_the_sources_compile_to(answer: dict[str, Any]) -> None:
    committed = {path.stem: path.read_text(encoding="utf-8") for path in ARTIFACTS.glob("*.json")}
    assert len(committed) == 3
    for name, text in committed.items():
        made = artifact(name, answer["contracts"][f"src/{name}.sol"][name], answer["version"])
        assert text == made, f"{name}.json is not of these sources: run python -m contracts.compile"


def test_everything_public_says_what_it_is_and_what_it_takes(answer: dict[str, Any]) -> None:
    """NatSpec as solc reads it: a notice for each item, a line for what a function takes and gives."""
    lacking = []
    for where, node in _public(answer):
        said = (node.get("documentation") or {}).get("text", "")
        if "@inheritdoc" in said:
            continue
        wanted = ["@title"] if node["nodeType"] == "ContractDefinition" else ["@notice"]
        if node["nodeType"] == "FunctionDefinition":
            taken = node["parameters"]["parameters"]
            given = node["returnParameters"]["parameters"]
            wanted = [] if node["kind"] == "constructor" else wanted
            wanted += [f"@param {each['name']} " for each in taken]
            wanted += [f"@return {each['name']} " for each in given]
        lacking += [f"{where}.{node['name'] or 'constructor'}: {word}" for word in wanted if word not in said]
    assert not lacking


def _public(answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    found = 0
    for file, source in answer["sources"].items():
        if not file.startswith("src/"):
            continue
        for contract in source["ast"]["nodes"]:
            if contract["nodeType"] != "ContractDefinition":
                continue
            for node in [contract, *contract["nodes"]]:
                if node.get("visibility") in ITEMS.get(node["nodeType"], ()):
                    found += 1
                    yield contract["name"], node
    assert found > 70, "solc's tree was not understood"


def test_what_is_read_together_is_stored_together(answer: dict[str, Any]) -> None:
    """As docs/contracts.md has it: three slots an order, four an offer, one asked of the registry."""
    found = {
        struct["label"].removeprefix("struct "): [
            (member["label"], int(member["slot"])) for member in struct["members"]
        ]
        for name in ("EnergyMarket", "NodeRegistry")
        for struct in answer["contracts"][f"src/{name}.sol"][name]["storageLayout"]["types"].values()
        if "members" in struct
    }

    def slots(struct: str) -> list[list[str]]:
        fields = found[struct]
        return [[name for name, at in fields if at == slot] for slot in range(fields[-1][1] + 1)]

    assert slots("EnergyMarket.Order") == [
        ["buyer", "contact", "energy"],
        ["seller", "supplyEnd", "state"],
        ["price", "reclaimFrom", "paidEnergy"],
    ]
    assert slots("EnergyMarket.Offer") == [
        ["price", "minEnergy", "maxEnergy"],
        ["validUntil"],
        ["open"],
        ["next"],
    ]
    assert slots("NodeRegistry.Household")[0] == ["account", "role", "admitted"]
    token = answer["contracts"]["src/EnergyToken.sol"]["EnergyToken"]["storageLayout"]["storage"]
    at = {each["label"]: each["slot"] for each in token}
    assert at["minter"] == at["lastPeriod"]


def test_every_refusal_of_the_contracts_is_provoked_by_a_test(answer: dict[str, Any]) -> None:
    tests = "\n".join(path.read_text() for path in (CONTRACTS / "test").glob("*.t.sol"))
    refusals = {
        f"{where}.{node['name']}" for where, node in _public(answer) if node["nodeType"] == "ErrorDefinition"
    }
    assert len(refusals) > 25
    assert not {each for each in refusals if f"{each}.selector" not in tests}


@pytest.mark.timeout(1_300)
def test_every_rule_of_the_contracts_holds_under_forge(solc: Path, forge: Path) -> None:
    """The invariants' 50,000 calls and the gas table of contracts/snapshots are among them."""
    assert len((CONTRACTS / "snapshots" / "Gas.json").read_text().splitlines()) > 15
    done = subprocess.run(
        [forge, "test", "--color", "never"],
        cwd=CONTRACTS,
        env={**os.environ, "FOUNDRY_SOLC": str(solc), "FORGE_SNAPSHOT_CHECK": "true"},
        capture_output=True,
        text=True,
        timeout=1_200,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "0 failed" in done.stdout
    assert "(runs: 100, calls: 50000, reverts: 0)" in done.stdout
