"""Calls into a pin driver, on a thread that may be lost: one that hangs holds up nobody for long.

One thread makes all calls, one after the other. A call that does not return in time is left alone with its
thread, and another thread goes on with the next call: whatever one pin does, the others are still driven.

A driver written in C that hangs and does not let go of Python meanwhile stops every thread of the process.
Against that there are systemd's watchdog and the timer in the coils' supply alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from queue import SimpleQueue
from typing import Protocol, TypeAlias

PATIENCE = 0.2
"""Seconds for one call. A driver answers within a few milliseconds; leases have to end within half a second,
those of the other contacts, too."""

LOOKS = 10
"""Times that a call is looked at meanwhile. A host that stands still for a second makes one of them late, not
all: so it is the call that is judged, not the host."""

LOST_AT_ONCE = 2
"""Threads that one row of calls may lose; what is left of it waits for the next. So a driver that hangs as a
whole holds up whoever waits here for this many times `PATIENCE`, not for as many as there are contacts."""


class What(Enum):
    """What a driver is called for."""

    LOOK = "look"
    ENERGISE = "energise"
    RELEASE = "release"
    BEAT = "beat"
    CLOSE = "close"


Key: TypeAlias = tuple[What, int]
"""The int is the contact; for calls that concern none, `NONE`."""

NONE = -1


@dataclass(frozen=True)
class Call:
    """One call; it raises nothing, and leaves its result where whoever asked finds it."""

    key: Key
    make: Callable[[], object]


class Calls(Protocol):
    """Who makes the calls; threads that ask at the same time wait for each other."""

    def make(self, calls: Sequence[Call]) -> None:
        """Make these in turn, those apart that are out already."""

    @property
    def out(self) -> Mapping[Key, float]:
        """The calls that have not returned, each with the boottime second since which it is given up."""


class AtOnce:
    """The caller's own thread, for drivers that are known to return."""

    out: Mapping[Key, float] = {}

    def make(self, calls: Sequence[Call]) -> None:
        """One after the other."""
        for call in calls:
            call.make()


class Hands:
    """A thread, and another one for each that was lost."""

    def __init__(self, clock: Callable[[], float], patience: float = PATIENCE) -> None:
        """Begin; `clock` tells boottime seconds."""
        self._clock = clock
        self._patience = patience
        self._asking = threading.Lock()
        self._lock = threading.Lock()
        self._out: dict[Key, float] = {}
        self._rows = self._begun()

    @property
    def out(self) -> Mapping[Key, float]:
        """See `Calls.out`."""
        with self._lock:
            return dict(self._out)

    def make(self, calls: Sequence[Call]) -> None:
        """See `Calls.make`; waits until they have returned, or are given up."""
        with self._asking:
            out = self.out
            left: Sequence[Call] = [call for call in calls if call.key not in out]
            for _ in range(LOST_AT_ONCE):
                if not left:
                    return
                row = _Row(left)
                self._rows.put(row)
                if row.returned(self._patience):
                    return
                left = self._given_up(row)

    def _given_up(self, row: _Row) -> Sequence[Call]:
        """Go on without a thread that does not return; answers what it has not begun."""
        with self._lock:
            if row.done == len(row.calls):
                return ()
            row.lost = True
            self._out[row.calls[row.done].key] = self._clock()
            self._rows = self._begun()
            return row.calls[row.done + 1 :]

    def _begun(self) -> SimpleQueue[_Row]:
        rows: SimpleQueue[_Row] = SimpleQueue()
        threading.Thread(target=self._work, args=(rows,), name="pins", daemon=True).start()
        return rows

    def _work(self, rows: SimpleQueue[_Row]) -> None:
        while True:
            row = rows.get()
            for call in row.calls:
                call.make()
                with self._lock:
                    row.done += 1
                    if row.lost:
                        del self._out[call.key]
                        return
            row.over.set()


class _Row:
    """Calls that are made one after the other by one thread."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self.done = 0
        self.lost = False
        self.over = threading.Event()

    def returned(self, patience: float) -> bool:
        """Wait for all of them, for as long as each returns in time."""
        done, waited = 0, 0
        while waited < LOOKS:
            if self.over.wait(patience / LOOKS):
                return True
            waited = waited + 1 if self.done == done else 0
            done = self.done
        return False
