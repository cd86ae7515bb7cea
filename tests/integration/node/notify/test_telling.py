"""`commonwatt notify` with Apprise, and a service on this host that takes what is sent."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from node.alerts import Alert, Severity
from node.notify import memory
from node.notify.following import Trouble
from tests.alongside import repeating
from tests.integration.dapp import made_up
from tests.waiting import PATIENCE, eventually

CONFIGURATION = """
household: {name: birch, role: prosumer}
paths: {run: run, state: state}
account: {keystore: k, password_file: p}
chain: {rpc: "http://127.0.61.3:1", genesis: g, manifest: m}
sensors:
  battery: {driver: ina219}
battery: {sensor: battery, capacity: 3 Wh}
notifications: {addresses: whom}
"""


class Post(ThreadingHTTPServer):
    """Takes messages as Apprise's JSON service sends them."""

    def __init__(self) -> None:
        super().__init__(("127.0.61.3", 0), Taking)
        self.letters: list[dict[str, Any]] = []


class Taking(BaseHTTPRequestHandler):
    server: Post

    def do_POST(self) -> None:
        self.server.letters.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def household(folder: Path, *addresses: str) -> None:
    (folder / "commonwatt.yml").write_text(CONFIGURATION)
    (folder / "whom").write_text("# who is told\n\n" + "\n".join(addresses) + "\n")
    (folder / "whom").chmod(0o600)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "node.cli", "notify", *words, "--config", "commonwatt.yml"]


def answer(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command("run"), cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_test_message_reaches_everybody(tmp_path: Path, post: Post) -> None:
    household(tmp_path, f"json://127.0.61.3:{post.server_port}/secret-path")
    told = answer(tmp_path, "test", "--json")
    assert told.returncode == 0, told.stderr
    assert [letter["title"] for letter in post.letters] == ["Birch: a test"]


def test_who_is_not_reached_is_named_without_its_secrets(tmp_path: Path, post: Post) -> None:
    secret = ("json://somebody:hunter2@127.0.61.3:1/", "ntfy://127.0.61.3:1/nobody-guesses-this")
    household(tmp_path, *secret, f"json://127.0.61.3:{post.server_port}/")
    told = answer(tmp_path, "test")
    assert told.returncode == 1
    assert told.stdout.count("NOT told") == 2
    assert "ntfy://127.0.61.3…: NOT told" in told.stdout
    for each in ("hunter2", "nobody-guesses-this"):
        assert each not in told.stdout + told.stderr
    assert len(post.letters) == 1, "the other one is told all the same"


def test_an_address_that_makes_no_sense_is_named_by_its_line(tmp_path: Path) -> None:
    household(tmp_path, "carrier-pigeon://coop?password=hunter2")
    told = answer(tmp_path, "test")
    assert (told.returncode, told.stderr.count("\n")) == (78, 1)
    assert "whom, line 3: not an address that can be told" in told.stderr
    assert "hunter2" not in told.stderr


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    household(tmp_path, "json://127.0.61.3:1/")
    (tmp_path / "whom").chmod(0o644)
    told = answer(tmp_path, "test")
    assert told.returncode == 78
    assert "whom" in told.stderr


def test_what_ended_while_nobody_ran_is_told_by_itself(tmp_path: Path, post: Post) -> None:
    household(tmp_path, f"json://127.0.61.3:{post.server_port}/")
    made_up.publish(tmp_path)
    full = Alert(code="disk-full", severity=Severity.CRITICAL, says="The disk is full.", act="Empty it.")
    hour = time.time() - 3_600
    memory.write(
        tmp_path / "state" / memory.FILE,
        {full.key: Trouble(alert=full, since=hour, told=hour + 30, gone=hour + 1_800)},
    )
    with running(tmp_path):
        eventually(lambda: bool(post.letters), "a message")
    assert post.letters[0]["title"] == "Birch: Over: the disk is full."
    assert post.letters[0]["message"].endswith("It lasted 30 min.")


@contextmanager
def published(folder: Path) -> Iterator[None]:
    """Processes that publish all the while: what they say ages faster than a command begins."""
    made_up.publish(folder)
    with repeating(lambda: made_up.publish(folder), 0.5):
        yield


def test_what_is_wrong_is_shown_at_the_box(tmp_path: Path) -> None:
    household(tmp_path)
    with published(tmp_path):
        assert alerts(tmp_path) == (0, [])
        said = answer(tmp_path, "alerts").stdout
        assert said == "Nothing is wrong.\n" or "are left for the household's files" in said
    (tmp_path / "run" / "sensors.json").unlink()
    code, codes = alerts(tmp_path)
    assert code == 1, "no logger runs, which is critical"
    assert "logger-silent" in codes


def alerts(folder: Path) -> tuple[int, list[str]]:
    """What the command answers, but for the room on this machine's own disk: that a warning tells, too."""
    found = answer(folder, "alerts", "--json")
    codes = [alert["code"] for alert in json.loads(found.stdout)["alerts"]]
    return found.returncode, [code for code in codes if code != "disk-low"]
