"""The vectors are enough to make a client: ours, against somebody who knows nothing but their bytes."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from relay_server.client import RelayClient
from relay_server.messages import Accepted, Granted, Opened, Refused
from tests.relay_vectors import CONVERSATIONS, account

HOST = "127.0.3.1"
Steps = list[dict[str, Any]]
Call = Callable[[RelayClient, Mapping[str, Any]], object]

CALLS: Mapping[str, Call] = {
    "HELLO": lambda client, f: client.hello(),
    "STATE": lambda client, f: client.state(),
    "CHECK": lambda client, f: client.check(f["buyer"], f["contact"], f["energy"], int(f["price"])),
    "CLOSE": lambda client, f: client.close(_bytes(f["order"]), f["contact"]),
    "KEEP": lambda client, f: client.keep(_bytes(f["order"]), f["contact"], *_signed(f)),
    "OPEN": lambda client, f: client.open(_bytes(f["order"]), f["contact"], *_signed(f)),
    "HOME": lambda client, f: client.everything_home(),
}


def spoken(conversation: Mapping[str, Any]) -> Iterator[tuple[str, Steps]]:
    """What each honest speaker of a conversation says, but what our client has no use for."""
    for name in CONVERSATIONS["accounts"]:
        steps = [s for s in conversation["steps"] if s["by"] == name and '"after":' not in s["line"]]
        if not steps or any({"voucher", "session", "twin", "hangs_up"} & s.keys() for s in steps):
            continue
        lines = [json.loads(s["line"]) for s in steps]
        hellos = [line for line in lines if line["op"] == "HELLO"]
        numbers = [line["n"] for line in lines if "n" in line]
        if (
            lines[0] == {"op": "HELLO", "v": [2]}
            and len(hellos) == 1
            and numbers == [*range(1, len(numbers) + 1)]
        ):
            yield name, steps


HONEST = {
    f"{conversation['name']}: {name}": (name, steps)
    for conversation in CONVERSATIONS["conversations"]
    if "waiting" not in conversation
    for name, steps in spoken(conversation)
}


@contextmanager
def relay_of(steps: Steps) -> Iterator[tuple[str, SimpleQueue[str]]]:
    """Answers as the vectors do, in their order, whatever is said; tells what was said."""
    heard: SimpleQueue[str] = SimpleQueue()
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as stream:
                for step in steps:
                    heard.put(stream.readline().decode().rstrip("\n"))
                    stream.write(step["answer"].encode() + b"\n")
                    stream.flush()

        thread = Thread(target=serve)
        thread.start()
        yield f"{HOST}:{server.getsockname()[1]}", heard
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize(("name", "steps"), HONEST.values(), ids=HONEST)
def test_our_client_says_what_the_vectors_say_and_understands_the_answers(name: str, steps: Steps) -> None:
    relay, chain = account("seller").address, CONVERSATIONS["chainId"]
    with relay_of(steps) as (address, heard), RelayClient(address, relay, account(name), chain) as client:
        for step in steps:
            fields = json.loads(step["line"])
            answer = CALLS[fields["op"]](client, fields)
            assert heard.get(timeout=5) == step["line"]
            shown = json.loads(step["answer"])
            if isinstance(answer, Refused):
                assert (answer.code, answer.retry_ms, answer.text) == (
                    shown["code"],
                    shown["retry_ms"],
                    shown["text"],
                )
            elif isinstance(answer, Granted):
                assert (answer.lease_ms, answer.until_ms) == (shown["lease_ms"], shown["until_ms"])
            else:
                assert shown["ok"], "only a refusal may be one"
                assert isinstance(answer, Accepted | Opened) is (shown == {"ok": True})


def test_most_of_the_protocol_is_said_so() -> None:
    said = {json.loads(step["line"])["op"] for _, steps in HONEST.values() for step in steps}
    assert said == set(CALLS)


def _bytes(digits: str) -> bytes:
    return bytes.fromhex(digits.removeprefix("0x"))


def _signed(fields: Mapping[str, Any]) -> tuple[int, bytes]:
    return fields.get("energy", 0), _bytes(fields.get("voucher", ""))
