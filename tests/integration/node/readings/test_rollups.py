"""Rollups and what is asked of them, on a real SQLite file and on a real PostgreSQL, beside the samples."""

from __future__ import annotations

import itertools
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.readings import Level, Point, Readings, Sample, Value, open_readings
from node.readings import postgres as on_server
from node.readings import sqlite as in_file
from node.readings.checking import check
from node.readings.interface import Flow
from node.sensors.driver import Quantity
from store import postgres as server
from store import sqlite
from tests.conftest import thorough
from tests.integration.store import earlier

DAY = Level.DAY.value
MIDNIGHT = 20_000 * DAY
SECOND = 1_000
HOUR = 3_600 * SECOND


def sample(second: int, meter: str = "load", **values: int) -> Sample:
    return Sample(meter=meter, taken=MIDNIGHT + second * SECOND, **values)


def counting(first: int, count: int, step: int = 10, meter: str = "load") -> list[Sample]:
    return [
        sample(second, meter, power=second % 7, forward=second, reverse=0)
        for second in range(first, first + count * step, step)
    ]


def test_a_minute_is_told_while_it_fills_up_and_the_same_when_it_is_over(readings: Readings) -> None:
    readings.append(counting(0, 3))
    (filling,) = readings.rollup("load", Level.MINUTE, MIDNIGHT, MIDNIGHT + HOUR)
    assert (filling.samples, filling.forward, filling.lowest, filling.highest) == (3, 20, 0, 6)
    readings.append(counting(30, 4))
    over, fresh = readings.rollup("load", Level.MINUTE, MIDNIGHT, MIDNIGHT + HOUR)
    assert (over.samples, over.forward, fresh.samples, fresh.forward) == (6, 50, 1, 10)


def test_every_level_tells_the_same_energy(readings: Readings) -> None:
    for hours in range(50):
        readings.append(counting(hours * 3_600, 360))
    span = (MIDNIGHT, MIDNIGHT + 3 * DAY)
    told = {level: readings.rollup("load", level, *span) for level in Level}
    assert [len(told[level]) for level in Level] == [50 * 60, 50 * 4, 50, 3]
    assert {sum(rollup.forward for rollup in told[level]) for level in Level} == {50 * 3_600 - 10}
    assert readings.energy("load", *span) == Flow(50 * 3_600 - 10, 0)
    assert {sum(rollup.samples for rollup in told[level]) for level in Level} == {50 * 360}


def test_a_sample_that_comes_late_is_in_its_bucket(readings: Readings) -> None:
    readings.append(counting(0, 30))
    readings.append([sample(5, power=1_000, forward=5, reverse=0)])
    first = readings.rollup("load", Level.MINUTE, MIDNIGHT, MIDNIGHT + 60 * SECOND)[0]
    assert (first.highest, first.samples) == (1_000, 7)


def test_a_long_chart_is_made_of_whole_buckets(readings: Readings) -> None:
    for hours in range(30):
        readings.append(counting(hours * 3_600, 360))
    chart = readings.chart("load", MIDNIGHT, MIDNIGHT + 30 * HOUR, 20)
    assert 10 < len(chart) <= 20
    assert all(point.at % Level.QUARTER == 0 for point in chart)
    assert {(point.lowest, point.highest) for point in chart} == {(0, 6)}


def test_a_short_chart_is_made_of_samples(readings: Readings) -> None:
    readings.append(counting(0, 30))
    chart = readings.chart("load", MIDNIGHT, MIDNIGHT + 100 * SECOND, 11)
    assert chart == readings.between("load", Quantity.POWER, MIDNIGHT, MIDNIGHT + 100 * SECOND, 11)
    assert chart[1] == Point(MIDNIGHT + 10 * SECOND, 3, 3, 3)


def test_points_are_what_was_measured_in_pages(readings: Readings) -> None:
    readings.append([sample(0, power=1), sample(1, voltage=5), sample(2, power=3), sample(3, power=4)])
    span = (MIDNIGHT, MIDNIGHT + HOUR)
    assert readings.points("load", Quantity.POWER, *span, 2) == [
        Value(MIDNIGHT, 1), Value(MIDNIGHT + 2 * SECOND, 3),
    ]  # fmt: skip
    assert readings.points("load", Quantity.POWER, MIDNIGHT + 2_001, span[1], 9) == [
        Value(MIDNIGHT + 3 * SECOND, 4)
    ]
    assert readings.meters() == ["load"]


