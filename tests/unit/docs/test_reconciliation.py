"""The proof's description: what it shows is run, on a proof that is kept."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from node.readings.proof import dumps, loads
from tests.unit.node.readings.test_proof import proved

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "reconciliation.md"
VECTOR = ROOT / "tests" / "vectors" / "readings" / "proof.json"


def run(folder: Path) -> str:
    """Run the document's program in a folder with a proof."""
    [program] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_kept_proof_is_what_is_made_today() -> None:
    assert VECTOR.read_text().strip() == dumps(proved(9, 6, 13, first=2))
    assert loads(VECTOR.read_text()).holds


def test_a_program_that_knows_only_the_document_agrees(tmp_path: Path) -> None:
    shutil.copy(VECTOR, tmp_path / "proof.json")
    said = run(tmp_path)
    assert "holds, if it was reported" in said
    assert json.loads(VECTOR.read_text())["root"][2:] in said


def test_it_also_finds_what_was_changed(tmp_path: Path) -> None:
    given = json.loads(VECTOR.read_text())
    given["sample"]["power"] += 1
    (tmp_path / "proof.json").write_text(json.dumps(given))
    assert "does not hold" in run(tmp_path)
