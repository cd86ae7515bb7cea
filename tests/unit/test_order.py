"""The order of the tests: what it names is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import order

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", [*order.SECONDS, *order.APART, *order.ONE_BY_ONE])
def test_what_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_longest_begin_first_then_end_to_end_then_units() -> None:
    asked = [
        "tests/unit/chain/test_keys.py::test_b",
        "tests/integration/trading/test_killed.py::test_a",
        "tests/e2e/test_x.py::test_a",
        "tests/e2e/test_killed.py::test_a",
    ]
    assert sorted(asked, key=order.begins) == [asked[3], asked[1], asked[2], asked[0]]


def test_a_file_runs_in_one_process_unless_its_tests_stand_alone() -> None:
    assert order.together("tests/unit/a/test_b.py::test_c[x::y]") == "tests/unit/a/test_b.py"
    alone = "tests/integration/trading/test_killed.py::test_a[0.4]"
    assert order.together(alone) == alone
