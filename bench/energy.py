"""The Energy page with a year of readings: how long the server works for each span and unit.

The year is synthesised: rollups as the logger keeps them of each minute, quarter and day of six meters, and
samples of the last days. The floor is the page of somebody who is logged in and has no readings at all. Times
are the processor's, so that its other work does not count.
"""

from __future__ import annotations

import logging
import math
import re
import sqlite3
import statistics
import time
from datetime import date
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from flask.testing import FlaskClient

from node.dapp.app import create_app
from node.dapp.household import Household, Line
from node.dapp.measures import Unit
from node.dapp.periods import Span
from node.dapp.users import set_password
from node.readings.interface import Level
from node.readings.sqlite import SqliteReadings
from node.tariffs.plan import Plan, Rate, Version
from quantities import SoC

DAYS = 365
SAMPLED = 2
"""Days of samples, one in ten seconds."""

LOOKS = 20
TARGET_MS = 200.0

ORIGIN = "http://127.0.0.1:8080"

METERS = ("load", "panel", "tie-11", "tie-12", "feed-1", "battery")


def main() -> None:
    """Print every figure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with TemporaryDirectory() as folder:
        house = _house(Path(folder))
        visitor = visitor_of(house)
        floor = timed(visitor, "/energy?span=year")
        rows, took = synthesise(house.state / "readings.db", time.time())
        size = (house.state / "readings.db").stat().st_size / 1e6
        print(f"-- a year of {len(METERS)} meters: {rows:,} rows, {size:.0f} MB, made in {took:.0f} s")
        _print("without readings (the floor)", floor)
        for span, unit in product(Span, Unit):
            _print(f"{span}, {unit}", timed(visitor, f"/energy?span={span}&unit={unit}"))
        for span in Span:
            _print(f"battery's curve, {span}", timed(visitor, f"/data/energy/charge?span={span}"))


def _house(root: Path) -> Household:
    night = Rate(name="night", price=180_000, after=22 * 60, before=6 * 60)
    version = Version(since=date(2020, 1, 1), price=250_000, rates=(night,))
    return Household(
        name="birch",
        run=root / "run",
        state=root / "state",
        battery="battery",
        panels=("panel",),
        loads=("load",),
        ties=(Line(meter="tie-11", neighbour="alder"), Line(meter="tie-12", neighbour="cedar")),
        feeds=(Line(meter="feed-1", neighbour=""),),
        limit=SoC.from_percent(30),
        meters=METERS,
        time_zone="Europe/Paris",
        tariffs=(Plan(name="grid", currency="EUR", versions=(version,)),),
    )


def visitor_of(house: Household) -> FlaskClient:
    """Somebody who is logged in."""
    client = create_app(house).test_client()
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/login", base_url=ORIGIN).text)
    form = {"csrf": found[1] if found else "", "name": "home", "password": set_password(house.state)}
    client.post("/login", base_url=ORIGIN, data=form)
    return client


def synthesise(path: Path, now: float) -> tuple[int, float]:
    """A year of rollups and some days of samples; how many rows, and in how many seconds."""
    began = time.perf_counter()
    SqliteReadings(path).close()
    file = sqlite3.connect(path)
    file.execute("PRAGMA synchronous = OFF")
    file.executemany("INSERT INTO meters VALUES (?, ?)", list(enumerate(METERS, 1)))
    end = int(now) * 1_000
    start = (end - DAYS * Level.DAY) // Level.DAY * Level.DAY
    for meter in range(1, len(METERS) + 1):
        for level in Level:
            rows = (_rollup(level, meter, at, at - start) for at in range(start, end // level * level, level))
            file.executemany("INSERT INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        samples = (
            (meter, at, 1, 3_700, 10, _power(at), (at - start) // 60, 0, 5_000)
            for at in range(end - SAMPLED * Level.DAY, end, 10_000)
        )
        file.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", samples)
    file.execute("INSERT INTO batches VALUES (1, ?, ?, 0, x'', x'')", (end - SAMPLED * Level.DAY, end))
    file.commit()
    [rolled] = file.execute("SELECT count(*) FROM rollups").fetchone()
    [sampled] = file.execute("SELECT count(*) FROM samples").fetchone()
    file.close()
    return rolled + sampled, time.perf_counter() - began


def _rollup(level: Level, meter: int, at: int, since: int) -> tuple[int, ...]:
    count, power = level // 1_000, _power(at)
    register = since // 60
    return (level, meter, at, count, count, power, power * count, power, register,
            register + level // 60, 0, 0)  # fmt: skip


def _power(at: int) -> int:
    return 60_000 + int(40_000 * math.sin(at / Level.DAY * 2 * math.pi))


def timed(visitor: FlaskClient, path: str) -> list[float]:
    """Milliseconds of the processor for each of some looks at a page."""
    took: list[float] = []
    visitor.get(path, base_url=ORIGIN)  # What is imported for the first look is not the page's.
    for _ in range(LOOKS):
        began = time.process_time()
        answer = visitor.get(path, base_url=ORIGIN)
        took.append((time.process_time() - began) * 1_000)
        assert answer.status_code == 200, answer.text
    return took


def _print(what: str, took: list[float]) -> None:
    p95 = statistics.quantiles(took, n=20)[-1]
    missed = "" if p95 <= TARGET_MS else f"   target {TARGET_MS:.0f} ms: missed"
    print(f"{what:32} median {statistics.median(took):7.1f} ms   p95 {p95:7.1f} ms{missed}")
