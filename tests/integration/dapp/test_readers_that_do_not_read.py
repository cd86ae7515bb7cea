"""A reader that takes nothing of a long answer loses it, and its thread is free again."""

from __future__ import annotations

import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from node.dapp import worker
from tests.waiting import PATIENCE

CHUNK = b"x" * 20_000
CHUNKS = 500


def streamed(_self: ThreadWorker, _request: object, conn: Any) -> bool:
    """As gunicorn sends what an application yields: each piece whole."""
    for _ in range(CHUNKS):
        conn.sock.sendall(CHUNK)
    return True


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> worker.LiveWorker:
    monkeypatch.setattr(ThreadWorker, "handle_request", streamed)
    return object.__new__(worker.LiveWorker)


def test_a_reader_that_stops_is_let_go(answering: worker.LiveWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SEND_WITHIN", 0.3)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(True)  # as gunicorn hands it over
        with pytest.raises(ConnectionResetError, match="takes nothing"):
            answering.handle_request(object(), SimpleNamespace(sock=ours))


def test_a_reader_that_takes_a_byte_now_and_then_is_let_go_too(
    answering: worker.LiveWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SEND_WITHIN", 0.5)
    ours, theirs = socket.socketpair()
    ended = threading.Event()

    def sip() -> None:
        while not ended.is_set():
            theirs.recv(1)
            time.sleep(0.05)

    sipping = threading.Thread(target=sip)
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        sipping.start()
        try:
            with pytest.raises(ConnectionResetError):
                answering.handle_request(object(), SimpleNamespace(sock=ours))
        finally:
            ended.set()
            sipping.join(PATIENCE)


def test_a_reader_that_reads_gets_all_of_it(answering: worker.LiveWorker) -> None:
    ours, theirs = socket.socketpair()
    taken: list[int] = []

    def read() -> None:
        while found := theirs.recv(65_536):
            taken.append(len(found))

    reading = threading.Thread(target=read)
    with theirs:
        with ours:
            reading.start()
            assert answering.handle_request(object(), SimpleNamespace(sock=ours)) is True
        reading.join(PATIENCE)
    assert sum(taken) == CHUNKS * len(CHUNK)
