"""The contracts as they are committed: compiled anew to the same bytes, and tested by forge."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from contracts import toolchain
from contracts.compile import ARTIFACTS, compile_contracts
from contracts.errors import ToolMissing

CONTRACTS = Path(toolchain.__file__).parent


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


@pytest.mark.usefixtures("solc")
def test_the_committed_artefacts_are_what_the_sources_compile_to() -> None:
    compiled = compile_contracts()
    assert {path.stem for path in ARTIFACTS.glob("*.json")} == set(compiled)
    for name, text in compiled.items():
        committed = (ARTIFACTS / f"{name}.json").read_text(encoding="utf-8")
        assert committed == text, f"{name}.json is not of these sources: run python -m contracts.compile"


def test_every_rule_of_the_contracts_holds_under_forge(solc: Path, forge: Path) -> None:
    done = subprocess.run(
        [forge, "test", "--color", "never"],
        cwd=CONTRACTS,
        env={**os.environ, "FOUNDRY_SOLC": str(solc)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "0 failed" in done.stdout