def test_energy_outlives_the_samples(readings: Readings) -> None:
    for hours in range(49):
        readings.append(counting(hours * 3_600, 360))
    whole = readings.energy("load", MIDNIGHT, MIDNIGHT + 2 * DAY)
    days = readings.rollup("load", Level.DAY, MIDNIGHT, MIDNIGHT + 3 * DAY)
    assert pruned(readings, MIDNIGHT + 2 * DAY) == 48 * 360
    assert readings.points("load", Quantity.POWER, MIDNIGHT, MIDNIGHT + DAY, 10) == []
    assert readings.rollup("load", Level.DAY, MIDNIGHT, MIDNIGHT + 3 * DAY) == days
    assert whole == Flow(2 * 86_400, 0)
    assert readings.energy("load", MIDNIGHT, MIDNIGHT + 2 * DAY) == whole
    assert readings.energy("load", MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR) == Flow(3_600, 0)
    assert thinned(readings, Level.MINUTE, MIDNIGHT + DAY) == 24 * 60
    assert readings.energy("load", MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR) == Flow(3_600, 0)
    assert check(readings).intact


def test_the_last_minutes_of_a_dead_meter_outlive_its_samples(readings: Readings) -> None:
    readings.append(counting(0, 100))
    assert pruned(readings, MIDNIGHT + 30 * DAY) == 100
    assert readings.energy("load", MIDNIGHT, MIDNIGHT + 40 * DAY) == Flow(990, 0)
    (day,) = readings.rollup("load", Level.DAY, MIDNIGHT, MIDNIGHT + 40 * DAY)
    assert (day.samples, day.forward) == (100, 990)


def test_a_bucket_does_not_shrink_when_a_part_of_its_samples_is_deleted(readings: Readings) -> None:
    for minute in range(3):
        readings.append(counting(minute * 60, 3))
        readings.append(counting(minute * 60 + 30, 3))
    whole = readings.rollup("load", Level.MINUTE, MIDNIGHT, MIDNIGHT + 120 * SECOND)
    assert pruned(readings, MIDNIGHT + 30 * SECOND) == 3
    readings.append([sample(40, power=99, forward=41, reverse=0)])  # late
    assert pruned(readings, MIDNIGHT + 130 * SECOND) > 0
    assert readings.rollup("load", Level.MINUTE, MIDNIGHT, MIDNIGHT + 120 * SECOND) == whole


def test_the_only_day_of_a_dead_meter_outlives_everything_finer(readings: Readings) -> None:
    readings.append(counting(0, 400))
    readings.append(counting(3 * 86_400, 3, meter="other"))
    day = readings.rollup("load", Level.DAY, MIDNIGHT, MIDNIGHT + DAY)
    assert pruned(readings, MIDNIGHT + 2 * DAY) == 400
    for level in (Level.MINUTE, Level.QUARTER, Level.HOUR):
        assert thinned(readings, level, MIDNIGHT + 2 * DAY) > 0
    assert readings.rollup("load", Level.DAY, MIDNIGHT, MIDNIGHT + DAY) == day
    assert readings.energy("load", MIDNIGHT, MIDNIGHT + 3 * DAY) == Flow(3_990, 0)
    assert thinned(readings, Level.DAY, MIDNIGHT + 2 * DAY) == 1
    assert readings.energy("load", MIDNIGHT, MIDNIGHT + 3 * DAY) is None


fresh = itertools.count()


@settings(max_examples=thorough(25, 400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["a", "b"]),
                st.integers(0, 4_000),
                st.none() | st.integers(-9, 9),
                st.none() | st.integers(0, 99),
            ),
            min_size=1,
            max_size=6,
        ),
        max_size=8,
    )
)
def test_rollups_are_those_of_all_samples_in_whatever_order_they_come(
    tmp_path: Path, batches: list[list[tuple[str, int, int | None, int | None]]]
) -> None:
    """Clocks that step, late batches, missing values: the same as folding everything at the end."""
    with open_readings(None, tmp_path / str(next(fresh))) as stored:
        for batch in batches:
            stored.append([Sample(meter=m, taken=s * 20_000, power=p, soc=c) for m, s, p, c in batch])
        for meter in "ab":
            for level in Level:
                rolled = stored.rollup(meter, level, 0, 10 * DAY)
                values = stored.points(meter, Quantity.POWER, 0, 10 * DAY, 10**6)
                for one in rolled:
                    powers = [v.value for v in values if one.at <= v.taken < one.at + level]
                    assert (one.lowest, one.highest) == (min(powers, default=None), max(powers, default=None))
                    assert one.mean == (round(sum(powers) / len(powers)) if powers else None)
                kept = [one for _, own in stored.pages(0, 99) for one in own if one.meter == meter]
                assert sum(one.samples for one in rolled) == len(kept)


