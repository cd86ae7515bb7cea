"""The pages of a household with a year of readings and of trades: how long the server works for each.

Readings are synthesised as `bench energy` does, trades as a household that buys and sells ten times a day
would leave them. Pages that ask the chain are not here: they wait for a node (`bench pages` has the
explorer's).
Times are the processor's, so that its other work does not count; the floor is a page that shows nothing.
"""

from __future__ import annotations

import logging
import statistics
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bench import energy
from node.client_interaction.loop import MIGRATIONS
from node.client_interaction.trade import Side, TradeState
from node.client_interaction.trades import Trades
from node.wallet.database import Database
from tests.integration.dapp import made_up

A_DAY = 10
"""Trades."""

TARGET_MS = 50.0


def main() -> None:
    """Print every figure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with TemporaryDirectory() as folder:
        house = made_up.household(Path(folder))
        visitor = energy.visitor_of(house)
        floor = energy.timed(visitor, "/offline")
        rows, _ = energy.synthesise(house.state / "readings.db", time.time())
        newest, count = trade_for_a_year(house.state / "trade.db", time.time())
        made_up.publish(Path(folder))
        print(f"-- a year: {rows:,} rows of readings, {count:,} trades")
        _print("a page that shows nothing", floor, floor)
        for path in (
            "/", "/data/charts?span=1h", "/data/charts?span=7d", "/energy", "/energy?span=year", "/trades",
            f"/trades/{newest}", "/control", "/devices", "/account/", "/account/audit",
        ):  # fmt: skip
            _print(path if len(path) < 32 else "one trade", energy.timed(visitor, path), floor)


def trade_for_a_year(path: Path, now: float) -> tuple[str, int]:
    """Fill trade.db; answers the newest order, and how many there are."""
    database = Database(path, MIGRATIONS)
    trades, count = Trades(database), energy.DAYS * A_DAY
    with database.transaction():
        for number in range(count):
            side = Side.BUYER if number % 2 else Side.SELLER
            created = now - (count - number) * 86_400 / A_DAY
            made = made_up.trade(number % 15, created, TradeState.SETTLED, side)
            made = replace(made, order=f"0x{number:064x}")
            trades.add(made)
            for step in made_up.steps(made):
                trades.step(made.order, step)
    database.close()
    return f"0x{count - 1:064x}", count


def _print(what: str, took: list[float], floor: list[float]) -> None:
    median, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    missed = "" if p95 <= TARGET_MS else f"   target {TARGET_MS:.0f} ms: missed"
    times = median / statistics.median(floor)
    print(f"{what:28} median {median:7.1f} ms   p95 {p95:7.1f} ms   {times:5.1f} x the floor{missed}")
