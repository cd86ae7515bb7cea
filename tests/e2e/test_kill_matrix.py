"""Fifty random schedules of SIGKILL over a neighbourhood that trades: nothing doubled, nothing lost.

`python -m tests.e2e.test_kill_matrix FIRST COUNT` plays some of them again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.e2e.matrix import Matrix, Summary
from tests.e2e.neighbourhood import neighbourhood
from tests.e2e.schedules import draw

SCHEDULES = 50
EACH = 17
"""On one neighbourhood; then a fresh one."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_500)]


@pytest.mark.parametrize("first", range(0, SCHEDULES, EACH))
def test_whatever_is_killed_no_order_is_doubled_and_no_token_lost(tmp_path: Path, first: int) -> None:
    summary = play(tmp_path / "street", first, min(EACH, SCHEDULES - first))
    print(summary)
    assert summary.wrong == []
    assert summary.ends["settled"] > 0


def play(folder: Path, first: int, count: int) -> Summary:
    """Some schedules on one neighbourhood."""
    summary = Summary()
    with neighbourhood(folder, f"127.0.22.{first + 1}", "--seed", str(first + 1)) as street:
        matrix = Matrix(street, summary)
        for seed in range(first, first + count):
            matrix.play(draw(seed, street.names))
        matrix.finish()
    return summary


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(play(Path(made) / "street", int(sys.argv[1]), int(sys.argv[2])))
