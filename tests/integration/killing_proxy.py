"""A chain node's door at which a program is killed: between any two of its transactions, with SIGKILL.

with killing_proxy(chain.url) as proxy:
    proxy.kill(program, at=2, after=True)   # once the node has its second transaction; the answer never comes
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from node.cli import run

CHECKOUT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("commonwatt")


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def commonwatt(*arguments: object) -> Ran:
    """The real command, in this process: it starts in no time."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(each) for each in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


@dataclass
class Proxy:
    """Forwards everything, until its one program is to die."""

    url: str
    at: int = 0
    """Dies with its transaction of this number, from 1; 0: never."""

    after: bool = False
    """Whether the node gets that transaction."""

    sent: int = 0
    process: subprocess.Popen[bytes] | None = None

    def kill(self, arguments: Sequence[object], at: int, after: bool) -> int:
        """Run the command until it dies; its exit code: -9, or its own if it never came so far."""
        self.sent, self.at, self.after = 0, at, after
        self.process = subprocess.Popen(
            [COMMAND, *map(str, arguments)], env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self.process.wait(120)

    def due(self, body: bytes) -> bool:
        """Whether this request is the one."""
        self.sent += body.count(b"eth_sendRawTransaction")
        return bool(self.at) and self.sent >= self.at

    def strike(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


@contextlib.contextmanager
def killing_proxy(upstream: str, host: str = "127.0.0.1") -> Iterator[Proxy]:
    """Open the door until the block ends."""
    parts = urlsplit(upstream)
    assert parts.hostname is not None
    node = parts.hostname, parts.port

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            due = proxy.due(body)
            if due and not proxy.after:
                proxy.strike()
                self.close_connection = True
                return
            upwards = http.client.HTTPConnection(*node, timeout=30)
            upwards.request("POST", "/", body, {"Content-Type": "application/json"})
            answer = upwards.getresponse()
            content = answer.read()
            upwards.close()
            if due:
                assert "error" not in json.loads(content)
                proxy.strike()
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer((host, 0), Handler)
    proxy = Proxy(url=f"http://{host}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
