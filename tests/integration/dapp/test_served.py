"""A real gunicorn, files as the other processes write them, and sockets as browsers open them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.client_interaction.status import State
from tests.integration.dapp import made_up
from tests.integration.dapp.served import Pages, served
from tests.waiting import BUSY, PATIENCE, eventually

HOST = "127.0.7.2"

MEMORY_KB = 50 * 1024
"""Resident: 48 MB, and what two runs differ by. The API, 2 MB more, is loaded by who asks for it."""

LANGUAGE_KB = 8 * 1024
"""For the first page in another language than English: Babel, the language's names, its catalogue."""

MOST = 200
"""Pages that are kept live, by the configuration."""

MEMORY_OF_PAGES_KB = 2 * 1024
"""For two hundred more of them: sockets, and a few hundred bytes each."""


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    made_up.furnish(tmp_path)
    made_up.publish(tmp_path)
    with served(tmp_path, HOST) as pages:
        pages.log_in()
        yield pages


class Events:
    """What arrives on a stream."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._rest = sock, b""
        self.heard = ""
        head = self._until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        assert b"text/event-stream" in head

    def next(self, kind: str) -> dict[str, object]:
        """The next event of this kind."""
        while True:
            lines = self._until(b"\n\n").decode().splitlines()
            fields = dict(line.split(": ", 1) for line in lines if ": " in line)
            self.heard = fields.get("id", self.heard)
            if fields.get("event") == kind:
                found: dict[str, object] = json.loads(fields["data"])
                return found

    def _until(self, end: bytes) -> bytes:
        while end not in self._rest:
            more = self._sock.recv(65_536)
            assert more, "the stream ended"
            self._rest += more
        found, _, self._rest = self._rest.partition(end)
        return found


def test_the_configured_household_is_shown(pages: Pages) -> None:
    status, page = pages.ask("/")
    assert status == 200
    assert "Supplied by Alder" in page
    assert "82.2 W" in page


def test_whoever_connects_is_told_everything_first(pages: Pages) -> None:
    with pages.watch() as sock:
        told = Events(sock).next("node_data")
    assert told["headline"] == "Supplied by Alder"
    assert told["soc"] == "41 %"


def test_what_changes_is_told_by_itself(pages: Pages, tmp_path: Path) -> None:
    with pages.watch() as sock:
        events = Events(sock)
        events.next("node_data")
        made_up.publish(tmp_path, State.HOME, soc=6_020)
        told = events.next("node_data")
        while "headline" not in told:
            told = events.next("node_data")
    assert told["headline"] == "At home, on its own battery"
    assert told["soc"] == "60 %"
    assert "soc_note" in told
    assert "panel_watts" not in told, "what did not change is not told again"


def test_who_comes_back_is_told_only_what_it_missed(pages: Pages, tmp_path: Path) -> None:
    with pages.watch() as staying, pages.watch() as leaving:
        events, left = Events(staying), Events(leaving)
        events.next("node_data")
        left.next("node_data")
        leaving.close()
        made_up.publish(tmp_path, State.HOME, soc=6_020)
        while "headline" not in events.next("node_data"):
            pass
        with pages.watch(heard=left.heard) as sock:
            missed = Events(sock).next("node_data")
    assert missed["soc"] == "60 %"
    assert "panel_watts" not in missed, "what it heard already is not told again"


def test_open_streams_take_no_thread_from_the_pages(pages: Pages) -> None:
    streams = [pages.watch() for _ in range(20)]
    for stream in streams:
        Events(stream).next("node_data")
    assert pages.ask("/trades")[0] == 200
    for stream in streams:
        stream.close()


def test_two_hundred_pages_are_kept_live_by_one_worker_whose_memory_stays(
    pages: Pages, tmp_path: Path
) -> None:
    first = pages.watch()
    Events(first).next("node_data")
    before = pages.memory()
    streams = [Events(pages.watch()) for _ in range(MOST - 1)]
    for stream in streams:
        stream.next("node_data")
    made_up.publish(tmp_path, State.HOME, soc=6_020)
    for stream in streams:
        while "headline" not in stream.next("node_data"):
            pass
    assert pages.memory() - before < MEMORY_OF_PAGES_KB
    first.close()


def test_a_stream_too_many_is_refused_and_a_place_is_free_again(pages: Pages) -> None:
    streams = [pages.watch() for _ in range(MOST)]
    for stream in streams:
        Events(stream).next("node_data")
    assert pages.ask("/live")[0] == 503
    for stream in streams:
        stream.close()

    def place() -> bool:
        with pages.watch() as sock:
            return sock.recv(12) == b"HTTP/1.1 200"

    eventually(place, "a place that a closed page had")


def test_a_page_that_does_not_read_holds_nobody_up(pages: Pages) -> None:
    with pages.watch(buffer=1_024), pages.watch() as sock:
        events = Events(sock)
        events.next("node_data")
        events.next("node_data")


def test_a_stream_is_for_who_is_logged_in(pages: Pages) -> None:
    pages.cookie = ""
    assert pages.ask("/live")[0] == 401


def test_it_ends_within_three_seconds_with_streams_open(pages: Pages) -> None:
    with pages.watch() as sock:
        Events(sock).next("node_data")
        pages.process.send_signal(signal.SIGTERM)
        assert pages.process.wait(3 + BUSY) == 0
    assert "Traceback" not in pages.log.read_text()


def test_the_pages_are_small_after_work(pages: Pages) -> None:
    for _ in range(5):
        for path in ("/", "/trades", f"/trades/{made_up.order(8)}", "/data/charts?span=1h"):
            assert pages.ask(path)[0] == 200
    with pages.watch() as sock:
        Events(sock).next("node_data")
    assert pages.memory() <= MEMORY_KB, f"{pages.memory()} kB"


def test_a_french_page_is_told_in_french_at_a_bounded_price(pages: Pages) -> None:
    for path in ("/", "/trades", f"/trades/{made_up.order(8)}", "/data/charts?span=1h", "/energy"):
        pages.cookie = f"{pages.cookie}; commonwatt-language=fr"
        status, page = pages.ask(path)
        assert status == 200
        assert "Échanges" in page or path.startswith("/data")
    pages.cookie = f"{pages.cookie}; commonwatt-language=fr"
    with pages.watch() as sock:
        told = Events(sock).next("node_data.fr")
    assert str(told["headline"]).startswith("Alimenté par")
    assert str(told["since"]).startswith("depuis ")
    assert pages.memory() <= MEMORY_KB + LANGUAGE_KB, f"{pages.memory()} kB"


def test_a_silent_chain_leaves_the_other_pages_alone(pages: Pages) -> None:
    status, page = pages.ask("/explorer/")
    assert status == 503
    assert "commonwatt chain run" in page
    assert pages.ask("/")[0] == 200


def test_pages_without_their_database_say_so_in_a_line(pages: Pages, tmp_path: Path) -> None:
    pages.stop()
    (tmp_path / "state" / "dapp.db").write_bytes(b"no database" * 100)
    refused = subprocess.run(
        pages.command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert refused.returncode == 69
    [line] = refused.stderr.splitlines()
    assert line.startswith("commonwatt: ")
    assert "dapp.db" in line
