"""What the points of a disk say of its future."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.growth import DAY, FINE, HOUR, LONG, Point, forecast, is_due, noted
from chain.room import FILE, Room, taken

START = 1_700_000_000
MB = 1_000_000


def hourly(hours: int, per_hour: int = MB, size: int = 100 * MB) -> tuple[Point, ...]:
    points: tuple[Point, ...] = ()
    for n in range(hours + 1):
        points = noted(points, Point(START + n * HOUR, size + n * per_hour))
    return points


def test_a_steady_growth_is_forecast() -> None:
    found = forecast(hourly(24), free=240 * MB)
    assert found is not None
    assert found.per_day == 24 * MB
    assert found.days == 10


def test_nothing_is_said_of_less_than_six_hours() -> None:
    assert forecast((), free=MB) is None
    assert forecast(hourly(5), free=MB) is None
    assert forecast(hourly(6), free=MB) is not None


def test_a_database_that_has_just_tidied_up_changes_little() -> None:
    *steady, last = hourly(24)
    found = forecast((*steady, Point(last.at, last.size - 30 * MB)), free=MB)
    assert found is not None
    assert abs(found.per_day - 24 * MB) <= MB


@pytest.mark.parametrize("per_hour", [0, -MB])
def test_what_does_not_grow_never_fills_the_disk(per_hour: int) -> None:
    found = forecast(hourly(24, per_hour), free=MB)
    assert found is not None
    assert (found.per_day, found.days) == (0, None)


def test_a_chain_that_begins_anew_forgets_the_points_of_the_former() -> None:
    again = Point(START + 2 * HOUR, MB)
    assert noted(hourly(9), again) == (*hourly(1), again)


def test_a_point_is_due_each_hour_of_chain_and_when_the_head_goes_back() -> None:
    points = (Point(START, MB),)
    due = [is_due(points, START + after) for after in (-1, 0, HOUR - 1, HOUR)]
    assert due == [True, False, False, True]
    assert is_due((), START)


@given(st.lists(st.integers(HOUR, 3 * DAY), min_size=1, max_size=300))
def test_few_points_are_kept_and_the_rate_stays(gaps: list[int]) -> None:
    points, at = noted((), Point(START, 0)), START
    for gap in gaps:
        at += gap
        points = noted(points, Point(at, (at - START) * 5))
    assert len(points) <= FINE // HOUR + LONG // DAY + 3
    assert list(points) == sorted(points, key=lambda point: point.at)
    assert all(at - point.at <= LONG for point in points)
    if (found := forecast(points, free=MB)) is not None:
        assert found.per_day == 5 * DAY


def test_the_points_outlive_the_process_and_garbage_is_no_point(tmp_path: Path) -> None:
    (tmp_path / "chaindata").write_bytes(bytes(50_000))
    first = Room(tmp_path).look(START)
    assert first["disk_per_day"] is None
    before = (tmp_path / FILE).read_bytes()
    (tmp_path / "more").write_bytes(bytes(6 * 50_000))
    assert Room(tmp_path).look(START + HOUR - 1)["disk_taken"] == first["disk_taken"], "read, not measured"
    later = Room(tmp_path).look(START + 6 * HOUR)
    assert (tmp_path / FILE).read_bytes() != before
    assert isinstance(later["disk_per_day"], int)
    assert later["disk_per_day"] >= 4 * 6 * 50_000
    (tmp_path / FILE).write_text('[["a", 1]]')
    assert Room(tmp_path).look(START + 7 * HOUR)["disk_per_day"] is None


def test_a_folder_takes_what_its_files_take_of_the_disk(tmp_path: Path) -> None:
    assert taken(tmp_path) == 0
    (tmp_path / "within").mkdir()
    (tmp_path / "within" / "file").write_bytes(bytes(range(250)) * 40)
    assert 10_000 <= taken(tmp_path) <= 10_000 + 65_536
