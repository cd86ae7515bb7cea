"""Clocks that step, change to summer time, or are not set at all: from the sensor to the stored energies.

The time up is the real one, moved on by hand; the clock is as far ahead of it as a test wants.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from node.local_time import midnight
from node.logger.ledger import FILE, Ledger
from node.logger.publishing import Household
from node.logger.recorder import Recorder
from node.readings import Level, Readings, Sample, open_readings
from node.readings.checking import check
from node.readings.interface import Flow
from node.readings.settings import ReadingsSettings
from node.readings.spool import Spool
from node.sensors.driver import Measurement, Quantity
from node.sensors.settings import SensorSettings
from store import registers
from store.snapshot import boottime

PERIOD = 10
"""Seconds between two samples."""

POWER = 360_000
"""mW: a thousand milliwatt-hours each sample."""

EACH = 1_000
HOUR = 3_600
SPRING = 1_774_700_000
"""Unix seconds of a day in March, UTC."""


class House:
    """A logger without its loop: every second of it is a test's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.up, self.ahead = folder, boottime(), SPRING - boottime()
        sensors = {"load": SensorSettings(driver="simulated", rating="4 kW")}
        ledger = Ledger(folder / FILE)
        spool = Spool(folder / "spool", 10_000_000)
        self.recorder = Recorder(
            ReadingsSettings(), lambda: open_readings(None, folder), spool,
            run=folder / "run", state=dict, wall=self.wall,
        )  # fmt: skip
        self.household = Household(
            sensors,
            None,
            period=PERIOD,
            run=folder / "run",
            ledger=ledger,
            keep=self.recorder.add,
            wall=self.wall,
        )

    def wall(self) -> float:
        return boottime() + self.ahead

    def log(self, seconds: int) -> None:
        for _ in range(seconds // PERIOD):
            self.up += PERIOD
            said: Any = SimpleNamespace(
                measurements=[Measurement(Quantity.POWER, POWER, self.up)], at=self.up
            )
            assert self.household.take("load", said) is None
        self.recorder.sync()
        self.recorder.store()

    @property
    def now(self) -> int:
        """Unix ms of the last sample."""
        return round((self.up + self.ahead) * 1_000)

    @property
    def register(self) -> int:
        found = registers.read(self.folder / "run" / "meters", "load")
        return -1 if found is None else found.forward

    def readings(self) -> Readings:
        return open_readings(None, self.folder, read_only=True)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr("store.snapshot.FUTURE_TOLERANCE", 1e9)  # the time up is moved on by hand
    made = House(tmp_path)
    yield made
    made.recorder.close()


@pytest.mark.parametrize("step", [HOUR, -HOUR])
@pytest.mark.parametrize("stored", [True, False])
def test_a_clock_that_steps_changes_no_energy(house: House, step: int, stored: bool) -> None:
    house.log(PERIOD)
    began = house.now
    house.log(2 * HOUR)
    house.ahead += step
    house.log(2 * HOUR)
    if stored:
        house.recorder.last()
        house.recorder.store()
    counted = 4 * HOUR // PERIOD * EACH
    assert house.register == counted
    with house.readings() as readings:
        assert readings.energy("load", began, house.now) == Flow(counted, 0)
        for level in (Level.MINUTE, Level.QUARTER):
            buckets = readings.rollup("load", level, began - HOUR * 1_000, house.now + 1)
            assert sum(each.forward for each in buckets) == counted
            assert sum(each.samples for each in buckets) == 4 * HOUR // PERIOD + 1
            assert all(each.forward >= 0 for each in buckets)
        every = readings.points("load", Quantity.FORWARD, 0, 2**45, 10_000)
        assert [each.taken for each in every] == sorted(each.taken for each in every)
        assert len(every) == 4 * HOUR // PERIOD + 1
        assert check(readings).intact
        if step > 0:  # nothing is made up for the hour that the clock left out
            gap = began + 2 * HOUR * 1_000
            assert readings.points("load", Quantity.POWER, gap + 1, gap + HOUR * 1_000, 9) == []


def test_a_boot_without_a_time_is_dated_when_there_is_one(house: House) -> None:
    house.log(HOUR)
    before, registered = house.now, house.register
    was, house.ahead = house.ahead, 0.0  # 1970, and some time up
    house.log(HOUR)
    assert house.register == registered + HOUR // PERIOD * EACH
    house.recorder.last()
    house.recorder.store()
    with house.readings() as readings:
        assert readings.energy("load", before - HOUR * 1_000, before) == Flow(registered, 0)
        assert readings.latest()["load"].taken == before
        stored = readings.stored(2**62)
    house.ahead = was
    house.log(PERIOD)
    with house.readings() as readings:
        every = readings.points("load", Quantity.FORWARD, 0, 2**45, 10_000)
        steps = {later.taken - earlier.taken for earlier, later in pairwise(every)}
        assert {round(step, -1) for step in steps} == {PERIOD * 1_000}
        assert [each.value for each in every] == sorted(each.value for each in every)
        assert readings.stored(2**62) == stored + HOUR // PERIOD + 1
        assert check(readings).intact


def test_local_days_of_23_24_and_25_hours_have_the_energies_of_their_hours(tmp_path: Path) -> None:
    where = ZoneInfo("Europe/Berlin")
    for changes, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        folder = tmp_path / str(hours)
        begins = midnight(changes - timedelta(days=1), where)
        with open_readings(None, folder) as readings:
            readings.append(
                [Sample(meter="load", taken=begins + n * 600_000, power=0, forward=n * 100, reverse=0)
                 for n in range(3 * 25 * 6)]
            )  # fmt: skip
            days = [midnight(changes + timedelta(days=each), where) for each in (-1, 0, 1, 2)]
            flows = [readings.energy("load", *each) for each in pairwise(days)]
        assert flows == [Flow(24 * 600, 0), Flow(hours * 600, 0), Flow(24 * 600, 0)]
