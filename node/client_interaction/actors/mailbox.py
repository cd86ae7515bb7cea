"""What the DApp asks for, and in a first run whether trading may begin.

Both are looked for in a thread of their own, for the file is not ours, and may hold us up.

A look is two `stat` calls, twice a second at most; the database is opened only when one of its files changed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chain.lookout import Lookout
from node.first_run.ticked import limits_seen
from node.intents.book import LASTING, Letter, live
from store import snapshot, sqlite
from store.errors import StoreError

PERIOD = 0.5
"""Seconds between two looks."""

SETTLING = 2.0
"""Seconds after a change in which the database is read anyway: two writes may share a file's time."""

LET_GO = 0.3
"""Seconds that a stop waits for a look to end."""

Trace = tuple[tuple[int, int], ...]
"""Time and size of the database and of its log."""


class Mailbox(Lookout):
    """The letters of the last minute, as last seen."""

    def __init__(self, path: Path, news: Callable[[], None], *, first_run: bool = False) -> None:
        """Prepare; `start` begins to look.

        Args:
            path: of `dapp.db`.
            news: called when there are letters, and when the limits were looked at.
            first_run: whether the pages lead through one.
        """
        super().__init__(
            "mailbox", every=PERIOD, let_go=LET_GO, complaint="intents-not-read", expected=(StoreError,)
        )
        self._path = path
        self._tell = news
        self._files = (path, sqlite.log_of(path))
        self._trace: Trace = ()
        self._changed = float("-inf")
        self._letters: tuple[Letter, ...] = ()
        self.may_begin = not first_run
        """Whether somebody has looked at when this household buys; without a first run nobody has to."""

    @property
    def letters(self) -> tuple[Letter, ...]:
        """The oldest first; those that were answered are among them."""
        return self._letters

    def look(self) -> None:
        """Once."""
        now = snapshot.boottime()
        trace = tuple(_trace(file) for file in self._files)
        if trace != self._trace:
            self._trace, self._changed = trace, now
        boot = snapshot.boot_id()
        self._letters = tuple(each for each in self._letters if each.age(now, boot) < LASTING)
        if not any(size for _, size in trace) or now - self._changed > SETTLING:
            return
        if not self.may_begin and limits_seen(self._path):
            self.may_begin = True
            self._tell()
        letters = tuple(live(self._path, now, boot))
        if letters != self._letters:
            self._letters = letters
            self._tell()


def _trace(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
