"""What to ask the board next, and what is known of its contacts: pure, and the thread that does it.

The gateway asks about three times a second. While a path is wanted and the relay's safety loop turns, each
question renews the board's lease; when the loop stands still it asks for IDLE, and when this process dies the
board's own clock opens the path. What a lost board does is known too: no frame that was ever sent lets it
close a path beyond the lease that stood in it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

import structlog

from relay_server.drivers.esp32.client import BoardClient, BoardLost
from relay_server.drivers.esp32.frames import No, Path, Status

log = structlog.get_logger()

PERIOD = 0.3
"""Seconds between two questions: a lease of 3 s survives nine lost ones."""

BEAT = 1.0
"""Seconds without a turn of the safety loop (at least ten a second) after which nobody is in charge."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What this side knows; seconds are monotonic."""

    wanted: Path | None = None
    """What the relay wants; None until it has said so."""

    changed: float = 0.0
    """When that changed last."""

    beat: float = 0.0
    """When the safety loop turned last."""

    latest: float = 0.0
    """By then every lease that was ever asked for is over."""

    status: Status | None = None
    """The last answer."""

    asked: float = 0.0
    """When the question to that answer was sent."""

    refused: str | None = None
    """Why the board did not close what is wanted."""


def due(known: Known, now: float) -> Path | None:
    """The path to ask for next; None: only look.

    A board that is idle already is only looked at, so that its own account of why it is stays.
    """
    if known.wanted is None:
        return None
    if known.wanted is not Path.IDLE and now - known.beat <= BEAT:
        return known.wanted
    resting = known.status is not None and known.status.path is known.status.wanted is Path.IDLE
    return None if resting and known.asked >= known.changed else Path.IDLE


def stands_closed(known: Known, path: Path, now: float) -> bool:
    """Whether the board says that this path is closed, and its lease lasts still."""
    status = known.status
    if status is None or known.asked < known.changed or status.path is not path:
        return False
    return now < known.asked + status.lease_ms / 1_000


def stands_open(known: Known, path: Path, now: float) -> bool:
    """Whether this path is open for certain: by the board's answer, or because every lease is over.

    An answer to a question asked after the path was released settles it: the board takes no older
    connection's frames any more once a newer one has commanded, and frames of one connection come in order.
    """
    if now >= known.latest:
        return True
    status = known.status
    answered = status is not None and known.asked >= known.changed and known.wanted is not None
    return answered and known.wanted is not path and status is not None and status.path is not path


class Gateway:
    """Talks to one board from a thread of its own; everything else returns at once."""

    def __init__(self, client: BoardClient, lease: float) -> None:
        """Begin to look; nothing is asked for before `want`."""
        self._client = client
        self._lease = lease
        self._lock = threading.Lock()
        self._known = Known(latest=time.monotonic() + lease)  # a process before this one may have asked
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._lost: str | None = None
        self._thread = threading.Thread(target=self._run, name="path-board", daemon=True)
        self._thread.start()

    @property
    def known(self) -> Known:
        """As of now."""
        with self._lock:
            return self._known

    def want(self, path: Path) -> None:
        """Change what is wanted; the board is told at once."""
        with self._lock:
            if self._known.wanted is path:
                return
            self._known = replace(self._known, wanted=path, changed=time.monotonic())
        self._wake.set()

    def beat(self) -> None:
        """The safety loop turns."""
        with self._lock:
            self._known = replace(self._known, beat=time.monotonic())

    def settle(self) -> None:
        """Wait until the board has answered, or whatever it was told before has run out."""
        while self.known.status is None and time.monotonic() < self.known.latest:
            time.sleep(0.02)

    def close(self) -> None:
        """Ask for IDLE a last time, and end."""
        if self._ended.is_set():
            return
        self.want(Path.IDLE)
        self._ended.set()
        self._wake.set()
        self._thread.join(3.0)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            self._turn()
            self._wake.wait(PERIOD)
        self._turn()
        self._client.close()

    def _turn(self) -> None:
        asked = time.monotonic()
        path = due(self.known, asked)
        if path in (Path.SUPPLY, Path.RECEIVE):  # before it is sent: it may arrive whatever happens then
            with self._lock:
                self._known = replace(self._known, latest=asked + self._lease)
        try:
            answer = self._answer(path, asked)
        except BoardLost as error:
            self._say(str(error))
            return
        self._say(None)
        with self._lock:
            if isinstance(answer, No):
                self._known = replace(self._known, refused=answer.code)
            else:
                self._known = replace(self._known, status=answer, asked=asked, refused=None)

    def _answer(self, path: Path | None, asked: float) -> Status | No:
        if path is None:
            return self._client.status()
        if path is Path.IDLE:
            return self._client.idle()
        answer = self._client.close_path(path, asked + self._lease)
        if isinstance(answer, No):
            log.warning("path board refuses", path=path.value, code=answer.code)
            return self._client.status()
        return answer

    def _say(self, lost: str | None) -> None:
        """One line when the board is lost or found, not one a third of a second."""
        if lost and not self._lost:
            log.warning("path board lost", why=lost)
        elif self._lost and not lost:
            log.info("path board found again")
        self._lost = lost
