"""Whether the household's tokens will run out: looked up now and then by a thread; no page waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import structlog

from chain.client import ChainClient
from node.dapp.aside import Aside
from node.dapp.household import Household
from node.dapp.ledger import Ledger
from node.dapp.words import capital
from node.statement.forecast import RunsOut, sentence
from node.statement.outlook import outlook

log = structlog.get_logger(__name__)

EVERY = 3_600.0
"""Seconds between two looks: it warns of days, and each reads the household's whole history."""

DEEP = 2
"""Blocks below the head that are read: enough with up to three signers."""


class Outlook:
    """What the last look said. Threads may share it."""

    def __init__(
        self,
        household: Household,
        ledger: Ledger,
        look: Callable[[], RunsOut | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look at nothing yet.

        Args:
            household: whose pages these are.
            ledger: knows the neighbourhood.
            look: instead of reading the chain.
            clock: monotonic seconds.
        """
        self._household, self._ledger, self._clock = household, ledger, clock
        self._look = look or self._read
        self._due = float("-inf")
        self._said = ""
        self.looking = Aside("outlook", self._once)

    def says(self) -> str:
        """The warning as a sentence; empty: there is none, or it is not known yet."""
        known = self._household.rpc and self._household.manifest is not None
        if known and self._clock() >= self._due:
            self._due = self._clock() + EVERY
            self.looking.begin()
        return self._said

    def _once(self) -> None:
        try:
            found = self._look()
        except Exception as error:  # a warning that cannot be had must not end the pages
            log.info("outlook_unread", error=str(error))
            return
        self._said = "" if found is None else f"{capital(sentence(found))}."

    def _read(self) -> RunsOut | None:
        manifest, own = self._ledger.manifest, self._ledger.own()
        if manifest is None or own is None:
            return None
        with closing(ChainClient(self._household.rpc)) as client:
            last = max(client.block_number() - DEEP, 0)
            return outlook(client, manifest, own.account, last)
