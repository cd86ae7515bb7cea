"""What a report says about an interval."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.readings import Sample
from node.readings.chain import GENESIS, root
from node.readings.errors import NotProvable
from node.reports.covering import covered, rooted
from quantities import Energy
from tests.unit.node.reports.made import START, filled

METERS = {"panels": ["panel"], "loads": ["load", "absent"]}


def test_an_interval_has_what_its_meters_counted_and_a_root_of_its_batches(tmp_path: Path) -> None:
    with filled(tmp_path) as readings:
        found = covered(readings, START, START + 60, 0, **METERS)
        batches = readings.links(0, 12)
        assert (found.produced, found.consumed) == (Energy(590 + 10), Energy(1_200))
        assert (found.span.first, found.span.batches, found.span.before) == (1, 12, GENESIS)
        assert found.root == root(found.span, [batch.digest for batch in batches])


def test_intervals_follow_one_another_without_a_gap(tmp_path: Path) -> None:
    with filled(tmp_path) as readings:
        first = covered(readings, START, START + 60, 0, **METERS)
        second = covered(readings, START + 60, START + 120, first.span.last, **METERS)
        assert second.span.first == first.span.last + 1
        assert second.span.before == readings.links(first.span.last - 1, 1)[0].digest
        assert second.produced == Energy(600)


def test_an_interval_without_readings_is_reported_empty(tmp_path: Path) -> None:
    with filled(tmp_path, seconds=60) as readings:
        first = covered(readings, START, START + 60, 0, **METERS)
        empty = covered(readings, START + 60, START + 120, first.span.last, **METERS)
        assert (empty.span.batches, empty.produced, empty.consumed) == (0, Energy(0), Energy(0))
        assert empty.root == root(empty.span, [])


def test_a_batch_that_comes_late_is_covered_by_the_next_report(tmp_path: Path) -> None:
    with filled(tmp_path, seconds=120) as readings:
        first = covered(readings, START, START + 60, 0, **METERS)
        readings.append([Sample(meter="load", taken=(START + 30) * 1_000)])
        assert rooted(readings, first.span) == first.root
        second = covered(readings, START + 60, START + 120, first.span.last, **METERS)
        assert second.span.last == 25


def test_a_clock_that_was_a_year_ahead_holds_up_nothing(tmp_path: Path) -> None:
    with filled(tmp_path, seconds=30) as readings:
        readings.append([Sample(meter="load", taken=(START + 31_536_000) * 1_000)])
        readings.append([Sample(meter="load", taken=(START + 45) * 1_000)])
        assert covered(readings, START, START + 60, 0, **METERS).span.batches == 8


def test_readings_that_were_replaced_cannot_follow_what_was_reported(tmp_path: Path) -> None:
    with filled(tmp_path, seconds=30) as readings, pytest.raises(NotProvable, match="replaced"):
        covered(readings, START, START + 60, 400, **METERS)
