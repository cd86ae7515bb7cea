"""The relay as a process, with a real chain, the real contracts, and orders that were really funded."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.bindings import Market
from quantities import Energy
from relay_server.client import RelayClient, RelayUnreachable
from relay_server.messages import Accepted, Code, Granted, Opened, Refused
from relay_server.records import open_records
from tests.integration.relay_server import relay_process
from tests.integration.relay_server.relay_on_chain import HOST, PRICE, Place, place
from tests.integration.relay_server.relay_rig import FEED, FEED_PIN, TIE, make_settings
from tests.waiting import PATIENCE, eventually


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


def test_a_chain_of_another_genesis_supplies_nothing(here: Place, tmp_path: Path) -> None:
    other = replace(here.manifest, genesis_hash="0x" + "44" * 32)
    other.save(tmp_path / "manifest.json")
    settings = make_settings()
    process = relay_process.started(tmp_path, settings, here.seller.address, here.chain.url)
    try:
        client = RelayClient(settings.listen, here.seller.address, here.buyer, other.chain_id)

        def refused() -> bool:
            with suppress(RelayUnreachable):
                answer = client.close(secrets.token_bytes(32), FEED)
                return isinstance(answer, Refused) and "chain begins with" in answer.text
            return False

        with client:
            eventually(refused, "a refusal that names the genesis")
            answer = client.close(secrets.token_bytes(32), FEED)
            assert isinstance(answer, Refused)
            assert answer.code is Code.STALE_CHAIN
    finally:
        process.terminate()
        process.wait(PATIENCE)


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
