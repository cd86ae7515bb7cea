"""The contracts' invariants over a million calls."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from contracts import toolchain
from contracts.errors import ToolMissing

CONTRACTS = Path(toolchain.__file__).parent


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_the_invariants_hold_over_a_million_calls() -> None:
    try:
        solc, forge = toolchain.solc(), toolchain.forge()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    done = subprocess.run(
        [forge, "test", "--color", "never", "--match-contract", "InvariantsTest"],
        cwd=CONTRACTS,
        env={**os.environ, "FOUNDRY_SOLC": str(solc), "FOUNDRY_PROFILE": "long"},
        capture_output=True,
        text=True,
        timeout=3_500,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "(runs: 2000, calls: 1000000, reverts: 0)" in done.stdout
