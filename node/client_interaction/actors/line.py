"""One relay as this household talks to it: watched while nothing happens, commanded when something does.

One connection, one lock: what watches and what commands never speak at once. The watch keeps the connection
warm, so that a command costs one exchange.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from chain.keys import Account
from relay_server.client import RelayClient, RelayUnreachable, WrongRelay
from relay_server.errors import RelayError, RelayWaiting
from relay_server.messages import ContactState, Refused

log = structlog.get_logger()

LET_GO = 0.1
"""Seconds that a stop waits for a relay's answer: a daemon ends within 3 s, going home included."""

PERIOD = 2.0
"""Seconds between two looks at a relay."""

T = TypeVar("T")

__all__ = ["Line", "RelayError", "RelayUnreachable", "Terms", "Watched"]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Of an order that might be made."""

    contact: int
    energy: int
    """mWh."""

    price: int
    """Base units per kWh."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was last seen of a relay."""

    trouble: str = "its relay has not been asked yet"
    """Why it is of no use now, as a clause; empty: it is."""

    answers: bool = False
    """It answered the last time that it was asked, whatever."""

    contacts: tuple[ContactState, ...] = ()


class Line:
    """A relay, watched by a thread of its own."""

    def __init__(
        self,
        name: str,
        address: str,
        owner: str,
        account: Account,
        chain_id: int,
        *,
        terms: Callable[[], Terms | None] | None = None,
        news: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; `start` begins to watch.

        Args:
            name: of the household that owns the relay.
            address: host and port.
            owner: account that HELLO must tell.
            account: this household's.
            chain_id: that HELLO must tell.
            terms: what to ask the seller about; None: the own relay, whose contacts are looked at instead.
            news: called when something has changed.
        """
        self.name = name
        self._account = account
        self._client = RelayClient(address, owner, account, chain_id)
        self._lock = threading.Lock()
        self._terms = terms
        self._news = news
        self._watched = Watched()
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._watch, name=f"line-{name}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch and drop the connection."""
        self.leave()
        if self._lock.acquire(timeout=LET_GO):
            self._client.disconnect()
            self._lock.release()

    def leave(self) -> None:
        """End the watch; who watches several ends them all before one is waited for."""
        self._stopped = True
        self._wake.set()

    @property
    def watched(self) -> Watched:
        """What was last seen."""
        return self._watched

    def look(self) -> None:
        """Look again at once, in the watch's thread."""
        self._wake.set()

    def command(self, ask: Callable[[RelayClient], T]) -> T:
        """Speak with the relay; one at a time.

        Raises:
            RelayError: it does not answer, or is another one.
        """
        with self._lock:
            return ask(self._client)

    def _watch(self) -> None:
        while not self._stopped:
            found = self._seen()
            if found != self._watched:
                if found.trouble != self._watched.trouble:
                    log.info("relay", of=self.name, trouble=found.trouble or "none")
                self._watched = found
                self._news()
            self._wake.wait(PERIOD)
            self._wake.clear()

    def _seen(self) -> Watched:
        try:
            if self._terms is None:
                return Watched(trouble="", answers=True, contacts=self.command(lambda relay: relay.state()))
            return replace(self._watched, trouble=self._checked(self._terms()), answers=True)
        except WrongRelay as error:
            return Watched(trouble=str(error))
        except RelayWaiting:
            return Watched(trouble="its relay does not know the neighbourhood's contracts yet")
        except RelayError:
            return Watched(trouble="its relay does not answer")

    def _checked(self, terms: Terms | None) -> str:
        if terms is None:
            self.command(lambda relay: relay.hello())
            return ""
        answer = self.command(
            lambda relay: relay.check(self._account.address, terms.contact, terms.energy, terms.price)
        )
        if not isinstance(answer, Refused):
            return ""
        return f"its relay refuses ({answer.code}{': ' + answer.text if answer.text else ''})"
