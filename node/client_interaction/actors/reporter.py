"""Reports finished intervals to the chain, in a thread of its own: trading never waits for it.

It comes last in everything: it plans a transaction only while no other is under way, and leaves enough gas
credit for the trades to come. What it planned is in the journal together with what it covers, so an interval
is reported once, whatever crashes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from chain.client import ChainClient
from chain.errors import ChainError
from chain.keys import Account
from chain.transactions import Call, Fees
from contracts.bindings import Market, Report
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from node.client_interaction.actors.ledger import News
from node.client_interaction.actors.orders import GAS
from node.readings.errors import ReadingsError
from node.readings.opening import open_readings
from node.reports.book import Book
from node.reports.covering import Covered, covered
from node.reports.spans import MOST, due, wakes
from node.wallet.credit import Purse, refused
from node.wallet.database import Database
from node.wallet.journal import Journal, Stage
from store.errors import StoreError

if TYPE_CHECKING:
    from node.config.settings import Settings

log = structlog.get_logger()

LOOK = 5.0
"""Seconds between two looks, while something is due and cannot be reported yet."""

RETRY = 60.0
"""Seconds after a failure."""

LET_GO = 0.2
"""Seconds that a stop waits for it: a daemon ends within 3 s."""

GAS_FIXED, GAS_EACH = 80_000, 12_000
"""Limits of a transaction and of each report in it; about half of it is used."""

TRADES = 2 * (GAS["buy"] + GAS["redeem"]) * Fees().maximum
"""Wei of gas credit that are left for trades to come, beyond what is kept for settling."""


class Reporter:
    """Sends the household's reports."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        journal: Journal,
        account: Account,
        contracts: Callable[[], Manifest],
        client: ChainClient,
        news: Callable[[], News],
        poke: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            settings: of the household.
            database: `trade.db`.
            journal: in it.
            account: this household's.
            contracts: the verified ones.
            client: of the household's own node.
            news: the chain as the ledger saw it last.
            poke: called when there is something to send.
            clock: Unix seconds.
        """
        self._settings = settings
        self._length = int(settings.reports.interval)
        self._database = database
        self._book = Book(database)
        self._journal = journal
        self._account = account
        self._contracts = contracts
        self._client = client
        self._news = news
        self._poke = poke
        self._clock = clock
        self._trouble = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin, if the household reports at all."""
        if self._settings.reports.enabled:
            self._thread.start()

    def leave(self) -> None:
        """Begin no more."""
        self._stopped.set()

    def stop(self) -> None:
        """End."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(LET_GO)

    def _run(self) -> None:
        pause = LOOK
        while not self._stopped.wait(pause):
            try:
                pause = self.step()
                self._trouble = ""
            except (StoreError, ChainError, ContractsError, ReadingsError) as error:
                pause = self._waits(str(error))
            except Exception:  # without this thread nothing is reported any more
                log.exception("not-reported")
                pause = RETRY

    def step(self) -> float:
        """Report what is due; answers the seconds until it is worth looking again.

        Raises:
            StoreError: the readings or the books cannot be read.
            ChainError: the node does not answer.
            ReadingsError: the readings are not those that were reported.
        """
        last = self._book.last()
        if last is not None and last.stage is Stage.FAILED:
            log.warning("report-failed", purpose=last.purpose, error=last.error)
            self._book.forget(last.purpose)
            return RETRY
        if last is not None and last.stage is not Stage.FINAL:
            return LOOK
        reported = None if last is None else last.covered.span.end
        wait = wakes(self._clock(), self._length)
        if reported is not None and not due(
            self._clock(), self._length, oldest=0, reported=reported, lowest=0
        ):
            return max(min(wait, RETRY), 1.0)
        if not self._may_send():
            return LOOK
        spans = self._due(reported)
        if not spans:
            return max(min(wait, RETRY), 1.0)
        self._send(self._covered(spans, 0 if last is None else last.covered.span.last))
        return LOOK

    def _may_send(self) -> bool:
        """Whether chain and credit allow it, and nothing else is being sent."""
        news = self._news()
        household = news.households.get(self._account.address.lower())
        if news.trouble or news.wrong or household is None or not household.admitted:
            return False
        cost = TRADES + (GAS_FIXED + GAS_EACH * MOST) * Fees().maximum
        why = refused(Purse(balance=news.credit), cost, Fees())
        if why:
            self._waits(why)
            return False
        return not self._journal.under_way()

    def _due(self, reported: int | None) -> list[tuple[int, int]]:
        """What has ended by the household's clock and by the chain's: neither alone is believed."""
        head = self._client.block("latest")
        markets = [Market(self._client, address) for address in self._contracts().markets()]
        lowest = max(market.next_report(self._account.address) for market in markets)
        with open_readings(
            self._settings.readings.url, self._settings.paths.state, read_only=True
        ) as readings:
            first = readings.links(0, 1)
        oldest = first[0].first // 1_000 if first else None
        now = min(self._clock(), head.timestamp)
        return due(now, self._length, oldest=oldest, reported=reported, lowest=lowest)

    def _covered(self, spans: list[tuple[int, int]], after: int) -> list[Covered]:
        found: list[Covered] = []
        pages = self._settings.dapp
        meters = {"panels": self._own(pages.panels), "loads": self._own(pages.loads)}
        with open_readings(
            self._settings.readings.url, self._settings.paths.state, read_only=True
        ) as readings:
            for start, end in spans:
                found.append(covered(readings, start, end, after, **meters))
                after = found[-1].span.last
        return found

    def _own(self, meters: tuple[str, ...]) -> list[str]:
        return [meter for meter in meters if meter in self._settings.sensors]

    def _send(self, reports: list[Covered]) -> None:
        first, last = reports[0].span, reports[-1].span
        data = Market.encode_report(
            [
                Report(interval=r.span.start, produced=r.produced, consumed=r.consumed, root=r.root)
                for r in reports
            ]
        )
        call = Call(to=self._contracts().current, data=data, gas=GAS_FIXED + GAS_EACH * len(reports))
        purpose = f"report:{first.start}"
        with self._database.transaction():
            self._book.add(reports, purpose)
            self._journal.plan(purpose, call, self._clock())
        log.info("reporting", intervals=len(reports), start=first.start, end=last.end, batches=last.last)
        self._poke()

    def _waits(self, why: str) -> float:
        if why != self._trouble:
            log.warning("not-reported", why=why)
            self._trouble = why
        return RETRY
