"""The relay as a process, with a real chain, the real contracts, and orders that were really funded."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chain.keys import Account
from contracts.authority import Authority
from contracts.bindings import Household, Market, OrderArgs, Role, Token
from contracts.deploy import Admission, Terms, Transaction, deploy
from contracts.manifest import Manifest
from contracts.messages import voucher_digest
from quantities import Energy, Price, Tokens
from relay_server.client import RelayClient, RelayUnreachable
from relay_server.messages import Accepted, Code, Granted, Opened, Refused
from relay_server.records import open_records
from relay_server.settings import RelaySettings
from tests.integration.chain_node import ETHER, TestChain, one_signer_chain
from tests.integration.ports import free_port
from tests.integration.relay_server.relay_rig import FEED, FEED_PIN, TIE, Meters, make_settings
from tests.waiting import PATIENCE, eventually

PRICE = Price.parse("0.25")
HOST = "127.0.3.1"


@dataclass
class Place:
    """One chain with a seller and a buyer, and the seller's relay, which can be killed and started."""

    chain: TestChain
    manifest: Manifest
    seller: Account
    buyer: Account
    folder: Path
    meters: Meters
    listen: str
    process: subprocess.Popen[bytes] | None = None
    opened: list[OrderArgs] = field(default_factory=list)

    def start(self) -> None:
        given = {
            "folder": str(self.folder),
            "settings": make_settings(listen=self.listen, lease="3 s", stale_meter="2 s").model_dump(
                mode="json"
            ),
            "owner": self.seller.address,
            "rpc": self.chain.url,
            "manifest": str(self.folder / "manifest.json"),
        }
        (self.folder / "given.json").write_text(json.dumps(given))
        command = [sys.executable, "-m", "tests.integration.relay_server.relay_process"]
        self.process = subprocess.Popen([*command, str(self.folder / "given.json")])

        def sees_the_chain() -> bool:
            with suppress(RelayUnreachable), self.client(None) as client:
                return client.hello().head_age_ms < 5_000
            return False

        eventually(sees_the_chain, "relay")

    def settings(self) -> RelaySettings:
        return make_settings(listen=self.listen, lease="3 s", stale_meter="2 s")

    def end(self, how: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def client(self, account: Account | None) -> RelayClient:
        return RelayClient(self.listen, self.seller.address, account, self.manifest.chain_id)

    def send(self, sender: Account, to: str, data: bytes) -> None:
        [receipt] = Authority(sender, self.chain.client).send([Transaction(to, data)])
        assert receipt.succeeded

    def buy(self, energy: int = 2_000) -> bytes:
        args = OrderArgs(secrets.token_bytes(32), self.seller.address, FEED, Energy(energy), PRICE)
        market = self.manifest.current
        data = Token.encode_approve_and_call(market, args.cost, args)
        self.send(self.buyer, self.manifest.token, data)
        return args.id(self.manifest.chain_id, market, self.buyer.address)

    def voucher(self, order: bytes, energy: int) -> bytes:
        digest = voucher_digest(self.manifest.chain_id, self.manifest.current, order, energy)
        return self.buyer.sign(digest)

    def closed(self, client: RelayClient, order: bytes) -> Granted:
        """CLOSE, asked again as the answers say, until the order is at depth."""
        for _ in range(100):
            answer = client.close(order, FEED)
            if isinstance(answer, Granted):
                return answer
            assert answer.code in {Code.NOT_FUNDED, Code.STALE_CHAIN, Code.BUSY}, answer
            time.sleep(answer.retry_ms / 1_000)
        raise AssertionError("never closed")

    def energised(self, pin: int) -> bool:
        return (self.folder / "pins" / str(pin)).read_text() == "1"


@contextmanager
def place(tmp_path: Path) -> Iterator[Place]:
    seller, buyer = Account.generate(), Account.generate()
    (tmp_path / "chain").mkdir()
    alloc = {seller.address: ETHER, buyer.address: ETHER}
    with one_signer_chain(tmp_path / "chain", HOST, alloc) as chain:
        terms = Terms(mint_cap=Tokens.parse(10_000), mint_period=1_000, supply_blocks=60, challenge_blocks=5)
        admissions = [
            Admission(
                household=Household(
                    account=account.address, name=name, role=role, enode="", relay="", admitted=True
                ),
                tokens=Tokens.parse(100),
            )
            for account, name, role in ((seller, "alder", Role.PRODUCER), (buyer, "birch", Role.CONSUMER))
        ]
        manifest = deploy(Authority(chain.account, chain.client), chain.client, terms, admissions)
        manifest.save(tmp_path / "manifest.json")
        meters = Meters(tmp_path / "meters")
        meters.start()
        listen = f"{HOST}:{free_port(HOST)}"
        running = Place(chain, manifest, seller, buyer, tmp_path, meters, listen)
        try:
            offer = Market.encode_set_offer(FEED, PRICE, Energy(5_000), 10_000)
            running.send(seller, manifest.current, offer)
            running.start()
            yield running
        finally:
            if running.process and running.process.poll() is None:
                running.end(signal.SIGKILL)
            meters.stop()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("relay")) as running:
        yield running


