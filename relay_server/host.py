"""What a relay takes of its host, its address, its records, its pins, or one line why it cannot have it."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from chain.endpoint import host_and_port
from chain.errors import Misconfigured, Unavailable
from relay_server.drivers import interface
from relay_server.drivers.interface import DriverMissing, Pins
from relay_server.persistence import Persistence
from store.errors import StoreError

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings


KERNEL_BUFFER = 16_384
"""Bytes, each way, of a connection: who sends and does not read would have the kernel keep megabytes."""


def listening(settings: RelaySettings) -> socket.socket:
    """A listening socket at the relay's address.

    Raises:
        Unavailable: somebody listens there, or this host has no such address.
        Misconfigured: nobody could.
    """
    host, port = host_and_port(settings.listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"relay.listen: {settings.listen} is taken: another relay runs here, or choose another port"
            ) from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise Unavailable(
                f"relay.listen: {settings.listen} is no address of this host: is its link up?"
            ) from error
        why = error.strerror or error
        raise Misconfigured(f"relay.listen: cannot listen at {settings.listen}: {why}") from error
    for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):  # connections inherit them
        found.setsockopt(socket.SOL_SOCKET, buffer, KERNEL_BUFFER)
    return found


def records(settings: RelaySettings, state: Path) -> Persistence:
    """Its relay.db, opened to write.

    Raises:
        Unavailable: it cannot be used.
    """
    try:
        return Persistence(state, settings.save)
    except StoreError as error:
        raise Unavailable(f"relay: {error}") from error


def driver(settings: RelaySettings) -> Pins:
    """The configured pin driver; no output changes by it.

    Raises:
        Misconfigured: it is not installed, refuses its options, or does not work on this machine.
    """
    try:
        return interface.load(settings.pins.driver, settings.pins.options)
    except DriverMissing as error:
        raise Misconfigured(str(error)) from error
