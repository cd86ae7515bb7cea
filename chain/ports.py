"""Whether a server can listen where it is told to: said before it starts, in words that help."""

from __future__ import annotations

import errno
import fcntl
import socket
from collections.abc import Mapping
from pathlib import Path

from chain.endpoint import host_and_port
from chain.errors import NodeUnavailable


def check_ports(listeners: Mapping[str, str]) -> None:
    """Make sure that every address can be listened on.

    Args:
        listeners: setting → "host:port".

    Raises:
        NodeUnavailable: another program listens there, or this host has no such address.
    """
    for setting, endpoint in listeners.items():
        host, port = host_and_port(endpoint)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((host, port))
                sock.listen(1)
            except OSError as error:
                raise NodeUnavailable(f"{setting} {endpoint}: {_reason(error, setting)}") from None


def check_lock(path: Path, setting: str) -> None:
    """Make sure that no other program holds the lock of a data directory.

    Raises:
        NodeUnavailable: one does.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return
    except OSError as error:
        reason = "another geth uses it: stop that one" if error.errno == errno.EAGAIN else error.strerror
        raise NodeUnavailable(f"{setting} {path.parent}: {reason}") from None


def _reason(error: OSError, setting: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"another program listens there: stop it, or change {setting}"
        case errno.EADDRNOTAVAIL:
            return f"this host has no such address: bring its network up, or change {setting}"
        case errno.EACCES:
            return f"ports below 1024 need root: change {setting}"
        case _:
            return f"cannot be listened on: {error.strerror}"
