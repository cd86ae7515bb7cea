"""The sealer: geth's external signer. It holds the sealing key and signs Clique headers, nothing else.

Geth speaks JSON-RPC to it over a Unix socket, one object a line. So no key is inside a node that serves RPC,
and a program that reaches geth's RPC cannot make it sign a transaction: that request ends here, refused.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import stat
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from chain import lines
from chain.daemon import Stop, sd_ready, sd_watchdog
from chain.errors import NodeUnavailable, SettingRefused
from chain.headers import read_unsealed
from chain.keys import Account, keccak, load

VERSION = "6.1.0"
"""Of the external signer's protocol, as geth's own signer (clef) answers it."""

CLIQUE = "application/x-clique-header"

FRAME_LIMIT = 16_384
"""Bytes of one request: a header with a hundred signers has 2.7 kB, twice that in hexadecimal."""

CONNECTION_LIMIT = 8
BACKLOG = 128
"""Callers that may wait to be taken: connecting to a full Unix socket fails at once."""

MODE = 0o660
"""Of the socket: its owner's and its group's."""

FRAME_TIME = 2.0
"""Seconds in which a request that has begun must be complete."""

REMEMBERED = 1_024
"""Heights whose seals are remembered, to tell when one is sealed twice."""


class SealerSettings(Protocol):
    """What the sealer needs to know (chain.settings.SealSettings)."""

    @property
    def keystore(self) -> Path:
        """Of the sealing key."""
        ...

    @property
    def password_file(self) -> Path:
        """Of the keystore."""
        ...

    @property
    def socket(self) -> Path:
        """To listen on."""
        ...


class Refusal(Exception):
    """A request that is answered with a JSON-RPC error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class Sealer:
    """Answers requests; keeps what it sealed."""

    account: Account
    sealed: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    """The digest of the last seal at each of the last heights."""
    again: int = 0
    """Seals at a height that had one already, of another header: after a reorganisation that is honest."""

    def answer(self, frame: bytes) -> bytes:
        """The answer to one line; never raises, whatever the line is."""
        number: object = None
        try:
            request = _request(frame)
            number = request.get("id")
            reply = {"jsonrpc": "2.0", "id": number, "result": self._result(request)}
        except Refusal as refusal:
            error = {"code": refusal.code, "message": str(refusal)}
            reply = {"jsonrpc": "2.0", "id": number, "error": error}
        return json.dumps(reply).encode() + b"\n"

    def _result(self, request: dict[str, Any]) -> object:
        method, given = request.get("method"), request.get("params", [])
        if method == "account_version":
            return VERSION
        if method == "account_list":
            return [self.account.address]
        if method == "account_signData" and isinstance(given, list):
            return self._seal(given)
        lines.warning("request refused", method=str(method)[:64])
        raise Refusal(-32601, f"the sealer signs Clique headers only, not {str(method)[:64]!r}")

    def _seal(self, given: list[Any]) -> str:
        if len(given) != 3 or not all(isinstance(each, str) for each in given):
            raise Refusal(-32602, "account_signData takes a type, an address and data")
        kind, address, content = given
        if kind != CLIQUE:
            lines.warning("request refused", kind=kind[:64])
            raise Refusal(-32602, f"the sealer signs {CLIQUE} only, not {kind[:64]!r}")
        if address.lower() != self.account.address.lower():
            raise Refusal(-32602, f"the sealer has no key of {address[:64]!r}")
        try:
            raw = bytes.fromhex(content.removeprefix("0x"))
            header = read_unsealed(raw)
        except ValueError as error:
            lines.warning("data refused", reason=str(error))
            raise Refusal(-32602, f"not a Clique header: {error}") from None
        digest = keccak(raw)
        facts: dict[str, object] = {"height": header.number, "parent": header.parent, "at": header.timestamp}
        if header.vote is not None:
            facts |= {"vote": header.vote, "admits": header.admits}
        if self._remember(header.number, digest):
            lines.warning("sealed the same height again", times=self.again, **facts)
        else:
            lines.info("sealed", turn=header.difficulty == 2, **facts)
        return "0x" + self.account.sign(digest).hex()

    def _remember(self, height: int, digest: bytes) -> bool:
        """Whether this height had another seal before."""
        before = self.sealed.get(height, digest)
        self.sealed[height] = digest
        self.sealed.move_to_end(height)
        if len(self.sealed) > REMEMBERED:
            self.sealed.popitem(last=False)
        self.again += before != digest
        return before != digest


