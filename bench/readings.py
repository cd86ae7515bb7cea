"""What it costs to store readings, to keep a year of them, to draw a chart of it, and to let it go by age.

Rows a second are held against the same rows put in bare (executemany, COPY) with as many commits, in turn,
and against bare with nothing more than the hashes that prove them: what any store of ours has to do.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg

from bench.floor import percentile
from node.readings import Level, Readings, Sample, open_readings
from node.readings import chain as links
from node.readings.sql import rows
from node.readings.sqlite import SqliteReadings
from node.readings.statements import backfill
from store import postgres, sqlite
from tests.integration.postgres import Server, found

METERS = ("battery", "feed-1", "load", "panel", "tie-11")

YEAR_S = 365 * 86_400
START = 20_000 * Level.DAY
BATCH_S = 60
"""Of the year."""

SIZES = {60: 200, 900: 14}
"""Batches of one round, by their seconds: the logger stores each quarter of an hour."""

ROUNDS = 3
POINTS = 1_000
LOOKS = 60

COLUMNS = "meter, taken, batch, voltage, current, power, forward, reverse, soc"


def batch(number: int, seconds: int) -> list[Sample]:
    """Five meters for some seconds, with numbers as they are."""
    first = START + number * seconds * 1_000
    return [
        Sample(meter=meter, taken=first + second * 1_000, voltage=12_300 + second, current=-1_200 - second,
               power=-15_000 - 7 * second, forward=number * 977 + second, reverse=number * 13, soc=5_000)
        for second in range(seconds)
        for meter in METERS
    ]  # fmt: skip


def main() -> None:
    """Print all of it."""
    with tempfile.TemporaryDirectory(prefix="commonwatt-bench-") as made:
        folder = Path(made)
        for seconds in SIZES:
            rates("SQLite", folder, None, seconds)
        programs = found()
        if programs is None:
            print("no PostgreSQL here")
        else:
            server = Server(programs)
            try:
                server.start()
                for seconds in SIZES:
                    rates("PostgreSQL", folder, server, seconds)
            finally:
                server.remove()
        written(folder)
        year(folder / "readings.db")


def rates(name: str, folder: Path, server: Server | None, seconds: int) -> None:
    """Rows a second, ours and bare, in turn."""
    ours, bare, hashed = [], [], []
    for number in range(ROUNDS):
        place = f"{name.lower()}_{seconds}_{number}"
        url = None if server is None else fresh(server, f"ours_{place}")
        with open_readings(url, folder / place) as readings:
            ours.append(timed(lambda: stored(readings, seconds)))
        if server is None:
            bare.append(timed_in_file(folder / f"{place}.db", seconds))
        else:
            bare.append(timed_on_server(fresh(server, f"bare_{place}"), seconds))
        hashed.append(sum(timed(partial(links.content, each)) for each in made(seconds)))
    count = SIZES[seconds] * seconds * len(METERS)
    best, floor = count / min(ours), count / min(bare)
    proved = count / (min(bare) + min(hashed))
    print(
        f"{name}, {seconds * len(METERS)} rows a commit: {best:,.0f} rows a second, bare {floor:,.0f}: "
        f"{best / floor:.2f} (at least 0.8 is wanted); bare with the hashes {proved:,.0f}: "
        f"{best / proved:.2f}; best of {ROUNDS}, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def made(seconds: int) -> Iterator[list[Sample]]:
    """The batches of a round in their canonical order."""
    return (links.ordered(batch(number, seconds)) for number in range(SIZES[seconds]))


def stored(readings: Readings, seconds: int) -> None:
    """Store a round."""
    for number in range(SIZES[seconds]):
        readings.append(batch(number, seconds))


def bare_rows(seconds: int) -> Iterator[list[tuple[object, ...]]]:
    """A round's batches as rows of `COLUMNS`."""
    for number, samples in enumerate(made(seconds), 1):
        yield [(METERS.index(meter) + 1, taken, number, *rest) for meter, taken, *rest in rows(samples)]


