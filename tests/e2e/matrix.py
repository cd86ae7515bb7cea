"""Plays schedules of kills on a running neighbourhood, keeps what it saw, and sums it up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psutil

from chain.errors import ChainError
from contracts.errors import WrongContract
from simulation.demo.ledger import Order
from simulation.world.spec import WorldError
from tests.e2e import audit
from tests.e2e.neighbourhood import Neighbourhood
from tests.e2e.schedules import Schedule, Strike
from tests.waiting import PATIENCE

MEET = 40.0
"""Seconds to wait for a trade that does what a schedule asks for; then any will do."""

RESTART = 30.0
"""Seconds in which all that was killed is running again: the supervisor's longest pause, and a start."""

SETTLED = 240.0
"""Seconds from the end of all kills to the end of every order: supply and challenge are a minute each, and a
redeem may have to wait for a chain that was hurt as well."""

DARK = 10.0
"""Seconds in which a house is home again, whatever died: a dead tie is left after two, and a whole household
that died at once falls home at once; the rest is a busy machine's."""

ENDED = {"settled", "released", "reclaimed"}
LIVE_STATES = ("buying", "supplied", "returning")


@dataclass
class Summary:
    """What came of all schedules so far."""

    schedules: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    """Orders by how they ended."""

    failed: int = 0
    """Trades in a buyer's books that never became an order: nothing was paid."""

    lonely: float = 0.0
    """Longest time that a feed was closed with nobody at its other end, s."""

    dark: float = 0.0
    """Longest time that a house had no source, s."""

    restart: float = 0.0
    """Longest time until all that was killed ran again, s."""

    settlement: float = 0.0
    """Longest time from the end of a schedule to the end of an order that it met, s."""

    wrong: list[str] = field(default_factory=list)
    """Everything that must not be."""

    def __str__(self) -> str:
        kills = ", ".join(f"{number} {name}" for name, number in sorted(self.kills.items()))
        ends = ", ".join(f"{number} {name}" for name, number in sorted(self.ends.items()))
        return (
            f"{self.schedules} schedules; killed: {kills}; orders: {ends}; {self.failed} never ordered; "
            f"longest: {self.restart:.1f} s to run again, {self.dark:.1f} s without a source, "
            f"{self.lonely:.1f} s feed closed alone, {self.settlement:.0f} s to settlement; "
            f"wrong: {len(self.wrong)}" + "".join(f"\n  {each}" for each in self.wrong)
        )


