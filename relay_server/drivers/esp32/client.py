"""One connection to a path board, blocking; whoever uses it decides when to try again."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from contextlib import suppress
from pathlib import Path as File

from chain.endpoint import host_and_port
from relay_server.drivers.esp32 import frames
from relay_server.drivers.esp32.frames import BadBoardFrame, No, Path, Role, Status
from relay_server.errors import RelayError

EXAMPLE = "10.0.0.9:15556"
"""A board's address, for whoever has to correct one."""

KEY = 64
"""Hexadecimal digits of a key file."""


class BoardLost(RelayError):
    """The board does not answer, or not with sense; the message names it and says what to look at."""


class KeyFileRefused(RelayError):
    """The key file cannot be used; the message says what to do."""


class BoardClient:
    """A board at `address`; the connection is made by the first question, and anew after each failure."""

    def __init__(self, address: str, role: Role, key: bytes, timeout: float = 1.0) -> None:
        """Prepare.

        Args:
            address: `host:port`.
            role: what this side may do, and which of the board's keys `key` is.
            key: 32 bytes.
            timeout: seconds for a connection and for each answer.

        Raises:
            ValueError: no address.
        """
        self._host = host_and_port(address, EXAMPLE)
        self._address = address
        self._role = role
        self._key = key
        self._timeout = timeout
        self._stream: socket.socket | None = None
        self._received = b""
        self._session = b""
        self._n = 0
        self._known: tuple[float, int] | None = None

    def status(self) -> Status:
        """Ask without changing anything.

        Raises:
            BoardLost: no answer.
        """
        return self._expected(self._ask("STATUS", None))

    def idle(self) -> Status:
        """Open both paths.

        Raises:
            BoardLost: no answer; the board opens by itself when its lease runs out.
        """
        return self._expected(self._ask("IDLE", None))

    def clear(self) -> Status:
        """Forget a latched fault; one that still holds latches again at once.

        Raises:
            BoardLost: no answer.
        """
        return self._expected(self._ask("CLEAR", None))

    def close_path(self, path: Path, until: float) -> Status | No:
        """Want a path closed until a moment (monotonic seconds).

        The lease ends at a moment of the board's own clock, reckoned from its last answer and never too late:
        so a frame that the network holds back closes nothing beyond it.

        Raises:
            BoardLost: no answer; the path may be closed until that moment, never longer.
        """
        if self._stream is None or self._known is None:
            self.status()
        assert self._known is not None  # noqa: S101 - status() has just set it
        at, up_ms = self._known
        return self._ask(path.value, max(up_ms + int((until - at) * 1_000), 0))

    def close(self) -> None:
        """Hang up, and take back what the network has not delivered yet."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._stream.close()
        self._stream, self._known, self._received = None, None, b""

    def _ask(self, command: str, until: int | None) -> Status | No:
        try:
            if self._stream is None:
                self._connect()
            self._n += 1
            self._send(frames.request(self._session, self._n, command, until))
            answer = frames.answer(self._session, self._n, self._line())
        except BadBoardFrame as error:
            self.close()
            raise BoardLost(f"the board at {self._address} {_meaning(str(error))}") from None
        except OSError as error:
            self.close()
            why = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or error
            raise BoardLost(
                f"the board at {self._address} does not answer ({why}): is it powered and on the Wi-Fi?"
            ) from None
        if isinstance(answer, Status):
            self._known = (time.monotonic(), answer.up_ms)
        return answer

    def _expected(self, answer: Status | No) -> Status:
        if isinstance(answer, No):
            self.close()
            raise BoardLost(f"the board at {self._address} refuses: {_meaning(answer.code)}")
        return answer

    def _connect(self) -> None:
        self._stream = socket.create_connection(self._host, timeout=self._timeout)
        self._stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        nonce = secrets.token_hex(16)
        self._send(frames.hello(self._role, nonce))
        self._session = frames.session_key(self._key, self._role, nonce, self._line())
        self._n = 0

    def _send(self, line: bytes) -> None:
        assert self._stream is not None  # noqa: S101 - only after _connect
        self._stream.settimeout(self._timeout)
        self._stream.sendall(line)

    def _line(self) -> bytes:
        assert self._stream is not None  # noqa: S101 - only after _connect
        deadline = time.monotonic() + self._timeout
        while b"\n" not in self._received:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._stream.settimeout(left)
            got = self._stream.recv(frames.LARGEST_LINE)
            if not got:
                raise ConnectionResetError("it hung up")
            self._received += got
            if len(self._received) > 2 * frames.LARGEST_LINE:
                raise BadBoardFrame("sends something else than lines")
        line, _, self._received = self._received.partition(b"\n")
        return line


def read_key(file: str) -> bytes:
    """Read a key file: 64 hexadecimal digits, for nobody else to read.

    Raises:
        KeyFileRefused: it is not there, not one, or others can read it.
    """
    try:
        mode = File(file).stat().st_mode
        text = File(file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileRefused(f"the board's key {file} cannot be read ({error})") from None
    if mode & 0o007:
        raise KeyFileRefused(f"everybody can read the board's key {file}: chmod o= {file}")
    if len(text) != KEY or not all(c in "0123456789abcdef" for c in text):
        raise KeyFileRefused(
            f"{file} holds no key: write 64 hexadecimal digits: openssl rand -hex 32 > {file}"
        )
    return bytes.fromhex(text)


def _meaning(code: str) -> str:
    meanings = {
        "ERR SEAL": "does not know this key: compare the key file with its settings.json",
        "does not know this key": "does not know this key: compare the key file with its settings.json",
        "ERR ROLE": "has no key for this role: add it to keys in its settings.json",
        "ERR VERSION": "speaks another version of the protocol: install the firmware of this release",
        "OLD": "a newer connection has taken over",
        "ROLE": "this key may look only: use the switch key",
    }
    return meanings.get(code, code)
