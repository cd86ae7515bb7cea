"""systemd's end of the notification socket, as far as the watchdog goes."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path


class Supervisor:
    """Receives what systemd would."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def beats(self, seconds: float, enough: int = 1_000_000) -> int:
        """How many beats come in so many seconds; it need not wait on once there are enough."""
        found, end = 0, time.monotonic() + seconds
        while found < enough and (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            with suppress(TimeoutError):
                found += self._socket.recv(100) == b"WATCHDOG=1"
        return found

    def drained(self) -> None:
        """Forget what came until now."""
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(100)

    def close(self) -> None:
        self._socket.close()
