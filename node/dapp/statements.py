"""Monthly statements for the wallet's page, read from the chain by a thread: no page waits for the chain."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import structlog

from chain.client import ChainClient
from chain.confirmations import settled
from chain.errors import ChainError
from chain.signers import SignerSet
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from node.dapp.aside import Aside
from node.dapp.language import N_
from node.dapp.words import capital
from node.statement.errors import StatementError
from node.statement.period import Month
from node.statement.reading import Paper, read

log = structlog.get_logger(__name__)

FRESH = 60.0
"""Seconds for which a month that still runs, or one that could not be read, is believed."""

KEPT = 12
"""Months in memory."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What reading a month came to."""

    paper: Paper | None
    problem: str
    """Why there is none, as a sentence."""
    at: float
    """Monotonic seconds."""


class Statements:
    """What was read. Threads may share it."""

    def __init__(
        self,
        account: Callable[[], str | None],
        read_month: Callable[[str, Month], Paper],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read nothing yet.

        Args:
            account: the household's own, if the registry knows it.
            read_month: reads one from the chain; see `from_chain`.
            clock: monotonic seconds.
        """
        self._account, self._read, self._clock = account, read_month, clock
        self._found: OrderedDict[str, Found] = OrderedDict()
        self._lock = threading.Lock()
        self.reading = Aside("statement", self._once)

    def of(self, month: Month) -> Found | None:
        """A month's statement; None: it is being read, ask again in a moment."""
        name = str(month)
        with self._lock:
            found = self._found.get(name)
            if found is not None and self._holds(found):
                return found
        self.reading.begin(month)
        return found

    def _holds(self, found: Found) -> bool:
        over = found.paper is not None and found.paper.complete
        return over or self._clock() - found.at < FRESH

    def _once(self, month: Month) -> None:
        paper, problem = None, ""
        try:
            account = self._account()
            if account is None:
                problem = N_("The registry of the neighbourhood knows no household of this name.")
            else:
                paper = self._read(account, month)
        except (ChainError, ContractsError, StatementError) as error:
            log.info("statement_unread", month=str(month), error=str(error))
            problem = f"{capital(str(error))}."
        with self._lock:
            self._found[str(month)] = Found(paper=paper, problem=problem, at=self._clock())
            self._found.move_to_end(str(month))
            while len(self._found) > KEPT:
                self._found.popitem(last=False)


def from_chain(rpc: str, manifest: Callable[[], Manifest | None]) -> Callable[[str, Month], Paper]:
    """Reads a household's month from its own node."""

    def read_month(account: str, month: Month) -> Paper:
        known = manifest()
        if known is None:
            raise StatementError("this household knows no contracts yet (chain.manifest)")
        with closing(ChainClient(rpc)) as client:
            known.verify(client)
            head = client.block_number()
            last = settled(head, len(SignerSet(client).at(head)))
            return read(client, known, account, month, last=last)

    return read_month