def timed_in_file(path: Path, seconds: int) -> float:
    """Seconds of the same rows by executemany, as the store opens its file."""
    with closing(sqlite.open_writer(path, "full")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executescript(
            "CREATE TABLE samples (meter INTEGER, taken INTEGER, batch INTEGER, voltage INTEGER, "
            "current INTEGER, power INTEGER, forward INTEGER, reverse INTEGER, soc INTEGER, "
            "PRIMARY KEY (meter, taken, batch)) STRICT, WITHOUT ROWID"
        )

        def put() -> None:
            for each in bare_rows(seconds):
                with sqlite.transaction(connection):
                    connection.executemany("INSERT INTO samples VALUES (?,?,?,?,?,?,?,?,?)", each)

        return timed(put)


def timed_on_server(url: str, seconds: int) -> float:
    """Seconds of the same rows by COPY."""
    with postgres.connect(url) as connection:
        connection.execute(
            "CREATE TABLE samples (taken bigint, batch bigint, voltage bigint, current bigint, power bigint, "
            "forward bigint, reverse bigint, meter smallint, soc smallint, PRIMARY KEY (meter, taken, batch))"
        )

        def put() -> None:
            for each in bare_rows(seconds):
                with connection.transaction():
                    postgres.copy(connection, f"samples ({COLUMNS})", each)

        return timed(put)


def fresh(server: Server, name: str) -> str:
    """A database with nothing in it."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url(name)


def written(folder: Path) -> None:
    """What an hour of five meters at one a second sends to the disk, by the kernel's count."""
    for seconds in (5, 60, 300):
        with SqliteReadings(folder / f"hour-{seconds}.db") as readings:
            readings.append(batch(0, seconds))
            before = sent()
            for number in range(1, 3_600 // seconds + 1):
                readings.append(batch(number, seconds))
        rate = (sent() - before) / 3_600
        print(
            f"an hour of five meters, a batch every {seconds} s: {(sent() - before) / 1e6:.1f} MB written, "
            f"{rate / 1e3:.2f} kB/s (at most 1 is wanted)"
        )


def sent() -> int:
    """Bytes that this process has had written to disks."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["write_bytes"])


def year(path: Path) -> None:
    """A year of one meter: its size, its charts, and its end."""
    SqliteReadings(path).close()
    sizes = list(filled(path))
    size = " + ".join(f"{bytes_ / 1e6:,.0f} MB {what}" for what, bytes_ in sizes)
    print(f"a year of one meter at one a second ({YEAR_S / 1e6:.1f} million rows): {size}")
    with SqliteReadings(path, read_only=True) as readings:
        for name, span in (("year", YEAR_S), ("month", 30 * 86_400), ("week", 7 * 86_400), ("day", 86_400)):
            took = sorted(looks(readings, span * 1_000))
            print(
                f"a chart of {POINTS:,} points of a {name}: p50 {percentile(took, 50):.1f} ms, "
                f"p95 {percentile(took, 95):.1f} ms" + (" (at most 25 is wanted)" if name == "year" else "")
            )
    with SqliteReadings(path) as readings:
        now = START + YEAR_S * 1_000
        for name, step in (
            ("samples", lambda: readings.prune(now - 90 * Level.DAY)),
            ("rollups of a minute", lambda: readings.thin(Level.MINUTE, now - 90 * Level.DAY)),
        ):
            took = sorted(1_000 * timed(step) for _ in range(200))
            print(
                f"a step of letting {name} go by age: p50 {percentile(took, 50):.1f} ms, "
                f"longest of 200 {took[-1]:.1f} ms (at most 100 is wanted)"
            )


def filled(path: Path) -> Iterator[tuple[str, int]]:
    """Put a year in by SQL; what each part takes on disk."""
    counted = "WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < :count - 1)"
    samples = f"""
        {counted} INSERT INTO samples
        SELECT 1, :start + n * 1000, n / :each + 1, 12300 + n % 977, -1200 - n % 977,
               -15000 - n * 7919 % 30011, n / 3, n / 50, 5000 + n % 5000 FROM s
        """  # noqa: S608
    batches = f"""
        {counted} INSERT INTO batches
        SELECT n + 1, :start + n * :each * 1000, :start + (n * :each + :each - 1) * 1000, :each,
               randomblob(32), randomblob(32) FROM s
        """  # noqa: S608
    numbers = {"start": int(START), "each": BATCH_S}
    parts: dict[str, list[tuple[str, dict[str, int]]]] = {
        "of batches": [
            ("INSERT INTO meters VALUES (1, 'load')", {}),
            (batches, numbers | {"count": YEAR_S // BATCH_S}),
        ],
        "of samples": [(samples, numbers | {"count": YEAR_S})],
        "of rollups": [(backfill(level).strip().rstrip(";"), {}) for level in Level],
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA synchronous = OFF")
        file.execute("PRAGMA journal_mode = MEMORY")
        file.execute("PRAGMA cache_size = -65536")
        before = 0
        for what, statements in parts.items():
            began = time.monotonic()
            for statement, values in statements:
                file.execute(statement, values)
            now = path.stat().st_size
            print(f"  ({what[3:]} made in {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
            yield what, now - before
            before = now


def looks(readings: Readings, span: int) -> Iterator[float]:
    """Milliseconds of charts that end anywhere in the year."""
    dice = random.Random(1)
    whole = YEAR_S * 1_000
    for _ in range(LOOKS):
        end = START + span + dice.randrange(max(whole - span, 1))
        began = time.perf_counter()
        points = readings.chart("load", end - span, end, POINTS)
        yield 1_000 * (time.perf_counter() - began)
        assert len(points) > POINTS // 3, len(points)


def timed(act: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    os.nice(5)
    main()