def _request(frame: bytes) -> dict[str, Any]:
    try:
        request = json.loads(frame)
    except (ValueError, RecursionError):
        raise Refusal(-32700, "not JSON") from None
    if not isinstance(request, dict):
        raise Refusal(-32600, "one request at a time")
    return request


@dataclass
class Caller:
    """One connection."""

    sock: socket.socket
    since: float
    """Monotonic seconds: when it last gave a whole request, or began one."""
    received: bytearray = field(default_factory=bytearray)


def run(settings: SealerSettings, stop: Stop) -> int:
    """Serve until stopped. Returns the exit code.

    Raises:
        KeyRefused: the key cannot be used.
        SettingRefused: the socket's path is taken by something else.
        NodeUnavailable: the socket cannot be made.
    """
    sealer = Sealer(load(settings.keystore, settings.password_file))
    listener = listen(settings.socket)
    lines.info("sealer ready", address=sealer.account.address, socket=settings.socket)
    sd_ready()
    try:
        serve(sealer, listener, stop)
    finally:
        listener.close()
        settings.socket.unlink(missing_ok=True)
    lines.info("sealer stopped", sealed_again=sealer.again)
    return 0


def listen(path: Path) -> socket.socket:
    """Open the socket for the owner and the group (geth's user is in it); replace one that nobody serves.

    Raises:
        SettingRefused: something that is no socket is there.
        NodeUnavailable: another sealer serves it, or the socket cannot be made.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() or path.is_symlink():
            _clear(path)
        os.fchmod(listener.fileno(), MODE)  # So what bind makes is never open to others.
        listener.bind(str(path))
        path.chmod(MODE)  # The umask may have taken from it. It is the whole process's: not ours to change.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise NodeUnavailable(
            f"the sealer's socket {path} cannot be made: {error.strerror or error}; "
            "correct chain.node.seal.socket"
        ) from None
    return listener


def _clear(path: Path) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise SettingRefused(f"{path} is no socket: remove it, or correct chain.node.seal.socket")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()  # Left behind by a sealer that was killed.
            return
    raise NodeUnavailable(f"another sealer serves {path}: stop it first")


def serve(sealer: Sealer, listener: socket.socket, stop: Stop) -> None:
    """Answer every caller in turn, in one thread; no caller can hold up another for long."""
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(stop, selectors.EVENT_READ)
        while not stop.is_set():
            for key, _ in selector.select(1.0):
                if key.fileobj is listener:
                    _accept(listener, selector)
                elif isinstance(key.data, Caller):
                    _attend(sealer, key.data, selector)
            _drop_unfinished(selector, monotonic())
            sd_watchdog()
        for caller in _callers(selector):
            _hang_up(caller, selector)


def _accept(listener: socket.socket, selector: selectors.BaseSelector) -> None:
    try:
        sock, _ = listener.accept()
    except OSError:
        return  # The caller went away before its turn.
    sock.setblocking(False)
    callers = _callers(selector)
    if len(callers) >= CONNECTION_LIMIT:
        # Should it be geth, it calls again.
        _hang_up(min(callers, key=lambda caller: caller.since), selector)
    selector.register(sock, selectors.EVENT_READ, Caller(sock, monotonic()))


def _attend(sealer: Sealer, caller: Caller, selector: selectors.BaseSelector) -> None:
    try:
        data = caller.sock.recv(FRAME_LIMIT)
        if not data:
            raise ConnectionResetError
        if not caller.received:
            caller.since = monotonic()
        caller.received += data
        *frames, rest = bytes(caller.received).split(b"\n")
        if len(rest) > FRAME_LIMIT or any(len(frame) > FRAME_LIMIT for frame in frames):
            raise ConnectionResetError
        caller.received = bytearray(rest)
        for frame in frames:
            if frame.strip():
                # An answer fits the socket's buffer many times over: who does not take it is not geth.
                caller.sock.send(sealer.answer(frame))
                caller.since = monotonic()
    except OSError:
        _hang_up(caller, selector)


def _drop_unfinished(selector: selectors.BaseSelector, now: float) -> None:
    for caller in _callers(selector):
        if caller.received and now - caller.since > FRAME_TIME:
            _hang_up(caller, selector)


def _callers(selector: selectors.BaseSelector) -> list[Caller]:
    return [key.data for key in selector.get_map().values() if isinstance(key.data, Caller)]


def _hang_up(caller: Caller, selector: selectors.BaseSelector) -> None:
    selector.unregister(caller.sock)
    caller.sock.close()
