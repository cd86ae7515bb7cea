"""Clients that ask and never read: they cost a relay neither its connections nor its stop."""

from __future__ import annotations

import errno
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

from relay_server import server
from tests.integration.relay_server.relay_rig import Rig, running_relay

STATE = b'{"op":"STATE"}\n'


def clogged(rig: Rig) -> socket.socket:
    """A connection whose answers have filled every buffer on their way."""
    host, port = rig.address.rsplit(":", 1)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    connection.connect((host, int(port)))
    connection.settimeout(0.5)
    try:
        while True:
            connection.sendall(STATE * 500)
    except TimeoutError:
        return connection  # the relay reads no more, since nobody reads what it answers


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 50 frames a second it would take minutes to fill the buffers."""
    monkeypatch.setattr(server, "BURST", 1e9)
    monkeypatch.setattr(server, "FRAMES_PER_SECOND", 1e9)


def test_a_client_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    with running_relay(tmp_path) as rig, closing(clogged(rig)) as connection:
        rig.until(lambda: connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET)


def test_a_stop_does_not_wait_for_a_client_that_does_not_read(tmp_path: Path) -> None:
    with running_relay(tmp_path, frame="60 s") as rig:
        connection = clogged(rig)
        begun = time.monotonic()
    with closing(connection):
        assert time.monotonic() - begun < 2.0
