"""Gathers everybody's books into the report while everything still runs."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from simulation.demo import evidence, ledger
from simulation.demo import report as reports
from simulation.demo.ledger import Order
from simulation.demo.reconciled import reconciled
from simulation.neighbourhood.folders import Neighbourhood
from simulation.supervisor.memory import NOTHING, Memory

if TYPE_CHECKING:
    from simulation.demo.run import Demo


def booked(neighbourhood: Neighbourhood, orders: Iterable[Order]) -> bool:
    """Whether the buyers' own books have these orders at their end."""
    books = {
        book.trade.order: book.trade
        for name in neighbourhood.accounts
        for book in evidence.bought(neighbourhood, name)
    }
    return all(order.id in books and books[order.id].final for order in orders)


def report(demo: Demo) -> dict[str, Any]:
    """The whole report.

    Raises:
        ChainError: no node answers.
        WorldError: the world does not.
    """
    neighbourhood, watch = demo.neighbourhood, demo.watch
    names = list(neighbourhood.accounts)
    truth = watch.world.ask("truth")
    events = truth["truth"]["events"]
    collected = reports.Evidence(
        scenario=neighbourhood.scenario,
        accounts=neighbourhood.accounts,
        orders=watch.settled,
        bought={name: evidence.bought(neighbourhood, name) for name in names},
        delivered={k: v for name in names for k, v in evidence.delivered(neighbourhood, name).items()},
        events=events,
        began=truth["began"],
        supplies=evidence.supplies(watch.world.ask("switchings")["switchings"]),
        energy=lambda line, start, end: _energy(demo, line, start, end),
    )
    return {
        "scenario": scenario(demo),
        "trades": reports.trades(collected),
        "meters_against_world": reports.supplied(collected),
        "conservation": conservation(demo),
        "reconciliation": reconciliation(demo),
        "shorts": reports.shorts(events),
        "outages": reports.outages(events),
        "milestones_s": demo.milestones,
        "startup_s": demo.startup.seen,
        "restarts": {n: c.starts - 1 for n, c in demo.supervisor.children.items() if c.starts > 1},
        "memory_kib": {name: plain(used) for name, used in sorted(watch.used.items())},
        "household_python_kib": python_of(names, watch.used),
    }


def scenario(demo: Demo) -> dict[str, Any]:
    """What was run, and on what."""
    options, planned = demo.options, demo.neighbourhood.scenario
    return {
        "households": {m.name: m.role for m in planned.members},
        "signers": len(planned.signers),
        "block_period_s": planned.period,
        "seed": options.seed,
        "day_s": options.day,
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def conservation(demo: Demo) -> dict[str, Any]:
    """The books at the last block that is final."""
    manifest = demo.founding.manifest
    if manifest is None:
        return {}
    client = demo.watch.client()
    last = ledger.final(client, len(demo.neighbourhood.scenario.signers))
    return ledger.conservation(client, manifest, demo.neighbourhood.accounts, last)


def reconciliation(demo: Demo) -> dict[str, Any]:
    """What each household says when it compares its books with everybody else's."""
    manifest = demo.founding.manifest
    return {} if manifest is None else reconciled(demo.neighbourhood, manifest, demo.neighbourhood.accounts)


def plain(used: Mapping[str, Memory]) -> dict[str, dict[str, int]]:
    """Memory of one process by program, KiB."""
    return {program: {"rss": m.rss, "pss": m.pss} for program, m in used.items()}


def python_of(names: Iterable[str], used: Mapping[str, Mapping[str, Memory]]) -> dict[str, dict[str, int]]:
    """All of our Python of each household together, KiB."""
    found = {}
    for name in names:
        mine = [
            m["python"] for process, m in used.items() if process.startswith(f"{name}.") and "python" in m
        ]
        total = sum(mine, start=NOTHING)
        found[name] = {"rss": total.rss, "pss": total.pss}
    return found


def _energy(demo: Demo, line: str, start: float, end: float) -> tuple[float, float]:
    answer = demo.watch.world.ask("energy", line=line, start=start, end=end)
    return answer["delivered"], answer["received"]
