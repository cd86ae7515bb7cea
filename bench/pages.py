"""The explorer's pages on a long chain: how long the index takes to find, and to be made.

The long chain is synthesised: rows as a neighbourhood of forty households would leave them in a year at one
block in five seconds. The floor is SQLite's own look at one row by its key, through the same connection.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from node.dapp.chain_index import FILE, ChainIndex

BLOCKS = 6_000_000
ACCOUNTS = 40
CONTRACTS = 3
BUSY = 0.2
"""Of the blocks."""

LOOKS = 2_000
PAGE = 25


def main() -> None:
    """Print every figure."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        rows, took = synthesise(path)
        print(
            f"-- {BLOCKS / 1e6:.0f} million blocks, {rows[0]:,} of them busy, {rows[1]:,} places of "
            f"{ACCOUNTS + CONTRACTS} accounts; {path.stat().st_size / 1e6:.0f} MB, made in {took:.0f} s"
        )
        index, draw = ChainIndex(path), random.Random(1)
        floor = timed(_by_key(path, draw))
        print_line("one row by its key (the floor)", floor, floor)

        def below() -> int:
            return draw.randrange(BLOCKS)

        print_line("events page", timed(lambda: index.with_events(below(), PAGE)), floor)
        print_line("transactions page", timed(lambda: index.with_transactions(below(), PAGE)), floor)
        print_line(
            "account page", timed(lambda: index.of(address(draw.randrange(ACCOUNTS)), below(), PAGE)), floor
        )
        print_line("a contract's page", timed(lambda: index.of(address(ACCOUNTS), below(), PAGE)), floor)
        stranger = "0x" + "ee" * 20
        print_line("an account that never was", timed(lambda: index.of(stranger, below(), PAGE)), floor)
        index.close()


def address(number: int) -> str:
    """Of a made-up account; the contracts come after the households."""
    return f"0x{number + 1:040x}"


def synthesise(path: Path) -> tuple[tuple[int, int], float]:
    """Fill an index without a chain; how many busy blocks and places, and in how many seconds."""
    ChainIndex(path).close()
    began, draw = time.perf_counter(), random.Random(0)
    file = sqlite3.connect(path)
    file.execute("PRAGMA synchronous = OFF")
    accounts = [(n + 1, bytes.fromhex(address(n)[2:])) for n in range(ACCOUNTS + CONTRACTS)]
    file.executemany("INSERT INTO accounts VALUES (?, ?)", accounts)
    busy = [number for number in range(BLOCKS) if draw.random() < BUSY]
    file.executemany("INSERT INTO busy VALUES (?, 2, 3)", ((number,) for number in busy))
    file.execute("CREATE TEMP TABLE drawn (account, block)")
    places = ((account, number) for number in busy for account in _concerned(draw))
    file.executemany("INSERT INTO drawn VALUES (?, ?)", places)
    file.execute("INSERT INTO touches SELECT DISTINCT account, block FROM drawn ORDER BY account, block")
    file.executemany("INSERT INTO hashes VALUES (?, ?)", ((n, bytes(32)) for n in range(0, BLOCKS, 1_000)))
    file.commit()
    [touched] = file.execute("SELECT count(*) FROM touches").fetchone()
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.close()
    return (len(busy), touched), time.perf_counter() - began


def _concerned(draw: random.Random) -> list[int]:
    """A buyer, a seller, the token and the market."""
    return [*draw.sample(range(1, ACCOUNTS + 1), 2), ACCOUNTS + 1, ACCOUNTS + 2]


def _by_key(path: Path, draw: random.Random) -> Callable[[], object]:
    file = sqlite3.connect(path)
    return lambda: file.execute("SELECT * FROM busy WHERE block = ?", (draw.randrange(BLOCKS),)).fetchall()


def timed(look: Callable[[], object]) -> list[float]:
    """Milliseconds of each of many looks."""
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        look()
        took.append((time.perf_counter() - began) * 1_000)
    return took


def print_line(what: str, took: list[float], floor: list[float]) -> None:
    """Median and p95, and the p95 as a multiple of the floor's."""
    p95, least = (statistics.quantiles(each, n=20)[-1] for each in (took, floor))
    times = f"{p95 / least:6.1f} × the floor"
    print(f"{what:32} median {statistics.median(took):7.3f} ms   p95 {p95:7.3f} ms   {times}")
