"""The pages as a household runs them: `commonwatt.yml`, the real command line, a real gunicorn."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from node.config import load
from node.dapp.household import from_settings
from node.dapp.serve import ENVIRONMENT, arguments
from node.dapp.users import set_password
from tests.integration.dapp.made_up import ALDER, CEDAR
from tests.integration.ports import free_port
from tests.waiting import PATIENCE

CONFIGURATION = """
household: {{name: birch, role: prosumer, time_zone: Europe/Paris}}
paths: {{run: run, state: state}}
account: {{keystore: key.json, password_file: key.password}}
chain: {{rpc: "{rpc}", genesis: genesis.json, manifest: {manifest}}}
relay:
  listen: 127.0.7.9:15555
  feeds: [{{contact: 1, pin: 17, meter: feed-1}}]
  transfer:
    home_pin: 22
    ties: [{{contact: 11, pin: 23, meter: tie-11}}, {{contact: 12, pin: 24, meter: tie-12}}]
sensors:
  battery: {{driver: ina219}}
  panel: {{driver: ina219}}
  load: {{driver: ina219}}
  feed-1: {{driver: ina219}}
  tie-11: {{driver: ina219}}
  tie-12: {{driver: ina219}}
battery: {{sensor: battery, capacity: 3 Wh}}
trading: {{limit: 30 %, resume: 60 %, daily_budget: 5}}
sellers:
  alder: {{account: "{alder}", relay: "10.0.0.1:15555", contact: 1, channel: 11}}
  cedar: {{account: "{cedar}", relay: "10.0.0.3:15555", contact: 1, channel: 12}}
tariffs:
  grid:
    versions:
      - valid_from: 2020-01-01
        price: 0.2516
        rates: [{{name: night, price: 0.1828, night: true, after: "22:00", before: "06:00"}}]
dapp: {{listen: "{listen}", threads: 2, viewers: 200, threshold: 80 W, logs: logs}}
"""


@dataclass
class Pages:
    """A running gunicorn, and a browser's cookie for it."""

    host: str
    port: int
    password: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)
    cookie: str = field(default="")

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start them (again), and wait for the first page."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **ENVIRONMENT},
                stdout=output,
                stderr=output,
                cwd=self.log.parent,
            )
        try:
            _wait(self.host, self.port, self.process, self.log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End them, by force if they do not."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def address(self) -> str:
        """Of the first page."""
        return f"http://{self.host}:{self.port}"

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """One request: its status and text."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        headers = {"Cookie": self.cookie}
        if form is None:
            connection.request("GET", path, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.split(";")[0]
        connection.close()
        return answer.status, text

    def log_in(self) -> None:
        """By the form."""
        _, page = self.ask("/login")
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found
        status, _ = self.ask("/login", {"csrf": found[1], "name": "home", "password": self.password})
        assert status == 302

    def watch(self, buffer: int | None = None, heard: str = "") -> socket.socket:
        """Ask for the stream of events, as a browser that heard the event `heard` last."""
        sock = socket.socket()
        if buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.settimeout(10)
        sock.connect((self.host, self.port))
        request = f"GET /live HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nCookie: {self.cookie}\r\n"
        last = f"Last-Event-ID: {heard}\r\n" if heard else ""
        sock.sendall(f"{request}{last}\r\n".encode())
        return sock

    def memory(self) -> int:
        """Resident kilobytes."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found
        return int(found[1])


@contextmanager
def served(
    folder: Path, host: str, rpc: str = "http://127.0.7.1:1", manifest: str = "manifest.json"
) -> Iterator[Pages]:
    """Serve a household whose files are in `folder`/run and `folder`/state."""
    port = free_port(host)
    file, log = folder / "commonwatt.yml", folder / "logs" / "birch.dapp.log"
    log.parent.mkdir(exist_ok=True)
    file.write_text(
        CONFIGURATION.format(listen=f"{host}:{port}", rpc=rpc, manifest=manifest, alder=ALDER, cedar=CEDAR)
    )
    password = set_password(folder / "state")
    pages = Pages(host, port, password, arguments(from_settings(load([file]), [file])), log)
    try:
        yield pages
    finally:
        pages.stop()


def _wait(host: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            connection = http.client.HTTPConnection(host, port, timeout=10)
            connection.request("GET", "/login")
            if connection.getresponse().status in (200, 302):  # 302: to the first run
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no page in {PATIENCE:g} s: {log.read_text()}")
