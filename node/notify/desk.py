"""What the pages ask the notifier: who is told, somebody more, somebody less, a test.

They ask over a Unix socket that answers their user and root alone (`node.channel`), so an address
is in no file and no database but the notifier's own, and never goes back to a browser.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from node.channel import NotNow
from node.notify import allowed
from node.notify.people import MOST, People, Person
from store.requests import BY, ID, Lately

SOCKET = "notify.sock"
"""In `paths.run`."""

SILENT = (
    "The notifier does not answer, so nobody is told when something is wrong. Start it at the box: "
    "commonwatt notify run; it needs no address to begin with."
)

NAME = re.compile(r"[\w .@+'()-]{1,40}")

TESTS = 6
"""In a minute: a test writes to somebody."""

UNKNOWN = "Nobody here has this address any more: look again."
NOT_NAMED = "Write a name of letters and digits, such as Ada's phone: 40 characters at most."


class Telling(Protocol):
    """Understands an address, and sends to it."""

    def understands(self, address: str) -> bool:
        """Whether it is one of a service's."""
        ...

    def try_out(self, address: str) -> bool:
        """Send a test to it; whether it was taken."""
        ...


class Desk:
    """Answers the pages. For one thread."""

    def __init__(
        self,
        people: People,
        telling: Telling,
        elsewhere: int,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Begin.

        Args:
            elsewhere: how many are named in the configuration's file.
            clock: monotonic seconds.
            now: Unix seconds.
        """
        self._people, self._telling, self._elsewhere = people, telling, elsewhere
        self._clock, self._now = clock, now
        self._tests = Lately(TESTS)

    def answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """One question.

        Raises:
            NotNow: it cannot be done; the message says why, without the address.
            KeyRefused: the file cannot be used.
        """
        given = {name: str(value) for name, value in request.items()}
        match given.get("op"):
            case "list":
                return {"people": [each.told for each in self._people.all()], "elsewhere": self._elsewhere}
            case "add":
                return self._add(given.get("name", ""), given.get("address", ""), given.get("by", ""))
            case "remove":
                return self._remove(given.get("id", ""))
            case "test":
                return self._test(given.get("id", ""))
            case _:
                raise NotNow("There is no such question.")

    def _add(self, name: str, address: str, by: str) -> Mapping[str, Any]:
        people = self._people.all()
        if not NAME.fullmatch(name) or not BY.match(by):
            raise NotNow(NOT_NAMED)
        if len(people) >= MOST:
            raise NotNow(f"{MOST} people are told already: remove somebody first.")
        problem = allowed.refusal(address) or (allowed.OURS if allowed.leads_home(address) else "")
        if not problem and not self._telling.understands(address):
            problem = (
                "This is no address of that service: https://github.com/caronc/apprise/wiki has examples."
            )
        if problem:
            raise NotNow(problem)
        if any(each.address == address for each in people):
            raise NotNow("Somebody is told at this address already.")
        added = Person(id=secrets.token_hex(16), name=name, address=address, by=by, at=self._now())
        self._keep([*people, added])
        return added.told

    def _remove(self, id: str) -> Mapping[str, Any]:
        person = self._known(id)
        self._keep([each for each in self._people.all() if each.id != id])
        return person.told

    def _test(self, id: str) -> Mapping[str, Any]:
        person, now = self._known(id), self._clock()
        if self._tests.too_many(now):
            raise NotNow("Those were many tests: wait for a minute.")
        self._tests.done(now)
        return {**person.told, "took": self._telling.try_out(person.address)}

    def _known(self, id: str) -> Person:
        found = next((each for each in self._people.all() if ID.match(id) and each.id == id), None)
        if found is None:
            raise NotNow(UNKNOWN)
        return found

    def _keep(self, people: list[Person]) -> None:
        try:
            self._people.put(people)
        except OSError as error:
            raise NotNow(
                f"It cannot be kept: the state folder cannot be written ({error.strerror})."
            ) from None
