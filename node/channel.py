"""The way from the pages to a process that has a secret: a Unix socket that ends with it.

One line of JSON asks, one answers. What passes here is in no file: neither is a recovery code in a database,
nor in a backup of one. The kernel says who calls, and only the pages' user and root are answered.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chain.errors import KeyRefused

MODE = 0o660
LARGEST = 16_384
"""Bytes of a line: a backup's file has one and a half thousand."""

CALLER = 2.0
"""Seconds that a caller has to say what it wants, and to take the answer."""

PATIENCE = 60.0
"""Seconds that the pages wait: a code costs the smallest Pi some of them."""

CREDENTIALS = struct.Struct("3i")
"""Process, user, group (unix(7), SO_PEERCRED)."""

Answering = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class NotNow(Exception):
    """What is asked cannot be done as things stand; the message says what to do."""


PAGES = "dapp.db"
"""In `paths.state`: whoever owns it is the pages' user."""


class Silent(Exception):
    """Who is asked does not answer; the message says what to do."""


class Channel:
    """The end of who has the secret. For one thread: a caller is answered while `turn` runs."""

    def __init__(self, path: Path, trusted: Callable[[int], bool]) -> None:
        """Prepare.

        Args:
            trusted: whether the process of a user (by number) may ask.
        """
        self._path = path
        self._trusted = trusted
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            OSError: there is no place for the socket.
        """
        with suppress(FileNotFoundError):
            self._path.unlink()  # Of a process that was killed: who owns the key is alone, by its claim.
        os.fchmod(self._listener.fileno(), MODE)
        self._listener.bind(str(self._path))
        self._path.chmod(MODE)
        self._listener.listen(4)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nobody can ask any more."""
        self._listener.close()
        with suppress(FileNotFoundError):
            self._path.unlink()

    def turn(self, answering: Answering, wait: float) -> None:
        """Answer one caller, if one comes within `wait` seconds."""
        self._listener.settimeout(wait)
        try:
            caller, _ = self._listener.accept()
        except TimeoutError:
            return
        with caller, suppress(OSError):
            caller.settimeout(CALLER)
            told = self._told(caller, answering)
            caller.sendall(json.dumps(told).encode() + b"\n")

    def _told(self, caller: socket.socket, answering: Answering) -> Mapping[str, Any]:
        raw = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        _, user, _ = CREDENTIALS.unpack(raw)
        if not self._trusted(user):
            return {"problem": "Only the household's pages may ask this."}
        try:
            request = json.loads(_line(caller))
            return answering(request if isinstance(request, dict) else {})
        except (NotNow, KeyRefused) as refusal:
            return {"problem": str(refusal)}
        except (ValueError, RecursionError):
            return {"problem": "This is no question."}


def ask(
    path: Path, request: Mapping[str, str], *, silent: str, patience: float = PATIENCE
) -> Mapping[str, Any]:
    """Ask who listens at such a socket.

    Args:
        silent: what to do where nobody does.

    Raises:
        Silent: it does not run, or does not answer.
        NotNow: it refuses; the message says why.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(patience)
            sock.connect(str(path))
            with suppress(BrokenPipeError):  # who may not ask is refused, and left, before it has said a word
                sock.sendall(json.dumps(request).encode() + b"\n")
            told = json.loads(_line(sock))
    except (OSError, ValueError):
        raise Silent(silent) from None
    if not isinstance(told, dict) or "problem" in told:
        raise NotNow(str(told["problem"]) if isinstance(told, dict) else "The answer makes no sense.")
    return told


def may_ask(pages: Path, user: int) -> bool:
    """Whether a user is root or the pages' one, by whose the pages' database is.

    In a user namespace (PrivateUsers= of systemd) all strangers have one number: nobody is known by that.
    """
    try:
        return user != _stranger() and user in {0, pages.stat().st_uid}
    except OSError:
        return user == 0


def _stranger() -> int:
    """The number of whoever has none in this namespace (user_namespaces(7)).

    Raises:
        OSError: this kernel does not say it.
    """
    return int(Path("/proc/sys/kernel/overflowuid").read_text())


def _line(sock: socket.socket) -> bytes:
    """Up to the end of a line.

    Raises:
        ValueError: it is too long, or ends in its middle.
    """
    read = b""
    while not read.endswith(b"\n"):
        more = sock.recv(LARGEST)
        read += more
        if not more or len(read) > LARGEST:
            raise ValueError("no line")
    return read
