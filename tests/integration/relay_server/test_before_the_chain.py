"""A relay that starts before everything else: safe, open about what it waits for, and ready by itself."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain.keys import Account
from contracts.manifest import Manifest
from relay_server.client import RelayClient
from relay_server.errors import RelayUnreachable, RelayWaiting
from relay_server.messages import Code, Hello, Refused
from tests.integration.relay_server import relay_process
from tests.integration.relay_server.relay_rig import (
    CHAIN_ID,
    FEED,
    HOST,
    MARKET,
    PRICE,
    TIE,
    Meters,
    make_settings,
)
from tests.waiting import PATIENCE, eventually

OWNER, BUYER = Account.of(b"\x51" * 32), Account.of(b"\x52" * 32)
TOKEN, REGISTRY = "0x" + "22" * 20, "0x" + "33" * 20


@dataclass
class Early:
    """A relay's process, with neither manifest nor chain node."""

    folder: Path
    listen: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> subprocess.Popen[bytes]:
        settings = make_settings(listen=self.listen)
        with (self.folder / "log").open("wb") as log:
            self.process = relay_process.started(
                self.folder, settings, OWNER.address, f"http://{HOST}:1", stderr=log
            )
        return self.process

    def client(self, account: Account | None = None) -> RelayClient:
        return RelayClient(self.listen, OWNER.address, account, CHAIN_ID)

    def looker(self) -> RelayClient:
        """Somebody who only asks how the contacts stand."""
        return RelayClient(self.listen, None, None, None)

    def deployed(self) -> None:
        Manifest(
            chain_id=CHAIN_ID, genesis_hash="0x" + "44" * 32, block=3,
            token=TOKEN, registry=REGISTRY, current=MARKET,
            code_hashes=dict.fromkeys((TOKEN, REGISTRY, MARKET), "0x" + "55" * 32),
        ).save(self.manifest)  # fmt: skip


@pytest.fixture
def early(tmp_path: Path) -> Iterator[Early]:
    relay = Early(tmp_path, make_settings().listen)
    yield relay
    if relay.process and relay.process.poll() is None:
        relay.process.terminate()
        relay.process.wait(PATIENCE)


def listening(relay: Early) -> None:
    def answers() -> bool:
        try:
            with relay.looker() as client:
                return bool(client.state())
        except RelayUnreachable:
            return False

    eventually(answers, "a relay that answers")


def refusal(relay: Early) -> str:
    """Why it says that it waits; empty: it does not."""
    try:
        with relay.client() as client:
            client.hello()
            return ""
    except RelayWaiting as waiting:
        return str(waiting)


def hello(relay: Early) -> Hello:
    """What it says when it has its contracts."""
    eventually(lambda: refusal(relay) == "", "the neighbourhood's contracts")
    with relay.client() as client:
        return client.hello()


def test_a_relay_without_a_manifest_is_safe_and_says_for_what_it_waits(early: Early) -> None:
    meters = Meters(early.folder / "meters")
    meters.start()
    early.start()
    listening(early)
    with early.looker() as client:
        safe = {0: True, TIE: False, FEED: False}
        eventually(lambda: {state.contact: state.closed for state in client.state()} == safe, "home closed")
        answer = client.check(BUYER.address, FEED, 100, PRICE.value)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retry_ms) == (Code.STALE_CHAIN, 2_000)
    assert "waiting for the neighbourhood's contracts" in answer.text
    with early.client(OWNER) as client, pytest.raises(RelayWaiting, match=r"manifest\.json is not there yet"):
        client.close(bytes(32), TIE)
    time.sleep(0.5)
    meters.stop()
    assert early.log.count("waiting for the neighbourhood's contracts") == 1


def test_it_goes_on_as_soon_as_the_manifest_is_there(early: Early) -> None:
    early.start()
    listening(early)
    early.deployed()
    assert hello(early).market.lower() == MARKET
    with early.client(BUYER) as client:
        answer = client.close(b"\1" * 32, FEED)
    assert isinstance(answer, Refused)
    assert answer.code is Code.STALE_CHAIN, "the chain node is still away"


def test_a_manifest_that_is_none_is_refused_at_once(early: Early) -> None:
    early.manifest.write_text('{"chain_id": 4711}')
    assert early.start().wait(PATIENCE) == 78
    assert early.log.splitlines()[-1].startswith(f"commonwatt: {early.manifest} lacks ")


def test_a_manifest_that_comes_and_is_none_is_said_until_it_is_right(early: Early) -> None:
    early.start()
    listening(early)
    early.manifest.write_text("{}")
    eventually(lambda: "lacks 'token'" in refusal(early), "the reason")
    early.deployed()
    assert hello(early).chain_id == CHAIN_ID
