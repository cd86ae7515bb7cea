"""Every test that a page names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("page", "least"), [("threat-model.md", 16), ("relay-protocol.md", 12)])
def test_what_holds_each_line_is_a_test_that_there_is(page: str, least: int) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / page).read_text(encoding="utf-8")))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?\s*def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }
    assert len(named) >= least
    assert named - there == set()
