"""Who keeps a closed contact closed: one frame every few seconds, from a thread of its own.

So no slow chain, disk or other relay lets a lease lapse, and nobody waits for a keeper to go home.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import structlog

from node.client_interaction.situation import Lease
from relay_server.errors import RelayError
from relay_server.messages import Code, Granted, Refused
from store.snapshot import boottime

log = structlog.get_logger()

APART = frozenset({Code.METER_GAP, Code.UNPAID})
"""Refusals that say that the two meters do not agree."""

AGAIN = 0.5
"""Seconds after a frame that was not answered, or could not be judged."""


class Keeper:
    """Keeps one contact, from its closing until `stop`."""

    def __init__(
        self,
        name: str,
        keep: Callable[[], Granted | Refused],
        period: float,
        *,
        due: Callable[[], bool] = lambda: False,
        news: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin to keep, with a first frame at once.

        Args:
            name: for the log.
            keep: sends one frame.
            period: seconds between two.
            due: whether the next frame must not wait for its time.
            news: called when the lease has changed.
        """
        self._name = name
        self._keep = keep
        self._period = period
        self._due = due
        self._news = news
        self._lease = Lease(granted=boottime())
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"keep-{name}", daemon=True)
        self._thread.start()

    @property
    def lease(self) -> Lease:
        """As it stands."""
        return self._lease

    def stop(self) -> None:
        """Send no more frames. One that is under way still ends; commands wait for it at the line's lock."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            pause = self._once()
            waited = 0.0
            while waited < pause and not self._stopped.wait(min(0.25, pause - waited)):
                waited += 0.25
                if self._due():
                    break

    def _once(self) -> float:
        asked = boottime()
        try:
            answer = self._keep()
        except RelayError as error:
            log.warning("lease-unanswered", contact=self._name, error=str(error))
            return AGAIN
        if self._stopped.is_set():
            return 0.0
        match answer:
            case Refused(code=Code.STALE_CHAIN):
                # The contact is as it was: the relay could not ask its chain about the order that follows.
                log.warning("lease-not-renewed", contact=self._name, code=str(answer.code), text=answer.text)
                return AGAIN
            case Granted():
                self._lease = Lease(granted=asked, until=asked + answer.until_ms / 1_000)
            case Refused():
                refused = answer.text or str(answer.code)
                log.warning("lease-refused", contact=self._name, code=str(answer.code), text=answer.text)
                gap = answer.code in APART
                self._lease = replace(self._lease, refused=refused, gap=gap)
        self._news()
        return self._period
