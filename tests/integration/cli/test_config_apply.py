"""`commonwatt config apply` as the unit runs it: a real process over real files, killed at any moment."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from node.changes import queue, record
from node.changes.record import Outcome
from tests.conftest import thorough
from tests.unit.node.changes.made import change, files, text, undo

CHECKOUT = Path(__file__).parents[3]


def command(given: list[Path], *more: str) -> list[str]:
    named = [part for file in given for part in ("-c", str(file))]
    return [sys.executable, "-m", "node.cli", "config", "apply", *named, *more]


def applied(given: list[Path]) -> list[dict[str, Any]]:
    """What the real command says that it did."""
    ended = subprocess.run(
        command(given, "--json"), capture_output=True, text=True, timeout=120, check=False, cwd=CHECKOUT
    )
    assert ended.returncode == 0, ended.stderr
    found: list[dict[str, Any]] = json.loads(ended.stdout)["changes"]
    return found


def test_a_change_is_made_told_and_taken_back(tmp_path: Path) -> None:
    given = files(tmp_path)
    asked = change(given[-1], ("trading.limit", "25 %"))
    queue.put(tmp_path / "state", asked)
    [done] = applied(given)
    assert (done["id"], done["outcome"]) == (asked.id, "applied")
    assert done["restart"] == ["client-interaction", "dapp"]
    assert given[-1].read_text().endswith("trading:\n  limit: 25 %\n")
    queue.put(tmp_path / "state", undo(given[-1], asked.id))
    assert [each["outcome"] for each in applied(given)] == ["applied"]
    assert given[-1].read_text() == "# what the family wants\n"
    assert applied(given) == []


def test_killed_at_any_moment_it_leaves_a_whole_file_and_a_true_record(tmp_path: Path) -> None:
    given, chance = files(tmp_path), random.Random(7)
    own, state = given[-1], tmp_path / "state"
    began = time.monotonic()
    applied(given)
    whole = time.monotonic() - began  # how long one takes on this machine, now
    meant: dict[str, str] = {}
    for number in range(thorough(6, 100)):
        says = f"# {number}\ntrading: {{dwell: {number + 1} s}}\n"
        before, asked = own.read_text(), text(own, says)
        meant[says] = asked.id
        queue.put(state, asked)
        with subprocess.Popen(command(given), cwd=CHECKOUT, stderr=subprocess.DEVNULL) as process:
            time.sleep(chance.uniform(whole * 0.6, whole))
            process.send_signal(signal.SIGKILL)
        assert own.read_text() in (before, says)
        applied(given)
        entry = next(each for each in record.latest(state, 1_000) if each.id == asked.id)
        assert own.read_text() == (says if entry.outcome is Outcome.APPLIED else before)
        assert entry.outcome is Outcome.APPLIED or "interrupted" in entry.problems[0][1]
    assert {entry.id for entry in record.latest(state, 1_000)} == set(meant.values())
