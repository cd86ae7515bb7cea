"""What stored readings say about a supply, and when they say nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from node.readings import Sample, open_readings
from node.reconciliation.counting import counted
from node.reconciliation.records import Cause, Counted

NOON = 1_750_000_000
BEGIN, END = NOON + 100, NOON + 160


def stored(
    folder: Path, forward: Callable[[int], int | None], *, upto: int = 300, kept_since: int = 0
) -> Counted:
    """A minute of supply in the middle of five minutes, by a register as it is given."""
    with open_readings(None, folder) as readings:
        for first in range(0, upto, 5):
            batch = [
                Sample(meter="tie-11", taken=(NOON + second) * 1_000, forward=value)
                for second in range(first, first + 5)
                if (value := forward(second)) is not None
            ]
            readings.append(batch or [Sample(meter="load", taken=(NOON + first) * 1_000)])
        return counted(readings, "tie-11", BEGIN, END, sample=1.0, kept_since=kept_since)


def rising(second: int) -> int:
    return 500 + 10 * min(max(second - 100, 0), 60)


def causes(found: Counted) -> list[Cause]:
    return [problem.cause for problem in found.problems]


def test_the_energy_is_the_register_after_less_the_register_before(tmp_path: Path) -> None:
    found = stored(tmp_path, rising)
    assert (found.energy, found.problems) == (600, ())
    assert (found.before, found.after) == (BEGIN * 1_000, (END + 2) * 1_000)


@pytest.mark.parametrize(
    ("silent", "says"),
    [(range(20, 130), "before it"), (range(150, 300), "after it"), (range(101, 165), "for 65 s")],
)
def test_readings_that_are_missing_are_said_to_be_so(tmp_path: Path, silent: range, says: str) -> None:
    found = stored(tmp_path, lambda second: None if second in silent else rising(second))
    assert causes(found) == [Cause.MISSING]
    assert says in found.problems[0].text


def test_a_short_gap_is_bridged_by_the_register(tmp_path: Path) -> None:
    found = stored(tmp_path, lambda second: None if second in range(110, 150) else rising(second))
    assert (found.energy, found.problems) == (600, ())


def test_a_register_that_falls_is_found(tmp_path: Path) -> None:
    found = stored(tmp_path, lambda second: rising(second) - (300 if second > 140 else 0))
    assert causes(found) == [Cause.TAMPERING]
    assert "falls" in found.problems[0].text


def test_readings_that_were_deleted_by_age_say_nothing(tmp_path: Path) -> None:
    stored(tmp_path, rising)
    with open_readings(None, tmp_path) as readings:
        readings.prune((NOON + 1_000) * 1_000)
        asked = {"meter": "tie-11", "start": BEGIN, "end": END, "sample": 1.0}
        found = counted(readings, **asked, kept_since=(NOON + 1_000) * 1_000)  # type: ignore[arg-type]
        assert (found.energy, found.problems) == (None, ())
        early = counted(readings, **asked, kept_since=NOON * 1_000)  # type: ignore[arg-type]
        assert causes(early)[0] is Cause.TAMPERING


def test_a_batch_that_was_changed_is_found_where_it_matters(tmp_path: Path) -> None:
    stored(tmp_path, rising)
    with closing(sqlite3.connect(tmp_path / "readings.db")) as database, database:
        database.execute("UPDATE samples SET forward = forward + 1 WHERE taken = ?", ((NOON + 120) * 1_000,))
    with open_readings(None, tmp_path, read_only=True) as readings:
        found = counted(readings, "tie-11", BEGIN, END, sample=1.0, kept_since=0)
        elsewhere = counted(readings, "tie-11", NOON + 235, NOON + 240, sample=1.0, kept_since=0)
    assert causes(found) == [Cause.TAMPERING]
    assert elsewhere.problems == ()
