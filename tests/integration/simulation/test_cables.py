"""Cables that pass on, are cut in the middle of a conversation, and mended."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from simulation.demo.cables import Cable, Cables
from tests.integration.ports import free_port
from tests.waiting import PATIENCE

HERE, THERE = "127.0.26.1", "127.0.26.2"
MEANWHILE = 0.3
"""Seconds in which what is cut would have come."""


@pytest.fixture
def called() -> Iterator[socket.socket]:
    with socket.create_server((THERE, free_port(THERE))) as listening:
        listening.settimeout(PATIENCE)
        yield listening


@pytest.fixture
def cables(called: socket.socket) -> Iterator[Cables]:
    laid = Cables([Cable(host=HERE, target=THERE, port=called.getsockname()[1])])
    laid.lay()
    yield laid
    laid.take_up()


def test_what_is_said_is_passed_on_until_the_cut_and_after_it(called: socket.socket, cables: Cables) -> None:
    with socket.create_connection((HERE, called.getsockname()[1]), PATIENCE) as calling:
        answering, _ = called.accept()
        with answering:
            answering.settimeout(PATIENCE)
            calling.sendall(b"one")
            assert answering.recv(10) == b"one"
            cables.cut()
            calling.sendall(b"two")
            answering.sendall(b"three")
            for end in (calling, answering):
                end.settimeout(MEANWHILE)
                with pytest.raises(TimeoutError):
                    end.recv(10)
                end.settimeout(PATIENCE)
            cables.mend()
            assert answering.recv(10) == b"two"
            assert calling.recv(10) == b"three"
            answering.shutdown(socket.SHUT_WR)
            assert calling.recv(10) == b""


def test_a_call_through_a_cut_cable_is_not_answered_until_it_is_mended(
    called: socket.socket, cables: Cables
) -> None:
    cables.cut()
    with socket.create_connection((HERE, called.getsockname()[1]), PATIENCE) as calling:
        called.settimeout(MEANWHILE)
        with pytest.raises(TimeoutError):
            called.accept()
        called.settimeout(PATIENCE)
        cables.mend()
        answering, _ = called.accept()
        with answering:
            answering.sendall(b"late")
            assert calling.recv(10) == b"late"


def test_one_end_that_is_gone_takes_the_other_with_it(called: socket.socket, cables: Cables) -> None:
    assert cables
    with socket.create_connection((HERE, called.getsockname()[1]), PATIENCE) as calling:
        called.accept()[0].close()
        assert calling.recv(10) == b""
