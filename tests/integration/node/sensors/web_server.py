"""A device with a web server: http.server on a loopback address, answering what a test lets it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

ADDRESS = "127.0.61.1"


class Asked(NamedTuple):
    method: str
    path: str
    form: dict[str, str]
    authorization: str | None


class Answer(NamedTuple):
    body: bytes
    status: int = 200
    after: float = 0.0


class WebServer:
    """Runs in threads until `stop`."""

    def __init__(self, answer: Callable[[Asked], Answer], port: int = 0) -> None:
        self.answer = answer
        self._open: list[socket.socket] = []
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                self._answer(dict(parse_qsl(self.rfile.read(length).decode())))

            def _answer(self, form: dict[str, str]) -> None:
                asked = Asked(self.command, self.path, form, self.headers.get("Authorization"))
                outer.asked.append(asked)
                found = outer.answer(asked)
                time.sleep(found.after)
                self.send_response(found.status)
                self.send_header("Content-Length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(found.body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request: Any, address: Any) -> None:
                outer._open.append(request)
                super().finish_request(request, address)

            def handle_error(self, *_: Any) -> None:
                """Who hangs up early is the test's own client."""

        self._server = Server((ADDRESS, port), Handler)
        self.port = self._server.server_port
        self.url = f"http://{ADDRESS}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()
