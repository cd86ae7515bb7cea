"""Whom the pages had told: a file of the notifier's own that nobody else may read, `notify.people`.

It stands beside the file that the configuration names, which only its owner changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from chain.errors import KeyRefused
from chain.files import replace_file
from chain.private import read_private
from node.notify import allowed

FILE = "notify.people"
"""In the state folder."""

MODE = 0o600

MOST = 20
"""People."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who is told."""

    id: str
    name: str
    """As whoever added them calls them."""

    address: str
    """Of Apprise: secret."""

    by: str
    at: float
    """Who added them, and when (Unix seconds)."""

    @property
    def told(self) -> dict[str, object]:
        """What everybody may know."""
        shown = allowed.shown(self.address)
        return {"id": self.id, "name": self.name, "address": shown, "by": self.by, "at": self.at}


class People:
    """The file. One process writes it; for several threads, for what is read is whole."""

    def __init__(self, state: Path) -> None:
        """Look after the file in this state folder, or where a link there leads to."""
        self._path = (state / FILE).resolve()

    def all(self) -> Sequence[Person]:
        """Everybody, in the order in which they were added.

        Raises:
            KeyRefused: others may read the file, or it makes no sense.
        """
        if not self._path.exists():
            return ()
        try:
            return tuple(Person(**each) for each in json.loads(read_private(self._path)))
        except (TypeError, ValueError):
            raise KeyRefused(f"{self._path} makes no sense: remove it, and add everybody again") from None

    def put(self, people: Sequence[Person]) -> None:
        """Keep these, on the disk.

        Raises:
            OSError: the folder cannot be written.
        """
        replace_file(self._path, json.dumps([asdict(each) for each in people]).encode(), MODE)
