"""A reader sees the same, whatever part of the samples is stored, and whatever is still in the spool."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from node.readings import Level, Point, Readings, Rollup, Sample
from node.readings.batching import batches
from node.readings.checking import check
from node.readings.interface import Mark
from node.readings.spool import Spool
from node.sensors.driver import Quantity
from tests.integration.node.readings.conftest import Opener

NOON = 1_750_000_000_000 // Level.QUARTER * Level.QUARTER
HOUR = 3_600_000
MOST = 10_000_000


def made(seed: int, count: int = 700) -> list[Sample]:
    """Two meters, with gaps, some three seconds a sample."""
    dice, found = random.Random(seed), []
    for meter in ("battery", "load"):
        taken, forward, reverse = NOON, 0, 0
        for _ in range(count):
            taken += dice.choice([1_000, 1_000, 1_000, 2_000, 15_000])
            forward, reverse = forward + dice.randrange(30), reverse + dice.choice([0, 0, 5])
            soc = dice.randrange(10_000) if meter == "battery" else None
            found.append(
                Sample(meter=meter, taken=taken, power=dice.randrange(-5_000, 50_000), voltage=12_000,
                       forward=forward, reverse=reverse, soc=soc)
            )  # fmt: skip
    return sorted(found, key=lambda each: each.taken)


def asked(readings: Readings, seed: int) -> dict[str, object]:
    """A lot of questions."""
    dice = random.Random(seed)
    answers: dict[str, object] = {"latest": readings.latest(), "meters": readings.meters()}
    for number in range(8):
        start = NOON + dice.randrange(-HOUR, HOUR)
        end = start + dice.randrange(1_000, 2 * HOUR)
        moments = sorted(dice.sample(range(start, start + 2 * HOUR), 5))
        for meter in ("battery", "load", "nobody"):
            answers |= {
                f"{number} {meter} {start} {end} energy": readings.energy(meter, start, end),
                f"{number} {meter} {start} {end} points": readings.points(
                    meter, Quantity.POWER, start, end, 500
                ),
                f"{number} {meter} {start} {end} between": readings.between(
                    meter, Quantity.SOC, start, end, 50
                ),
                f"{number} {meter} {start} {end} fine": readings.chart(meter, start, end, 300),
                f"{number} {meter} {start} {end} counted": readings.counted(meter, moments),
                f"{number} {meter} {start} {end} spots": readings.spots(meter, moments),
                f"{number} {meter} {start} {end} rollup": readings.rollup(meter, Level.MINUTE, start, end),
                f"{number} {meter} {start} {end} quarters": readings.rollup(meter, Level.QUARTER, start, end),
            }
    return answers


def same(one: object, other: object) -> bool:
    """But for the last milliwatt of a mean, which is rounded once more when it is put together."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Point | Rollup) and isinstance(other, Point | Rollup):
        near = abs((one.mean or 0) - (other.mean or 0)) <= 1
        return near and replace(one, mean=0) == replace(other, mean=0)
    return one == other


@pytest.mark.parametrize("stored", [0, 1, 14, 27, 28])
def test_it_matters_to_no_reader_what_is_stored_yet(opener: Opener, tmp_path: Path, stored: int) -> None:
    every = made(stored)
    with opener() as writer:
        writer.append(every)
        whole = asked(writer, stored)
        for table in ("samples", "rollups", "batches", "meters"):
            with writer._connection() as connection, writer._transaction(connection):  # type: ignore[attr-defined]
                writer._change(connection, f"DELETE FROM {table}", ())  # type: ignore[attr-defined]
    spool = Spool(tmp_path / "spool", MOST)
    for at in range(0, len(every), 50):
        spool.append(every[at : at + 50], {})
    with opener() as writer:
        for frame in list(spool.frames(0))[:stored]:
            writer.append(frame.samples, Mark(spool.id, frame.number))
    with opener(read_only=True) as reader:
        seen = asked(reader, stored)
    assert [key for key in whole if not same(seen[key], whole[key])] == []


def test_what_is_stored_from_a_spool_is_stored_once_and_chained(opener: Opener, tmp_path: Path) -> None:
    every = made(7)
    spool = Spool(tmp_path / "spool", MOST)
    for at in range(0, len(every), 50):
        spool.append(every[at : at + 50], {})
    with opener() as writer:
        parts = list(batches(spool.frames(writer.marked(spool.id)), 300.0, None))
        for number, samples in parts:
            writer.append(samples, Mark(spool.id, number))
            writer.append(samples, Mark(spool.id, number))  # its fate was unknown
        for number, samples in parts[2:]:
            writer.append(samples[1:], Mark(spool.id, number))  # a batch that was made up differently
        assert writer.marked(spool.id) == spool.number
        assert writer.marked(spool.id + 1) == 0
        found = check(writer)
        assert (found.intact, found.samples, found.batches) == (True, len(every), len(parts))
        assert list(spool.frames(writer.marked(spool.id))) == []
