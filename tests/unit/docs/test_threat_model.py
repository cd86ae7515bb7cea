"""Every test that the threat model names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_what_holds_each_line_is_a_test_that_there_is() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?\s*def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }
    assert len(named) > 15
    assert named - there == set()
