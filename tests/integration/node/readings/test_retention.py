"""Deleting by age in small steps: bounded however much there is, and what was reported stays provable."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from node.readings import Level, Readings, Sample, open_readings
from node.readings.checking import check
from node.readings.interface import STEP_ROWS
from node.readings.proof import Report, made
from node.readings.retention import LATE, Gone, Retention
from node.readings.settings import ReadingsSettings, RollupsSettings
from node.readings.sqlite import SqliteReadings
from node.reports.covering import covered, digests

DAY = Level.DAY.value
MIDNIGHT = 20_000 * DAY
METERS = ("a", "b", "c", "d", "e")


def batch(start: int, seconds: int, every: int = 1) -> list[Sample]:
    """Samples of five meters, from a second of the first day on."""
    return [
        Sample(meter=meter, taken=MIDNIGHT + second * 1_000, power=second % 9, forward=second, reverse=0)
        for second in range(start, start + seconds, every)
        for meter in METERS
    ]


def filled(readings: Readings, batches: int, seconds: int = 300) -> None:
    for number in range(batches):
        readings.append(batch(number * seconds, seconds))


def steps(readings: Readings, before: int) -> list[int]:
    return [*iter(lambda: readings.prune(before), 0)]


def test_each_step_is_bounded_and_takes_whole_batches(readings: Readings) -> None:
    filled(readings, 8, 100)
    before = MIDNIGHT + DAY
    left = 8
    while deleted := readings.prune(before):
        assert deleted <= STEP_ROWS
        assert deleted % (100 * len(METERS)) == 0
        left -= deleted // (100 * len(METERS))
        assert [len(own) for _, own in readings.pages(0, 99)] == [0] * (8 - left) + [500] * left
        assert check(readings).intact
    assert left == 0


def test_a_batch_that_is_larger_than_a_step_goes_in_several(readings: Readings) -> None:
    filled(readings, 2, 2_400)
    found = steps(readings, MIDNIGHT + DAY)
    assert max(found) <= STEP_ROWS
    assert sum(found) == 2 * 2_400 * len(METERS)


def test_a_batch_half_gone_is_no_tampering_once_it_is_old_enough(readings: Readings) -> None:
    filled(readings, 2, 2_400)
    readings.prune(MIDNIGHT + DAY)
    assert check(readings, kept_since=MIDNIGHT + DAY).intact
    assert check(readings, kept_since=MIDNIGHT, pause=lambda _: None).broken == 1


class Counted:
    """Instructions of SQLite's machine, counted."""

    def __init__(self, readings: SqliteReadings) -> None:
        self.count = 0
        assert readings._writer is not None
        readings._writer.set_progress_handler(self._tick, 100)

    def _tick(self) -> int:
        self.count += 100
        return 0


def test_a_step_costs_the_same_however_much_is_there(tmp_path: Path) -> None:
    """By instructions of SQLite's machine, for a clock measures the machine."""
    costs = []
    for name, batches in (("small", 600), ("big", 6_000)):
        with SqliteReadings(tmp_path / f"{name}.db") as readings:
            for number in range(batches):
                readings.append(batch(number * 10, 1))
            readings.prune(MIDNIGHT + DAY)  # makes the day's rollup of as many quarters as there are
            counted = Counted(readings)
            assert readings.prune(MIDNIGHT + DAY) > 0
            assert readings.prune(MIDNIGHT - DAY) == 0
            for level in (Level.MINUTE, Level.QUARTER, Level.DAY):
                readings.thin(level, MIDNIGHT + DAY // 100)
            costs.append(counted.count)
    small, big = costs
    assert big <= 1.2 * small


def test_a_row_in_no_order_of_time_does_not_stop_the_others(readings: Readings) -> None:
    """A clock that was wrong: a batch with a sample of long ago stays until it is old as a whole."""
    filled(readings, 2, 100)
    readings.append([Sample(meter="a", taken=5, power=1), *batch(86_400, 10)])
    assert sum(steps(readings, MIDNIGHT + DAY // 2)) == 2 * 100 * len(METERS)
    assert len(readings.pages(2, 1)[0][1]) == 51
    assert check(readings).intact


def test_what_was_reported_is_proved_until_its_samples_go_and_its_root_for_ever(readings: Readings) -> None:
    filled(readings, 6)
    start = MIDNIGHT // 1_000
    before = covered(readings, start, start + 1_800, 0, panels=["a"], loads=["b"])
    report = Report(chain_id=1, market="", household="", transaction="", span=before.span, root=before.root)
    assert steps(readings, MIDNIGHT + 700_000)
    links = list(digests(readings, before.span))
    gone, kept = readings.pages(0, 99)[0], readings.pages(0, 99)[4]
    assert gone[1] == []
    assert made(report, links, *kept, 7).holds
    assert covered(readings, start, start + 1_800, 0, panels=["a"], loads=["b"]) == before
    assert check(readings, kept_since=MIDNIGHT + 700_000).intact


def test_retention_goes_through_all_levels_once_a_day(readings: Readings) -> None:
    for day in range(6):
        readings.append(batch(day * 86_400, 86_400, 600))
    settings = ReadingsSettings(keep_days=1, keep_rollups=RollupsSettings(minutes=2, quarters=3, days=4))
    retention, now = Retention(settings), MIDNIGHT + 6 * DAY + LATE
    told = [gone for _ in range(40) if (gone := retention.step(readings, now)) is not None]
    assert [gone.samples for gone in told] == [5 * 144 * len(METERS)]
    days = [min(bucket.at for bucket in readings.rollup("a", level, 0, now)) - MIDNIGHT for level in Level]
    assert days == [4 * DAY, 3 * DAY, 3 * DAY, 2 * DAY]
    whole = readings.energy("a", MIDNIGHT + 2 * DAY, now)
    assert whole is not None and whole.forward == 4 * 86_400 - 600  # to its last sample
    steps_ = Asked()
    for hour in range(1, 25):
        retention.step(steps_, now + hour * LATE - 1)
    assert steps_.asked == 0
    retention.step(steps_, now + 24 * LATE)
    assert steps_.asked == 1


class Asked(SimpleNamespace):
    """A store that is only asked."""

    asked = 0

    def prune(self, _before: int) -> int:
        self.asked += 1
        return 0

    def thin(self, *_: int) -> int:
        return self.prune(0)


@pytest.mark.parametrize("url", [None, "server"])
def test_a_store_that_fails_is_asked_for_the_same_again(
    tmp_path: Path, request: pytest.FixtureRequest, url: str | None
) -> None:
    where = request.getfixturevalue("postgres_url") if url else None
    with open_readings(where, tmp_path) as readings:
        filled(readings, 2)
        retention, now = Retention(ReadingsSettings(keep_days=1)), MIDNIGHT + 5 * DAY
        with pytest.raises(ZeroDivisionError):
            retention.step(Failing(), now)  # type: ignore[arg-type]
        told = [gone for _ in range(9) if (gone := retention.step(readings, now)) is not None]
        assert told == [Gone(samples=2 * 1_500)]
        assert [own for _, own in readings.pages(0, 9)] == [[], []]


class Failing:
    """A store that is away."""

    def prune(self, _before: int) -> int:
        raise ZeroDivisionError
