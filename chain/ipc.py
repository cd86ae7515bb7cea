"""JSON-RPC over geth's administrative Unix socket, which belongs to the chain's user alone."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chain.errors import BadAnswer, RpcError, Unreachable

ANSWER_LIMIT = 4 << 20
"""Bytes."""


def request(path: Path, method: str, *parameters: object, timeout: float = 2.0) -> Any:
    """One call: its result as JSON.

    Raises:
        Unreachable: nobody answers there.
        RpcError: the node says no.
        BadAnswer: what it says is no JSON-RPC.
    """
    return batch(path, [(method, parameters)], timeout=timeout)[0]


def batch(path: Path, calls: Sequence[tuple[str, Sequence[object]]], timeout: float = 2.0) -> list[Any]:
    """Several calls on one connection: their results, in order. Raises what `request` does."""
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout)
            sock.connect(str(path))
            sock.sendall(b"".join(_frame(n, method, given) for n, (method, given) in enumerate(calls)))
            return _results(sock, len(calls), path)
    except OSError as error:
        raise Unreachable(f"nothing answers on {path}: {error.strerror or error}") from None


def _frame(number: int, method: str, parameters: Sequence[object]) -> bytes:
    call = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(parameters)}
    return json.dumps(call).encode() + b"\n"


def _results(sock: socket.socket, expected: int, path: Path) -> list[Any]:
    results: dict[int, Any] = {}
    with sock.makefile("rb") as lines:
        while len(results) < expected:
            line = lines.readline(ANSWER_LIMIT)
            if not line:
                raise Unreachable(f"{path} hung up")
            number, result = _result(line, path)
            results[number] = result
    return [results[number] for number in range(expected)]


def _result(line: bytes, path: Path) -> tuple[int, Any]:
    try:
        answer = json.loads(line)
        if answer.get("error"):
            raise RpcError(answer["error"]["code"], answer["error"]["message"])
        return int(answer["id"]), answer["result"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadAnswer(f"{path} does not speak JSON-RPC: {line[:80]!r}") from None
