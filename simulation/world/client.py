"""A connection to a running world: asks one question at a time, connects again when it was lost."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from simulation.world.spec import WorldError

PATIENCE = 1.5
"""Seconds for which a world that is being restarted is waited for."""

RETRY = 0.05


class WorldGone(WorldError, OSError):
    """No world answers at the socket."""


class WorldRefused(WorldError):
    """The world answered that it cannot: the message is its own."""


class WorldClient:
    """Blocking; threads that ask at the same time wait for each other.

    Args:
        path: of the world's Unix socket.
        greet: called after each connection, before the first question.
        patience: seconds to wait for a world that does not answer.
    """

    def __init__(
        self, path: str, greet: Callable[[WorldClient], None] | None = None, patience: float = PATIENCE
    ) -> None:
        self.path = path
        self._greet = greet
        self._patience = patience
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._buffer = b""

    def ask(self, op: str, **fields: object) -> Mapping[str, Any]:
        """Ask, and return the answer's fields.

        Raises:
            WorldGone: nobody answered in time.
            WorldRefused: the world said no.
        """
        with self._lock:
            return self._answered(op, fields)

    def _answered(self, op: str, fields: Mapping[str, object]) -> Mapping[str, Any]:
        until = time.monotonic() + self._patience
        while True:
            try:
                if self._socket is None:
                    self._connect()
                return self.exchange(op, **fields)
            except OSError as error:
                self.close()
                if time.monotonic() > until:
                    raise WorldGone(
                        f"no world answers at {self.path}: {error.strerror or error}; is it running?"
                    ) from error
                time.sleep(RETRY)

    def exchange(self, op: str, **fields: object) -> Mapping[str, Any]:
        """One question and its answer over the connection that there is (for `greet`)."""
        if self._socket is None:
            raise ConnectionResetError("not connected")
        self._socket.sendall(json.dumps({"op": op, **fields}).encode() + b"\n")
        while b"\n" not in self._buffer:
            piece = self._socket.recv(65_536)
            if not piece:
                raise ConnectionResetError("the world closed the connection")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if not answer["ok"]:
            raise WorldRefused(answer["error"])
        return answer

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = None
        self._buffer = b""

    def _connect(self) -> None:
        fresh = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        fresh.settimeout(max(self._patience, 0.1))
        try:
            fresh.connect(self.path)
        except OSError:
            fresh.close()
            raise
        self._socket = fresh
        if self._greet is not None:
            self._greet(self)
