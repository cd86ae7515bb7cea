"""Cuts the power under a whole logger, and sees which seconds are lost: `python -m … FOLDER CUTS`."""

from __future__ import annotations

import signal
import sys
import time
from itertools import pairwise
from pathlib import Path
from random import Random

from node.readings import Sample
from node.readings.checking import check
from node.readings.spool import Spool
from node.readings.sqlite import SqliteReadings
from node.sensors.driver import Quantity
from store.sqlite import damage
from tests.integration.node.logger.test_process import Bench, wait_until
from tests.integration.power import disk
from tests.integration.power.cuts import CANNOT
from tests.waiting import BUSY

SYNC = 1
"""Seconds between two syncs; what is lost is proportional to them."""

AT_LEAST = SYNC + BUSY + 1
"""Seconds that it logs, more than may be lost: one that kept nothing would be found out."""


def lost(house: Bench, mounted: disk.Disk, cuts: int) -> list[float]:
    """Log, cut the power, look: how many seconds were lost each time."""
    random, found = Random(3), []
    for cut in range(cuts):
        house.start()
        wait_until(lambda: house.log.count("logger.started") == cut + 1)  # noqa: B023 - called at once
        wait_until(lambda: house.live("load"))
        time.sleep(AT_LEAST + random.uniform(0, 2 * SYNC))
        mounted.cut()
        ended = time.time()
        assert house.end(signal.SIGKILL) == -signal.SIGKILL
        mounted.unmount()
        mounted.mount()
        assert damage(mounted.place / "readings.db") == damage(mounted.place / "meters.db") == ""
        samples = kept(mounted.place)
        times = [each.taken for each in samples]
        assert times, f"cut {cut}: nothing was kept"
        assert times == sorted(set(times)), f"cut {cut}"
        assert all((a.forward or 0) <= (b.forward or 0) for a, b in pairwise(samples)), f"cut {cut}"
        found.append(ended - times[-1] / 1_000)
    return found


def kept(state: Path) -> list[Sample]:
    """Every sample on the disk, in the store and behind it in the spool."""
    spool = Spool(state / "spool", 1_000_000)
    with SqliteReadings(state / "readings.db") as readings:
        assert check(readings).intact
        registers = readings.points("load", Quantity.FORWARD, 0, 2**45, 10**9)
        waiting = list(spool.frames(readings.marked(spool.id)))
    stored = [Sample(meter="load", taken=each.taken, forward=each.value) for each in registers]
    return stored + [each for frame in waiting for each in frame.samples]


def main(folder: Path, cuts: int) -> int:
    """The exit code."""
    why = disk.missing(folder)
    if why:
        print(why)
        return CANNOT
    mounted = disk.Disk(folder)
    house = Bench(folder)
    try:
        house.state = mounted.place
        house.readings = {"sample": "100 ms", "sync": f"{SYNC} s", "batch": "1 h"}  # the spool alone has it
        house.meter("load", power=3_600_000)
        gone = lost(house, mounted, cuts)
        print(f"lost at most {max(gone):.2f} s, synced each {SYNC} s")
        return int(max(gone) > SYNC + BUSY)
    finally:
        if house.process is not None:
            house.end(signal.SIGKILL)
        mounted.unmount()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