def test_a_funded_order_is_supplied_soon_after_its_depth_and_redeemed_by_the_relays_record(
    here: Place,
) -> None:
    with here.client(here.buyer) as client:
        eventually(
            lambda: isinstance(client.check(here.buyer.address, FEED, 2_000, PRICE.value), Accepted),
            "offer",
        )
        order = here.buy()
        here.closed(client, order)
        assert here.energised(FEED_PIN)
        assert client.keep(order, FEED, 12, here.voucher(order, 12))
        granted = client.keep(order, FEED, 15, here.voucher(order, 15))
        assert isinstance(granted, Granted)
        assert 30_000 < granted.until_ms < 62_000, "sixty blocks of a second"
        assert isinstance(client.open(order, FEED, 16, here.voucher(order, 16)), Opened)
    [best] = [b for b in open_records(here.folder / "relay.db").best_vouchers() if b.order == order]
    redeem = Market.encode_redeem(order, Energy(best.energy), best.signature)
    here.send(here.seller, here.manifest.current, redeem)
    settled = Market(here.chain.client, here.manifest.current).order(order)
    assert settled
    assert settled.paid_energy == Energy(16)


def test_a_supply_ends_when_its_buyer_asks_the_market_to_close(here: Place) -> None:
    with here.client(here.buyer) as client:
        order = here.buy()
        here.closed(client, order)
        here.send(here.buyer, here.manifest.current, Market.encode_request_close(order))
        eventually(lambda: not here.energised(FEED_PIN), "open feed")
        answer = client.close(order, FEED)
        assert isinstance(answer, Refused)
        assert answer.code is Code.ENDED
    here.send(here.seller, here.manifest.current, Market.encode_release(order))


def test_a_relay_that_is_killed_starts_open_and_remembers_what_was_taken(here: Place) -> None:
    with here.client(here.buyer) as client:
        order = here.buy()
        here.closed(client, order)
        client.keep(order, FEED, 0, here.voucher(order, 0))
        here.meters.forward["feed-1"] += 20
        time.sleep(0.5)
        here.end(signal.SIGKILL)
        assert here.energised(FEED_PIN), "the outputs stay as they were: only the start releases them"
        here.meters.forward["feed-1"] += 25
        here.start()
        assert not here.energised(FEED_PIN)
        with here.client(here.buyer) as again:
            granted = here.closed(again, order)
            assert granted.meter_mwh == 45
            assert isinstance(again.open(order, FEED, 45, here.voucher(order, 45)), Opened)
    here.send(here.seller, here.manifest.current, Market.encode_release(order))


def test_a_chain_node_that_dies_holds_up_no_keep_and_ends_no_supply(here: Place) -> None:
    with here.client(here.buyer) as client:
        order = here.buy()
        here.closed(client, order)
        node = _geth_of(here.chain.url)
        os.kill(node, signal.SIGSTOP)
        try:
            for second in range(1, 9):
                # The client gives a relay two seconds; the chain's client would wait for five.
                assert isinstance(client.keep(order, FEED, second, here.voucher(order, second)), Granted)
                time.sleep(1)
            other = client.close(secrets.token_bytes(32), FEED)
            assert isinstance(other, Refused)
            assert other.code is Code.STALE_CHAIN
            eventually(lambda: not here.energised(FEED_PIN), "the lease's end, without a chain, too")
        finally:
            os.kill(node, signal.SIGCONT)
    here.send(here.seller, here.manifest.current, Market.encode_release(order))


def test_a_stopped_relay_is_home_and_open_when_it_ends(here: Place) -> None:
    with here.client(here.buyer) as client, here.client(here.seller) as own:
        order = here.buy()
        here.closed(client, order)
        assert isinstance(own.close(bytes(32), TIE), Granted)
        assert here.end(signal.SIGTERM) == 0
    record = (here.folder / "pins" / "record").read_text().splitlines()
    released = [(int(pin), on) for _, pin, on in map(str.split, record)][-3:]
    assert released[-1] == (22, "0"), "home last"
    assert {(17, "0"), (23, "0")} == set(released[:2])
    here.start()
    here.send(here.seller, here.manifest.current, Market.encode_release(order))


def test_a_taken_port_is_said_in_one_line(here: Place) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "tests.integration.relay_server.relay_process", here.folder / "given.json"],
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert second.returncode == 69
    assert re.fullmatch(rb"commonwatt: relay\.listen: \S+ is taken: .*\n", second.stderr.splitlines(True)[-1])


def test_the_relay_stays_lean(here: Place) -> None:
    assert here.process
    status = Path(f"/proc/{here.process.pid}/status").read_text()
    resident = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
    print(f"relay: {resident:.1f} MB")
    assert resident < 53, f"{resident:.0f} MB"  # this process has pydantic, 11 MB; node.lean has not


def _geth_of(url: str) -> int:
    port = url.rsplit(":", 1)[1]
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                line = (process / "cmdline").read_bytes().decode()
            except OSError:
                continue
            if "geth" in line.split("\0")[0] and port in line and f"{HOST}" in line:
                return int(process.name)
    raise AssertionError("no geth")
