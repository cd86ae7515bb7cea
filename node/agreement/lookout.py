"""Asking the neighbours each minute, beside whoever tells people what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from chain.client import ChainClient
from chain.errors import ChainError
from chain.lookout import Lookout
from contracts.errors import ContractsError
from node.agreement.asking import Neighbours
from node.agreement.judging import Compared, lasting, since
from node.dapp.household import Household

EVERY = 60.0
"""Seconds between two looks, each a hello to every neighbour."""

LET_GO = 1.0


class Street(Protocol):
    """Whoever can be asked; `Neighbours` is the real one."""

    def look(self) -> tuple[Compared, ...]: ...  # noqa: D102


class Agreement(Lookout):
    """Who follows another chain, and has for so long that it does not pass by itself."""

    def __init__(
        self, neighbours: Street, clock: Callable[[], float] = time.monotonic, every: float = EVERY
    ) -> None:
        """Prepare; `start` begins to look.

        Args:
            neighbours: who is asked.
            clock: monotonic seconds.
            every: seconds between two looks.
        """
        super().__init__(
            "agreement",
            every=every,
            let_go=LET_GO,
            complaint="neighbours_not_asked",
            expected=(ChainError, ContractsError),
        )
        self._neighbours, self._clock = neighbours, clock
        self._since: dict[str, float] = {}
        self.others: tuple[str, ...] = ()
        """Names of the households whose nodes follow another chain."""

    def look(self) -> None:
        """Ask everybody once. While our own node says nothing, nobody is said to differ."""
        try:
            found = self._neighbours.look()
        except Exception:
            self._since, self.others = {}, ()
            raise
        now = self._clock()
        self._since = since(self._since, found, now)
        self.others = lasting(self._since, now)


@contextmanager
def others(house: Household) -> Iterator[Callable[[], tuple[str, ...]]]:
    """Ask a household's neighbours while this lasts; what it gives names those on another chain, at once.

    A household without a chain has none to compare with: nobody follows another.
    """
    if not house.rpc or house.manifest is None:
        yield tuple
        return
    agreement = Agreement(Neighbours(ChainClient(house.rpc), house.manifest, house.name))
    agreement.start()
    try:
        yield lambda: agreement.others
    finally:
        agreement.stop()
