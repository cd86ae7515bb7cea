"""Everybody who is told: those of the configuration's file, and those that were added on the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chain.errors import KeyRefused
from node.notify import allowed
from node.notify.people import People, Person


class Telling(Protocol):
    """Whoever carries a message."""

    def tell(self, title: str, text: str, *, urgent: bool) -> list[tuple[str, bool]]:
        """Send to everybody: each, and whether it took the message."""
        ...


class Named(Telling, Protocol):
    """Those of the configuration's file: `node.notify.services.Services`."""

    @property
    def count(self) -> int:
        """How many they are."""
        ...


Send = Callable[[str, str, str, bool], bool]
"""Sends a title and a text to an address, urgently or not; whether it was taken."""


class Everybody:
    """Whom a message goes to now: a change on the pages counts from the next one on."""

    def __init__(
        self, named: Named | None, people: People, send: Send, resolve: allowed.Resolve = allowed.resolved
    ) -> None:
        """Put them together.

        Args:
            named: those of the configuration's file; None: it names none.
            people: those of the pages.
            send: to one of these.
            resolve: the addresses of a host.
        """
        self._named, self._send, self._resolve = named, send, resolve
        self.people = people

    @property
    def elsewhere(self) -> int:
        """How many are named in the configuration's file."""
        return 0 if self._named is None else self._named.count

    @property
    def anybody(self) -> bool:
        """Whether there is somebody to be told. Who cannot be read counts: it is a failure, not silence."""
        try:
            return self._named is not None or bool(self.people.all())
        except KeyRefused:
            return True

    def tell(self, title: str, text: str, *, urgent: bool) -> list[tuple[str, bool]]:
        """Send to everybody, and say how it went, without a secret."""
        told = [] if self._named is None else self._named.tell(title, text, urgent=urgent)
        try:
            people = self.people.all()
        except KeyRefused as error:
            return [*told, (str(error), False)]
        return [*told, *((each.name, self._to(each, title, text, urgent)) for each in people)]

    def _to(self, person: Person, title: str, text: str, urgent: bool) -> bool:
        """A name that leads to this host by now is not followed."""
        if allowed.leads_home(person.address, self._resolve):
            return False
        return self._send(person.address, title, text, urgent)
