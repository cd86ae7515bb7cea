"""The real socket between the pages and the owner of the key, and the real trader behind it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chain import keys
from node.channel import Channel, NotNow, Silent, may_ask
from node.channel import ask as asked
from node.dapp.claims import Claims
from node.first_run import owner
from node.first_run.owner import SOCKET
from node.first_run.steps import Key
from tests.waiting import PATIENCE, eventually

CONFIGURATION = """
household: {name: elm, role: consumer}
paths: {run: run, state: state}
account: {keystore: key.json, password_file: key.password, first_run: true}
chain: {rpc: "http://127.0.7.33:1", genesis: genesis.json, manifest: manifest.json}
"""


def ask(path: Path, request: Mapping[str, str]) -> Mapping[str, Any]:
    """As the first run's pages do."""
    return asked(path, request, silent=owner.SILENT)


def echo(request: Mapping[str, Any]) -> Mapping[str, Any]:
    if request.get("op") == "refuse":
        raise NotNow("not now")
    return {"heard": request}


class Serving:
    """A channel that answers in a thread."""

    def __init__(self, path: Path, trusted: set[int]) -> None:
        self.path, self._trusted, self._end = path, trusted, threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def _run(self) -> None:
        with Channel(self.path, lambda user: user in self._trusted) as channel:
            self._ready.set()
            while not self._end.is_set():
                channel.turn(echo, 0.05)

    def end(self) -> None:
        self._end.set()
        self._thread.join()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    made = Serving(tmp_path / SOCKET, {os.getuid()})
    yield made
    made.end()


def test_what_is_asked_is_answered_or_refused(serving: Serving) -> None:
    assert ask(serving.path, {"op": "make"}) == {"heard": {"op": "make"}}
    with pytest.raises(NotNow, match="not now"):
        ask(serving.path, {"op": "refuse"})


def test_only_the_pages_user_and_root_are_answered(tmp_path: Path) -> None:
    stranger = Serving(tmp_path / SOCKET, {os.getuid() + 1})
    try:
        with pytest.raises(NotNow, match="Only the household's pages"):
            ask(stranger.path, {"op": "make"})
    finally:
        stranger.end()
    pages = tmp_path / "dapp.db"
    assert not may_ask(pages, os.getuid() + 1)
    pages.touch()
    assert may_ask(pages, pages.stat().st_uid)
    assert may_ask(pages, 0)
    assert not may_ask(pages, pages.stat().st_uid + 1)


def test_who_is_refused_before_it_has_said_a_word_hears_why(tmp_path: Path) -> None:
    refusal = json.dumps({"problem": "Only the household's pages may ask this."}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / SOCKET))
        listener.listen()

        def refuse() -> None:
            caller, _ = listener.accept()
            caller.sendall(refusal)
            caller.close()

        class Late(socket.socket):
            """Connects, and says something only once it has been left."""

            def connect(self, address: Any) -> None:
                super().connect(address)
                refuse()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("node.channel.socket.socket", Late)
            with pytest.raises(NotNow, match="Only the household's pages"):
                ask(tmp_path / SOCKET, {"op": "make"})


def test_in_a_user_namespace_where_all_strangers_look_alike_nobody_but_root_is_the_pages_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = tmp_path / "dapp.db"
    pages.touch()
    monkeypatch.setattr("node.channel._stranger", lambda: pages.stat().st_uid)
    assert not may_ask(pages, pages.stat().st_uid)


def test_nobody_else_on_the_host_reaches_the_socket(serving: Serving) -> None:
    assert stat.S_IMODE(serving.path.stat().st_mode) == 0o660


@pytest.mark.parametrize("sent", [b"\n", b"[1]\n", b"{\n", b"x" * 40_000, b"[" * 9_000 + b"\n", b""])
def test_whatever_a_caller_sends_the_next_one_is_answered(serving: Serving, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(serving.path))
        caller.sendall(sent)
        caller.shutdown(socket.SHUT_WR)
    assert ask(serving.path, {"op": "again"}) == {"heard": {"op": "again"}}


def test_where_nobody_listens_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Silent, match="commonwatt client-interaction run"):
        ask(tmp_path / SOCKET, {"op": "make"})


def test_once_proved_there_is_nobody_to_ask(tmp_path: Path) -> None:
    """The real trader: it makes the key, has its backup proved, and then only trades."""
    for folder in ("run", "state"):
        (tmp_path / folder).mkdir()
    (tmp_path / "household.yml").write_text(CONFIGURATION)
    Claims(tmp_path / "state").close()
    run = tmp_path / "run"
    with (tmp_path / "log").open("wb") as log:
        trader = subprocess.Popen(
            [sys.executable, "-m", "node.cli", "client-interaction", "run",
             "--config", str(tmp_path / "household.yml")],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        eventually(lambda: owner.told(run)[0] is Key.NONE, "it says that there is no key")
        address = ask(run / SOCKET, {"op": "make"})["address"]
        code = ask(run / SOCKET, {"op": "backup"})["code"]
        assert "keystore" in ask(run / SOCKET, {"op": "file"})["file"]
        assert ask(run / SOCKET, {"op": "prove", "code": code}) == {"proved": True}
        eventually(lambda: not (run / SOCKET).exists(), "the socket is gone")
        with pytest.raises(Silent):
            ask(run / SOCKET, {"op": "backup"})
        eventually(lambda: "127.0.7.33" in owner.told(run)[2], "it says why there is no request to join")
        assert owner.told(run)[:2] == (Key.PROVED, address)
        assert keys.load(tmp_path / "key.json", tmp_path / "key.password").address == address
        trader.send_signal(signal.SIGTERM)
        assert trader.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
    finally:
        trader.kill()
        trader.wait()
    assert code not in (tmp_path / "log").read_text()
