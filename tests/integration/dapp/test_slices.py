"""Slices of power made of rollups are those made of samples, and are there when the samples are gone."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from node.dapp.api.slices import sliced
from node.readings import Level, Sample
from node.readings.sqlite import SqliteReadings
from node.sensors.driver import Quantity

START = 20_000 * Level.DAY.value
HOUR = 3_600_000


@pytest.fixture
def store(tmp_path: Path) -> SqliteReadings:
    """Thirty hours of a meter with gaps, samples without power, and one that came late."""
    dice, readings = Random(3), SqliteReadings(tmp_path / "readings.db")
    for hour in range(30):
        times = sorted(dice.sample(range(3_600), dice.randrange(1, 400)))
        readings.append(
            [
                Sample(meter="load", taken=START + hour * HOUR + second * 1_000,
                       power=None if dice.random() < 0.1 else dice.randrange(-9_000, 9_000))
                for second in times
                if hour % 7
            ]
        )  # fmt: skip
    readings.append([Sample(meter="load", taken=START + 90_000, power=77)])
    return readings


@pytest.mark.parametrize(
    "length", [60_000, 300_000, 900_000, 1_200_000, HOUR, 3 * HOUR // 2, 2 * HOUR, Level.DAY]
)
def test_they_are_the_same(store: SqliteReadings, length: int) -> None:
    for first, last in ((START, START + 30 * HOUR), (START + 5 * HOUR, START + 6 * HOUR + 1)):
        begin = first // length * length
        count = -(-(last - begin) // length)
        made_of_samples = store.between("load", Quantity.POWER, begin, begin + count * length, count + 1)
        assert sliced(store, "load", Quantity.POWER, (begin, last), length) == made_of_samples
        assert made_of_samples


def test_they_outlive_their_samples(store: SqliteReadings) -> None:
    whole = sliced(store, "load", Quantity.POWER, (START, START + 24 * HOUR), HOUR)
    while store.prune(START + 24 * HOUR):
        pass
    assert sliced(store, "load", Quantity.POWER, (START, START + 24 * HOUR), HOUR) == whole
