"""Clients that ask and never read: they cost a relay neither its connections nor its stop."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

from chain.endpoint import host_and_port
from relay_server import host, server
from tests.integration.relay_server.relay_rig import Rig, running_relay

FRAME = 60
"""Seconds for which a connection may be silent before it is closed."""

SMALL = 2_048
"""Bytes: so that buffers are soon full."""

STATE = b'{"op":"STATE"}\n'


def connected(rig: Rig) -> socket.socket:
    """By small buffers."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    connection.connect(host_and_port(rig.address))
    connection.settimeout(0.5)
    return connection


def clogged(rig: Rig) -> socket.socket:
    """A connection whose answers have filled every buffer on their way."""
    connection, still = connected(rig), 0
    while still < 4:  # then the relay reads no more, since nobody reads what it answers
        try:
            connection.send(STATE * 100)
            still = 0
        except TimeoutError:
            still += 1
    return connection


@pytest.fixture(autouse=True)
def soon_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small buffers, and no pace: at 50 frames a second it would take a while to fill them."""
    monkeypatch.setattr(host, "KERNEL_BUFFER", SMALL)
    for limit in ("BURST", "FRAMES_PER_SECOND", "STRANGERS_BURST", "STRANGERS_PER_SECOND"):
        monkeypatch.setattr(server, limit, 1e9)


def test_a_client_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    with running_relay(tmp_path) as rig, closing(connected(rig)) as connection:
        rig.until(lambda: hung_up(connection))


def hung_up(connection: socket.socket) -> bool:
    try:
        connection.send(STATE * 100)
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return False


def test_a_stop_does_not_wait_for_a_client_that_does_not_read(tmp_path: Path) -> None:
    with running_relay(tmp_path, frame=f"{FRAME} s") as rig:
        connection = clogged(rig)
        begun = time.monotonic()
    with closing(connection):
        assert time.monotonic() - begun < FRAME / 2
