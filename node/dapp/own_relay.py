"""The household's own relay, looked at in a thread while somebody watches: so no page and no event waits."""

from __future__ import annotations

import time
from collections.abc import Callable

from node.dapp.aside import Aside
from node.dapp.neighbourhood import Relay
from relay_server.client import RelayClient
from relay_server.errors import RelayError

REST = 1.0
"""Seconds between two looks."""

PATIENCE = 1.5
"""Seconds that a page waits for the first look: its relay is on the same host."""

OLD = 5.0
"""Seconds after which a look says nothing of now."""


class OwnRelay:
    """What it said last. Threads may share it."""

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Look at nothing yet.

        Args:
            address: where it listens.
            clock: monotonic seconds.
        """
        self._client = RelayClient(address, None, None, None)
        self._clock = clock
        self._seen: Relay | None = None
        self._due = self._looked = float("-inf")
        self.looking = Aside("own-relay", self._once)

    def seen(self) -> Relay | None:
        """What was seen last; it is looked anew behind it, where that is due. None: nothing lately."""
        if self._clock() >= self._due:
            self.looking.begin()
        return self._seen if self._clock() - self._looked < OLD else None

    def now(self) -> Relay | None:
        """The same, for a page: waited for a little where nothing was seen lately."""
        if self.seen() is None:
            self.looking.wait(PATIENCE)
        return self.seen()

    def _once(self) -> None:
        self._seen = self._look()
        self._looked = self._clock()
        self._due = self._looked + REST

    def _look(self) -> Relay:
        problem = ""
        for _ in range(2):  # the relay hangs up on who was silent for a minute
            try:
                return Relay(at=time.time(), contacts=self._client.state())
            except RelayError as error:
                self._client.disconnect()
                problem = str(error)
        return Relay(at=time.time(), problem=problem)
