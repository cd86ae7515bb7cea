"""A relay's process holds every conversation of the vectors, over its socket, with a real chain beside it."""

from __future__ import annotations

import json
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chain.endpoint import host_and_port
from contracts.bindings import OrderArgs, Token
from contracts.deploy import Transaction
from quantities import Energy
from relay_server import instructions
from tests.integration.relay_server import relay_process
from tests.integration.relay_server.relay_on_chain import PRICE, Place, place
from tests.integration.relay_server.relay_rig import HOME_PIN, TIE_PIN, Meters, make_settings
from tests.relay_vectors import CONVERSATIONS, FOLDER, ORDERS, Scene, account, line
from tests.waiting import BUSY, PATIENCE

FEEDS = (1, 2, 3, 4)
SETTINGS: Mapping[str, Any] = {
    "feeds": [{"contact": n, "pin": 30 + n, "meter": f"feed-{n}", "rating": "36 W"} for n in FEEDS],
    "transfer": {
        "home_pin": HOME_PIN,
        "ties": [{"contact": 11, "pin": TIE_PIN, "meter": "tie-11", "rating": "36 W"}],
    },
    "lease": "10 s",
    "dwell": "10 s",
    "grace": "5 s",
}
FOR_ANYBODY = [c for c in CONVERSATIONS["conversations"] if "waiting" not in c]
WAITING = [c for c in CONVERSATIONS["conversations"] if "waiting" in c]
AGES = {"head", "head_age_ms"}
"""Numbers that no vector can know."""

LEFT = {"lease_ms", "until_ms"}
"""Times that are never longer than the vector's, and a busy machine's second shorter."""

ITS_OWN = {"session", "chainId", "market", "hash"}
WORDS = {"text", "fault"}


def alike(shown: Any, got: Any, name: str = "") -> bool:
    """Whether an answer is what the vector shows; see docs/relay-protocol.md."""
    if isinstance(shown, dict):
        return (
            isinstance(got, dict)
            and shown.keys() == got.keys()
            and all(alike(shown[key], got[key], key) for key in shown)
        )
    if isinstance(shown, list):
        return isinstance(got, list) and len(shown) == len(got) and all(map(alike, shown, got))
    if type(shown) is not type(got):
        return False
    if name in AGES:
        return bool(got >= 0)
    if name in LEFT:
        return bool(got <= shown and (got > 0) == (shown > 0))
    if name == "retry_ms":
        return bool((got > 0) == (shown > 0))
    if name in WORDS and isinstance(shown, str):
        return name == "text" or got.split(":")[0] == shown.split(":")[0]
    return bool(name in ITS_OWN or shown == got)


@dataclass
class Speaker:
    """One connection of a conversation."""

    connection: socket.socket
    scene: Scene
    received: bytes = b""

    def says(self, step: Mapping[str, Any]) -> bytes:
        """Send the step's line; answers what came back: a line, or all until the relay hung up."""
        end = b"" if step.get("old") else b"\n"
        self.connection.sendall(line(step, self.scene) + end)
        while step.get("hangs_up") or b"\n" not in self.received:
            more = self.connection.recv(2_048)
            if not more:
                break
            self.received += more
        answer, _, self.received = self.received.partition(b"\n")
        return answer


class Talk:
    """One conversation with a running relay."""

    def __init__(self, listen: str, scene: Scene, bring_about: Callable[[Mapping[str, Any]], None]) -> None:
        self._listen = host_and_port(listen)
        self._scene = scene
        self._names = {real: given for given, real in scene.ids.items()}
        self._bring_about = bring_about
        self._speakers: dict[str, Speaker] = {}

    def hold(self, steps: list[dict[str, Any]]) -> None:
        with ExitStack() as stack:
            for number, step in enumerate(steps):
                if "before" in step:
                    self._bring_about(step["before"])
                if step["by"] not in self._speakers:
                    connection = stack.enter_context(socket.create_connection(self._listen, 15.0))
                    self._speakers[step["by"]] = Speaker(connection, self._scene)
                self._step(step, f"step {number}: {step['line'][:60]}")

    def _step(self, step: dict[str, Any], what: str) -> None:
        speaker, end = self._speakers[step["by"]], time.monotonic() + PATIENCE
        while True:
            got = self._named(speaker.says(step))
            if alike(_read(step["answer"]), _read(got)):
                break
            assert step.get("until") or _waits_for_its_chain(got), (
                f"{what}\n  expected {step['answer']}\n  got      {got}"
            )
            assert time.monotonic() < end, f"{what}\n  never    {step['answer']}\n  last     {got}"
            time.sleep(0.2)
            speaker.scene = replace(speaker.scene, asked_again=speaker.scene.asked_again + 1)
        if step.get("hangs_up"):
            speaker.connection.settimeout(BUSY)
            assert speaker.connection.recv(10) == b"", what
        found = _read(got)
        if isinstance(found, dict) and "session" in found:
            speaker.scene = replace(speaker.scene, session=bytes.fromhex(found["session"][2:]))
            assert (found["chainId"], found["market"]) == (self._scene.chain_id, self._scene.market), what

    def _named(self, got: bytes) -> str:
        """The answer with the file's ids of orders."""

        def name(found: re.Match[str]) -> str:
            id_ = bytes.fromhex(found[1])
            return "0x" + self._names.get(id_, id_).hex()

        return re.sub(r"0x([0-9a-f]{64})\b", name, got.decode())


