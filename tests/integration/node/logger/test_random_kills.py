"""A logger that is killed at random moments: registers never fall, no sample is doubled, few are lost.

The system lives on, so what is lost here is what the logger itself had not handed over; what a disk loses,
and that a torn frame is cut, is tried on the spool alone.
"""

from __future__ import annotations

import random
import signal
import time
from itertools import pairwise

import pytest

from node.readings import open_readings
from node.readings.checking import check
from node.sensors.driver import Quantity
from store.snapshot import boottime
from tests.integration.node.logger.test_process import Bench, bench, wait_until  # noqa: F401 - fixture
from tests.waiting import BUSY

METERS = ("battery", "load", "feed-1")
SYNC = 0.5
"""Seconds."""

ALL = 10**9


def killed(bench: Bench, kills: int, seed: int) -> None:  # noqa: F811
    dice = random.Random(seed)
    bench.readings = {"sample": "100 ms", "sync": f"{round(SYNC * 1_000)} ms", "batch": "1 s"}
    bench.meter("feed-1", power=3_600_000, forward=1_000, reverse=0)
    bench.meter("load", power=3_600_000)
    bench.meter("battery", power=-3_600_000, voltage=12_000)
    shown: dict[str, list[int]] = {meter: [] for meter in METERS}
    last: list[tuple[str, float]] = []
    for number in range(kills + 1):
        bench.start()
        started = number + 1
        wait_until(lambda: bench.log.count("logger.started") == started)  # noqa: B023 - called at once
        wait_until(lambda: all(bench.live(meter) for meter in METERS))
        until = time.monotonic() + dice.uniform(0.05, 4)
        while time.monotonic() < until:
            bench.meter("feed-1", power=3_600_000, forward=1_000 + number * 100, reverse=0)
            for meter in METERS:
                found = bench.register(meter)
                assert found is not None
                shown[meter].append(found.reverse if meter == "battery" else found.forward)
            time.sleep(0.02)
        if number == kills:
            break
        assert bench.end(signal.SIGKILL) == -signal.SIGKILL
        ahead = time.time() - boottime()
        last += [(meter, ahead + found.sampled) for meter in METERS if (found := bench.register(meter))]
    assert bench.end() == 0
    for meter in METERS:
        assert shown[meter] == sorted(shown[meter]), meter
    assert shown["feed-1"][-1] == 1_000 + kills * 100
    with open_readings(None, bench.state, read_only=True) as readings:
        walked = check(readings)
        assert walked.intact, walked
        for meter in METERS:
            which = Quantity.REVERSE if meter == "battery" else Quantity.FORWARD
            values = readings.points(meter, which, 0, 2**45, ALL)
            assert len({value.taken for value in values}) == len(values)
            assert all(earlier.value <= later.value for earlier, later in pairwise(values))
            for _, died in (each for each in last if each[0] == meter):
                kept = max(value.taken / 1_000 for value in values if value.taken / 1_000 <= died + 0.01)
                assert died - kept <= SYNC + BUSY
        assert walked.samples == sum(
            len(readings.points(meter, Quantity.POWER, 0, 2**45, ALL)) for meter in METERS
        )
    assert "not_kept" not in bench.log


def test_killed_a_few_times_it_loses_next_to_nothing(bench: Bench) -> None:  # noqa: F811
    killed(bench, 4, seed=1)


@pytest.mark.long
def test_killed_a_hundred_times_it_loses_next_to_nothing(bench: Bench) -> None:  # noqa: F811
    killed(bench, 100, seed=2)
