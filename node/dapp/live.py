"""Keeping open pages live: one thread looks once for everybody and writes to every page's socket (SSE).

A stream takes no thread of the web server: the worker hands the socket over (see `node.dapp.worker`), so two
hundred open pages cost two hundred sockets. A page that does not read is dropped, and comes back by itself:
EventSource reconnects and names the last event that it heard. If what followed is still held, it is told that
(`node.dapp.replay`), else the newest of every kind: either way nothing is missed.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from node.dapp.language import ENGLISH
from node.dapp.replay import Replay

log = structlog.get_logger(__name__)

PERIOD = 1.0
"""Seconds between two looks: within one second from a reading to the screen."""

HEARTBEAT = 15.0
"""Seconds without an event after which a page is told that we are there; it gives up after three of them."""

BACKLOG = 128 * 1024
"""Bytes that may wait for one page; a phone that sleeps longer is dropped."""

LIFETIME = 3_600.0
"""Seconds after which a page has to connect again."""

ASK_EVERY = 10.0
"""Seconds between two looks whether the session of an open page still holds."""

PREAMBLE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
    b"X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\nretry: 2000\n\n"
)

News = Mapping[str, Mapping[str, object]]
"""By the name of an event, what is to be known now: `node_data`, `trade`, `relay`, `block`, `alert`."""


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """What is new or different, and null for what is gone."""
    gone = dict.fromkeys(before.keys() - after.keys())
    return {**{key: value for key, value in after.items() if before.get(key, gone) != value}, **gone}


@dataclass(eq=False)
class Viewer:
    """One open page."""

    sock: socket.socket
    holds: Callable[[], bool]
    """Whether it may still be told anything."""
    until: float
    """Monotonic seconds."""
    asked: float
    """When its session was looked at last, likewise."""
    language: str = ENGLISH
    heard: str | None = None
    """The event that it heard last, before it came back."""
    waiting: bytearray = field(default_factory=bytearray)


class Hub:
    """The one thread that looks and tells. It starts with the first page and rests without one."""

    def __init__(
        self,
        look: Callable[[Collection[str]], News],
        viewers: int,
        period: float = PERIOD,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        """Prepare; nothing runs yet, so that the process may still fork.

        Args:
            look: what is true now, told in these languages; called every `period` seconds while somebody
                watches, must not wait.
            viewers: pages at the same time.
        """
        self._look, self._limit, self._period, self._heartbeat = look, viewers, period, heartbeat
        self._lock = threading.Lock()
        self._arriving: list[Viewer] = []
        self._viewers: dict[socket.socket, Viewer] = {}
        self._known: dict[str, Mapping[str, object]] = {}
        self._replay = Replay()
        self._told = 0.0
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None

    @property
    def full(self) -> bool:
        """Whether no further page can be kept live."""
        return len(self._viewers) + len(self._arriving) >= self._limit

    def join(
        self,
        sock: socket.socket,
        holds: Callable[[], bool],
        heard: str | None = None,
        language: str = ENGLISH,
    ) -> None:
        """Take a socket over, whose request was read and not yet answered.

        Args:
            holds: whether its session still does; asked every few seconds, must not wait.
            heard: what the page sent as `Last-Event-ID`.
            language: that it reads.
        """
        sock.setblocking(False)
        now = time.monotonic()
        viewer = Viewer(sock, holds, until=now + LIFETIME, asked=now, language=language, heard=heard)
        with self._lock:
            if self._thread is None:
                self._wake = socket.socketpair()
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
            self._arriving.append(viewer)
            wake = self._wake
        if wake is not None:
            wake[1].send(b"\0")

    def _run(self) -> None:
        assert self._wake is not None  # noqa: S101 - made before the thread
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake[0], selectors.EVENT_READ)
        due = 0.0
        while True:
            rest = max(due - time.monotonic(), 0.0) if self._viewers else None
            for key, events in self._selector.select(rest):
                viewer: Viewer | None = key.data
                if viewer is None:
                    self._wake[0].recv(4096)
                elif events & selectors.EVENT_READ and not self._listens(viewer):
                    self._drop(viewer)
                elif events & selectors.EVENT_WRITE:
                    self._flush(viewer)
            if not self._viewers and not self._arriving:
                continue
            if time.monotonic() >= due:
                due = time.monotonic() + self._period
                self._tell(time.monotonic())
            self._admit()

    def _tell(self, now: float) -> None:
        try:
            news = self._look({viewer.language for viewer in (*self._viewers.values(), *self._arriving)})
        except Exception:  # the thread serves every page: what one look cannot read, the next may
            log.exception("live_look_failed")
            return
        frames = b""
        for kind, data in news.items():
            changed = changes(self._known.get(kind, {}), data)
            self._known[kind] = dict(data)
            if changed:
                frames += self._replay.add(kind, changed)
        if not frames and now - self._told >= self._heartbeat:
            frames = self._replay.frame("heartbeat", {"at": round(time.time())})
        if frames:
            self._told = now
        for viewer in list(self._viewers.values()):
            if now > viewer.until or not self._may_stay(viewer, now):
                self._drop(viewer)
            elif frames:
                self._send(viewer, frames)

    def _may_stay(self, viewer: Viewer, now: float) -> bool:
        if now - viewer.asked < ASK_EVERY:
            return True
        viewer.asked = now
        try:
            return viewer.holds()
        except Exception:  # whatever it was, it is no leave to go on telling
            log.exception("live_session_unread")
            return False

    def _admit(self) -> None:
        with self._lock:
            arriving, self._arriving = self._arriving, []
        for viewer in arriving:
            try:
                self._selector.register(viewer.sock, selectors.EVENT_READ, viewer)
            except (OSError, ValueError, KeyError):
                viewer.sock.close()
                continue
            self._viewers[viewer.sock] = viewer
            missed = self._replay.since(viewer.heard)
            self._send(viewer, PREAMBLE + (self._replay.all(self._known) if missed is None else missed))

    def _send(self, viewer: Viewer, data: bytes) -> None:
        if len(viewer.waiting) + len(data) > BACKLOG:
            self._drop(viewer)
            return
        viewer.waiting += data
        self._flush(viewer)

    def _flush(self, viewer: Viewer) -> None:
        try:
            sent = viewer.sock.send(viewer.waiting)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(viewer)
            return
        del viewer.waiting[:sent]
        writes = selectors.EVENT_WRITE if viewer.waiting else 0
        self._selector.modify(viewer.sock, selectors.EVENT_READ | writes, viewer)

    def _listens(self, viewer: Viewer) -> bool:
        try:
            return bool(viewer.sock.recv(4096))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _drop(self, viewer: Viewer) -> None:
        if self._viewers.pop(viewer.sock, None) is None:
            return
        with suppress(KeyError, ValueError, OSError):
            self._selector.unregister(viewer.sock)
        viewer.sock.close()