def _waits_for_its_chain(answer: str) -> bool:
    """Whether a relay says that its chain node is slow, as it may beside a busy one: a client asks again."""
    found = _read(answer)
    return isinstance(found, dict) and found.get("code") == "STALE_CHAIN"


def _read(answer: str) -> Any:
    """A line's fields; an old reader's answer as it is."""
    try:
        return json.loads(answer)
    except ValueError:
        return answer


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Scene]]:
    """A relay to which all orders of the vectors are known, but the one that is not."""
    folder = tmp_path_factory.mktemp("relay")
    seller, buyer = account("seller"), account("buyer")
    with place(folder, supply_blocks=300, seller=seller, buyer=buyer, **SETTINGS) as running:
        running.meters.power = {**running.meters.power, **{f"feed-{n}": 0 for n in FEEDS}}
        running.meters.forward = {**running.meters.forward, **{f"feed-{n}": 5_000 for n in FEEDS}}
        yield running, replace(_bought(running), chain_id=running.manifest.chain_id)


def _bought(place: Place) -> Scene:
    market, ids, buying = place.manifest.current, {}, []
    for name, order in CONVERSATIONS["orders"].items():
        if name == "absent":
            continue
        args = OrderArgs(
            secrets.token_bytes(32), place.seller.address, order["contact"], Energy(order["energy"]), PRICE
        )
        data = Token.encode_approve_and_call(market, args.cost, args)
        buying.append(Transaction(place.manifest.token, data))
        ids[ORDERS[name]] = args.id(place.manifest.chain_id, market, place.buyer.address)
    place.send_all(place.buyer, buying)
    return Scene(market=market, ids=ids)


@pytest.mark.parametrize("conversation", FOR_ANYBODY, ids=lambda c: c["name"])
def test_a_relay_answers_as_the_vectors_say(here: tuple[Place, Scene], conversation: dict[str, Any]) -> None:
    running, scene = here
    with ExitStack() as afterwards:

        def bring_about(before: Mapping[str, Any]) -> None:
            match before:
                case {"meter": {"contact": contact, "by": mwh}}:
                    running.meters.forward[f"feed-{contact}"] += mwh
                case {"locked": {"contact": contact, "reason": reason}}:
                    instructions.lock(running.folder / "relay.db", contact, reason)
                case {"unlocked": {"contact": contact}}:
                    instructions.unlock(running.folder / "relay.db", contact)
                case {"chain node": "away"}:
                    running.chain.power.off()
                    afterwards.callback(running.chain.power.on)
                case _:
                    raise AssertionError(f"nobody knows how to bring about {before}")

        Talk(running.listen, scene, bring_about).hold(conversation["steps"])


@pytest.mark.parametrize("conversation", WAITING, ids=lambda c: c["name"])
def test_a_relay_without_its_contracts_answers_as_the_vectors_say(
    tmp_path: Path, conversation: dict[str, Any]
) -> None:
    meters = Meters(tmp_path / "meters")
    meters.start()
    settings = make_settings(**SETTINGS)
    process = relay_process.started(tmp_path, settings, account("seller").address, "http://127.0.3.1:1")
    try:
        _listens(settings.listen)
        Talk(settings.listen, Scene(), _nothing).hold(conversation["steps"])
    finally:
        process.terminate()
        process.wait(PATIENCE)
        meters.stop()


def _nothing(before: Mapping[str, Any]) -> None:
    raise AssertionError(f"nobody knows how to bring about {before}")


def _listens(listen: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(host_and_port(listen), 1.0).close()
        except OSError:
            assert time.monotonic() < end, "no relay"
            time.sleep(0.05)
        else:
            return


def test_a_relay_refuses_every_line_that_the_vectors_refuse(here: tuple[Place, Scene]) -> None:
    running, _ = here
    refused = json.loads((FOLDER / "frames.json").read_text())["refused"]
    assert len(refused) > 15
    for vector in refused:
        with socket.create_connection(host_and_port(running.listen), 15.0) as connection:
            got = Speaker(connection, Scene()).says({"line": vector["line"]})
        assert json.loads(got)["code"] == vector["code"], vector["line"]
