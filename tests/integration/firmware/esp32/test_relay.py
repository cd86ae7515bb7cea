"""A whole relay with a path board in place of a relay hat: orders and leases end in what the board closes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.keys import Account
from relay_server.client import RelayClient
from relay_server.drivers.esp32.pins import Esp32Pins
from relay_server.messages import NO_ORDER, Code, Granted, Opened, Refused
from tests.integration.firmware.esp32.board_on_a_desk import Board, board
from tests.integration.relay_server.relay_rig import FEED, TIE, Rig, running_relay, voucher

__all__ = ["board"]

ORDER = b"\xa1" * 32
BUYER = Account.of(b"\x42" * 32)


@pytest.fixture
def rig(board: Board, tmp_path: Path) -> Iterator[Rig]:
    driver = Esp32Pins({"board": board.address, "key_file": board.key_file(), "lease": 2_500, "timeout": 800})
    changes: dict[str, Any] = {
        "feeds": [{"contact": FEED, "pin": 26, "meter": "feed-1", "rating": "36 W"}],
        "transfer": {
            "home_pin": 0,
            "ties": [{"contact": TIE, "pin": 25, "meter": "tie-11", "rating": "36 W"}],
        },
        # shorter than lease and stale_meter together: else the bound of unpaid energy opens the feed
        "follow": "5 s",
        "lease": "8 s",
        "stale_meter": "8 s",
    }
    with running_relay(tmp_path, driver, **changes) as running:
        yield running
    driver.close()
    assert board.closed == "IDLE"


def supplied(rig: Rig) -> RelayClient:
    rig.chain.fund(ORDER, BUYER.address)
    client = rig.client(BUYER)
    rig.until(lambda: isinstance(client.close(ORDER, FEED), Granted))
    return client


def fault_of_feed(looking: RelayClient) -> str | None:
    return next(contact.fault for contact in looking.state() if contact.contact == FEED)


def test_an_order_supplies_until_nobody_keeps_it(board: Board, rig: Rig) -> None:
    client = supplied(rig)
    board.until_closed("SUPPLY")
    assert isinstance(client.keep(ORDER, FEED, 0, voucher(BUYER, ORDER, 0)), Granted)
    board.until_closed("IDLE")
    with rig.client() as looking:
        assert fault_of_feed(looking) is None


def test_a_tie_receives_and_home_is_idle(board: Board, rig: Rig) -> None:
    with rig.client(rig.seller) as owner:
        assert isinstance(owner.close(NO_ORDER, TIE), Granted)
        board.until_closed("RECEIVE")
        assert isinstance(owner.open(NO_ORDER, TIE), Opened)
        assert board.closed == "IDLE"
        assert {state.fault for state in owner.state()} == {None}


def test_a_board_that_dies_in_the_middle_is_a_fault_and_stays_idle_when_it_is_back(
    board: Board, rig: Rig
) -> None:
    client = supplied(rig)
    board.until_closed("SUPPLY")
    board.switch_off()
    with rig.client() as looking:

        def faulted() -> bool:
            client.keep(ORDER, FEED, 0, voucher(BUYER, ORDER, 0))
            time.sleep(0.1)
            return fault_of_feed(looking) is not None

        board.until(faulted)
    board.switch_on()
    time.sleep(0.8)
    assert board.closed == "IDLE"
    answer = client.close(ORDER, FEED)
    assert isinstance(answer, Refused)
    assert answer.code in {Code.FAULT, Code.ENDED}
