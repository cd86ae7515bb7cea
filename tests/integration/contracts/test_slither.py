"""Slither over forge's build: what it finds is mended, or explained in a line beside the code."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from contracts import toolchain
from contracts.errors import ToolMissing

CONTRACTS = Path(toolchain.__file__).parent
SLITHER = toolchain.BUILD / "slither" / "bin" / "slither"


@pytest.mark.long
def test_slither_finds_nothing_that_is_not_explained(tmp_path: Path) -> None:
    if not SLITHER.exists():
        pytest.skip("slither is not installed: run `make test-long`")
    try:
        solc, forge = toolchain.solc(), toolchain.forge()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    out = tmp_path / "out"
    environment = {
        **os.environ,
        "FOUNDRY_SOLC": str(solc),
        "FOUNDRY_OUT": str(out),
        "FOUNDRY_CACHE_PATH": str(tmp_path / "cache"),
        "PATH": f"{forge.parent}{os.pathsep}{os.environ['PATH']}",  # slither asks forge for its settings
    }
    build = [str(forge), "build", "--build-info", "--skip", "test"]
    subprocess.run(build, cwd=CONTRACTS, env=environment, check=True, capture_output=True, timeout=200)
    found = tmp_path / "found.json"
    built = ["--foundry-ignore-compile", "--foundry-out-directory", str(out)]
    told = ["--json", str(found), "--filter-paths", "node_modules|test/"]
    ran = subprocess.run(
        [str(SLITHER), ".", *built, *told],
        cwd=CONTRACTS,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )
    answer = json.loads(found.read_text())
    assert answer["success"], answer["error"]
    assert " analyzed (" in ran.stderr
    findings = [each["description"] for each in answer["results"].get("detectors", [])]
    assert not findings, "mend it, or explain it: // slither-disable-next-line detector - why"