class Matrix:
    """Hurts one neighbourhood, schedule after schedule, while it goes on trading."""

    def __init__(self, street: Neighbourhood, summary: Summary) -> None:
        self.street = street
        self.summary = summary
        self._met: dict[str, float] = {}
        """Order → monotonic seconds at the end of the last schedule that met it alive."""

    @contextmanager
    def hurt(self) -> Iterator[None]:
        """What is done inside happens to the orders that are alive before or after: they must end, too."""
        self._look(met=True)
        yield
        self.summary.schedules += 1
        self._look(met=True)

    def play(self, schedule: Schedule) -> None:
        """Wait for its moment, strike, and look at what must hold at any time."""
        buyer, seller = self.meets(schedule.moment)
        at = self.street.world.ask("truth")["truth"]["t"]
        print(f"{at:.0f} s: {schedule}; buyer {buyer}, seller {seller}", flush=True)
        began = time.monotonic()
        killed: dict[tuple[str, str], set[int]] = {}
        with self.hurt():
            for strike in schedule.strikes:
                time.sleep(max(0.0, began + strike.after - time.monotonic()))
                household = {"buyer": buyer, "seller": seller}.get(strike.whose, strike.whose)
                self._strike(strike, household, killed)
            self._until_running(killed)

    def finish(self) -> None:
        """Strike no more; wait until every order that was met has ended, then compare all books."""
        end = time.monotonic() + SETTLED
        while (left := self._look()) and time.monotonic() < end:
            time.sleep(1)
        if left:
            self._wrong(f"not ended after {SETTLED:.0f} s: {sorted(left)}; {self.street.told()}")
        self._compare()

    def meets(self, moment: str) -> tuple[str, str]:
        """(buyer, seller) of a trade that does what is asked for, or of any trade."""
        began = time.monotonic()
        while (waited := time.monotonic() - began) < 4 * MEET:
            for name in self.street.names:
                trading = self.street.trading(name)
                state, seller = trading.get("state"), trading.get("seller")
                wanted = LIVE_STATES if moment == "any" or waited > MEET else (moment,)
                if seller in self.street.names and state in wanted:
                    return name, str(seller)
            assert self.street.demo.poll() is None, f"the demo ended with {self.street.demo.returncode}"
            time.sleep(0.1)
        raise AssertionError(f"nobody trades any more: {self.street.told()}")

    def _strike(self, strike: Strike, household: str, killed: dict[tuple[str, str], set[int]]) -> None:
        for process in strike.processes:
            for victim in self.street.processes(household, process):
                with suppress(psutil.Error):
                    victim.kill()
                    killed.setdefault((household, process), set()).add(victim.pid)
                    self.summary.kills[process] += 1

    def _until_running(self, killed: dict[tuple[str, str], set[int]]) -> None:
        began = time.monotonic()
        missing = set(killed)
        while missing and time.monotonic() - began < RESTART:
            for household, process in sorted(missing):
                if any(
                    p.pid not in killed[household, process] for p in self.street.processes(household, process)
                ):
                    missing.discard((household, process))
            time.sleep(0.2)
        if missing:
            self._wrong(f"did not come back: {sorted(missing)}")
        self.summary.restart = max(self.summary.restart, time.monotonic() - began)

    def _look(self, met: bool = False) -> set[str]:
        """What must hold at any time; those of the orders met alive by a schedule that have not ended.

        Args:
            met: whether the orders that are alive now were met by the schedule that just ended.
        """
        orders, tokens = self._told()
        if not tokens["exact"]:
            self._wrong(f"tokens are not all there: {tokens}")
        now = time.monotonic()
        alive = {each for each, order in orders.items() if order.state not in ENDED}
        for each in [each for each in self._met if each not in alive]:
            self.summary.settlement = max(self.summary.settlement, now - self._met.pop(each))
        if met:
            self._met |= dict.fromkeys(alive, now)
        return set(self._met)

    def _told(self) -> tuple[dict[str, Order], dict[str, Any]]:
        """Orders and tokens by the chain, as soon as a node answers: all may just have been killed.

        Nor need the contracts be in a final block yet, when the neighbourhood has just been deployed.
        """
        end = time.monotonic() + RESTART + PATIENCE
        while True:
            try:
                return audit.orders(self.street), audit.conservation(self.street)
            except (ChainError, WrongContract) as error:
                assert time.monotonic() < end, f"no chain node answers: {error}"
                time.sleep(0.5)

    def _compare(self) -> None:
        """The whole audit, when nothing is on its way any more."""
        found = self._agreed()
        ended = [order for order in found.orders.values() if order.state in ENDED]
        self.summary.ends.update(how(order) for order in ended)
        self.summary.failed += sum(
            trade.state == "failed" for trades in found.trades.values() for trade in trades
        )
        for each in (
            *audit.doubles(found),
            *audit.sent_twice(self.street),
            *audit.differences(found, [order.id for order in ended]),
        ):
            self._wrong(each)
        self._physics()

    def _agreed(self) -> audit.Books:
        """Everybody's books, as soon as they say what the chain says, or after a while in any case."""
        end = time.monotonic() + 40
        while True:
            with suppress(ChainError):
                found = audit.books(self.street)
                ended = [o.id for o in found.orders.values() if o.state in ENDED]
                if time.monotonic() > end or not (audit.differences(found, ended) or audit.doubles(found)):
                    return found
            assert time.monotonic() < end + 60, "no chain node answers"
            time.sleep(1)

    def _physics(self) -> None:
        """Shorts, darkness, feeds that nobody is at."""
        try:
            truth: dict[str, Any] = self.street.world.ask("truth")["truth"]
        except WorldError as error:
            self._wrong(f"the world does not answer: {error}")
            return
        for event in truth["events"]:
            if event["kind"] == "short":
                self._wrong(f"two sources met: {event}")
            elif event["kind"] == "outage" and "protection" not in event["cause"]:
                self.summary.dark = max(self.summary.dark, event["seconds"])
                if event["seconds"] > DARK:
                    self._wrong(f"a house without a source: {event}")
        for feed, seconds in audit.open_feeds(self.street, time.time()):
            self.summary.lonely = max(self.summary.lonely, seconds)
            lease = self.street.lease(feed.partition(".")[0])
            if seconds > audit.NOTICED + lease + audit.SLACK:
                self._wrong(f"{feed} was closed for {seconds:.1f} s with nobody there (lease {lease:.0f} s)")

    def _wrong(self, what: str) -> None:
        print(f"WRONG: {what}", flush=True)
        self.summary.wrong.append(what)


def how(order: Order) -> str:
    """How an order ended, for people."""
    if order.state == "settled":
        return "settled" if order.paid else "settled for nothing"
    return "refunded"
