"""gunicorn's threaded worker, which lets go of a connection that was handed over to the live hub."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from chain.daemon import sd_watchdog

if TYPE_CHECKING:
    from node.dapp.live import Hub

SEND_WITHIN = 20.0
"""Seconds in which a reader has to take what is sent at once (of a file: a few hundred lines), and a sender
to send the body that it announced: else it would hold a thread for ever."""

HANDED_OVER: WeakSet[socket.socket] = WeakSet()


class LiveWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A thread answers a request and is free again; a live stream keeps its socket, but no thread."""

    def is_parent_alive(self) -> bool:
        """There is no master (`node.dapp.process`): whoever started the pages may leave them alone."""
        return True

    def notify(self) -> None:
        """Each turn of the loop, once a second at least: tell systemd's watchdog instead of a master."""
        sd_watchdog()

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer a request, if its sender takes the answer."""
        conn.sock.settimeout(SEND_WITHIN)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the client takes nothing") from error

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """After a request: keep, or close, the connection, unless it is the hub's now."""
        if conn.sock in HANDED_OVER:
            self.nr_conns -= 1
            return
        super().finish_request(conn, fs)


def hand_over(
    hub: Hub, sock: socket.socket, holds: Callable[[], bool], heard: str | None, language: str
) -> Iterator[bytes]:
    """The body of an answer that is never sent: when the worker asks for it, the hub gets the socket.

    The worker then believes that the browser left, which ends the request without another byte.
    """
    HANDED_OVER.add(sock)
    hub.join(sock, holds, heard, language)
    raise ConnectionResetError(errno.ECONNRESET, "handed over to the live hub")
    yield b""