@pytest.mark.parametrize("version", range(1, len(in_file.MIGRATIONS) + 1))
def test_a_file_of_every_earlier_version_is_brought_up_and_keeps_all(tmp_path: Path, version: int) -> None:
    with open_readings(None, tmp_path / "now") as expected:
        fill(expected)
        now = asked(expected)
    copied = tmp_path / "then" / "readings.db"
    earlier.left(copied, in_file.MIGRATIONS, version, tmp_path / "now" / "readings.db")
    with closing(sqlite.open_writer(copied, "normal")) as old:
        if version > 1:
            old.execute("DELETE FROM rollups WHERE level = ?", (Level.HOUR,))
        old.commit()
    with open_readings(None, tmp_path / "then") as upgraded:
        assert asked(upgraded) == now
        upgraded.append(counting(200_000, 3))
        assert upgraded.rollup("load", Level.HOUR, MIDNIGHT, MIDNIGHT + 30 * HOUR) == now["rollups"][2]
        assert check(upgraded).intact
    with closing(sqlite.open_reader(copied)) as kept:
        [hours] = kept.execute("SELECT count(*) FROM rollups WHERE level = ?", (Level.HOUR,)).fetchone()
    assert hours == 30  # of the meter that has a new sample


@pytest.mark.parametrize("version", range(1, len(on_server.MIGRATIONS) + 1))
def test_a_database_of_every_earlier_version_is_brought_up_and_keeps_all(
    tmp_path: Path,
    postgres_url: str,
    version: int,
) -> None:
    with open_readings(postgres_url, tmp_path) as expected:
        fill(expected)
        now = asked(expected)
    with psycopg.connect(postgres_url, autocommit=True) as old:
        for brought, undone in UNDONE.items():
            if version < brought:
                old.execute(undone.encode())
        old.execute("UPDATE schema_version SET version = %s WHERE room = 'readings'", (version,))
        assert server.schema_version(old, "readings") == version
    with open_readings(postgres_url, tmp_path) as upgraded:
        assert asked(upgraded) == now
        assert check(upgraded).intact


UNDONE = {
    4: f"""
    ALTER TABLE samples ADD FOREIGN KEY (batch) REFERENCES batches, ADD FOREIGN KEY (meter) REFERENCES meters;
    DELETE FROM rollups WHERE level = {Level.HOUR:d}
    """,
    3: "DROP TABLE spooled",
    2: "DROP TABLE rollups",
}
"""How each migration of the server's tables is taken back."""


def pruned(readings: Readings, before: int) -> int:
    """How many samples go in all steps."""
    return sum(iter(lambda: readings.prune(before), 0))


def thinned(readings: Readings, level: Level, before: int) -> int:
    """How many rollups go in all steps."""
    return sum(iter(lambda: readings.thin(level, before), 0))


def fill(readings: Readings) -> None:
    for hours in range(30):
        readings.append([*counting(hours * 3_600, 36, 100), *counting(hours * 3_600, 12, 300, "feed-1")])


def asked(readings: Readings) -> dict[str, Any]:
    span = (MIDNIGHT, MIDNIGHT + 2 * DAY)
    return {
        "rollups": [readings.rollup(m, level, *span) for m in ("load", "feed-1") for level in Level],
        "latest": readings.latest(),
        "energy": readings.energy("load", *span),
        "digest": readings.newest(),
    }


def test_what_was_counted_between_many_moments_is_what_each_two_of_them_tell(readings: Readings) -> None:
    for hours in range(49):
        readings.append(counting(hours * 3_600, 360))
    readings.prune(MIDNIGHT + DAY)
    moments = [MIDNIGHT - HOUR, MIDNIGHT, *range(MIDNIGHT + HOUR, MIDNIGHT + 3 * DAY, 5 * HOUR)]
    apart = [readings.energy("load", start, end) for start, end in pairwise(moments)]
    assert readings.counted("load", moments) == apart
    assert apart[0] is None
    assert readings.counted("nowhere", moments) == [None] * (len(moments) - 1)


def test_a_spot_is_the_newest_sample_by_then(readings: Readings) -> None:
    readings.append(counting(0, 3))
    spots = readings.spots("load", [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 19_999, MIDNIGHT + DAY])
    assert [None if spot is None else spot.taken - MIDNIGHT for spot in spots] == [None, 0, 10_000, 20_000]
