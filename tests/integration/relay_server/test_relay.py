from __future__ import annotations

import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chain.keys import Account
from contracts.bindings.market import State
from relay_server import audit, framing, instructions, messages, signing
from relay_server.client import RelayClient, RelayUnreachable, WrongRelay
from relay_server.messages import (
    NO_ORDER,
    Accepted,
    Answer,
    Code,
    Granted,
    Kind,
    Op,
    Opened,
    Refused,
    SwitchFrame,
)
from relay_server.records import open_records
from tests.integration.relay_server.relay_rig import (
    CHAIN_ID,
    FEED,
    FEED_PIN,
    HOME_PIN,
    PRICE,
    TIE,
    TIE_PIN,
    Rig,
    running_relay,
    voucher,
)
from tests.waiting import BUSY

ORDER, NEXT = b"\xa1" * 32, b"\xa2" * 32
LEASE = 3.0
"""Seconds, as the rig's relay has it."""

BUYER = Account.of(b"\x42" * 32)
STRANGER = Account.of(b"\x43" * 32)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with running_relay(tmp_path) as running:
        yield running


def refused(answer: object) -> Code:
    assert isinstance(answer, Refused), answer
    return answer.code


def ask(connection: socket.socket, line: bytes) -> dict[str, object]:
    connection.sendall(line)
    return answered(connection)


def answered(connection: socket.socket) -> dict[str, object]:
    received = b""
    while not received.endswith(b"\n"):
        more = connection.recv(2048)
        if not more:
            break
        received += more
    found: dict[str, object] = json.loads(received)
    return found


def closed_for(rig: Rig, order: bytes = ORDER, energy: int = 1_000) -> RelayClient:
    rig.chain.fund(order, BUYER.address, energy)
    client = rig.client(BUYER)
    assert isinstance(client.close(order, FEED), Granted)
    return client


# --- a supply


def test_a_funded_order_is_supplied_kept_by_vouchers_and_opened(rig: Rig) -> None:
    with closed_for(rig) as client:
        assert rig.pins.contacts[FEED_PIN]
        rig.meters.forward["feed-1"] += 20
        rig.until(lambda: kept(client.keep(ORDER, FEED, 18, voucher(BUYER, ORDER, 18))).meter_mwh == 20)
        assert isinstance(client.open(ORDER, FEED, 20, voucher(BUYER, ORDER, 20)), Opened)
    assert not rig.pins.contacts[FEED_PIN]
    [best] = open_records(rig.state).best_vouchers()
    assert (best.order, best.buyer, best.energy, best.ended) == (ORDER, BUYER.address, 20, True)
    assert best.signature == voucher(BUYER, ORDER, 20)


def kept(answer: Granted | Refused) -> Granted:
    assert isinstance(answer, Granted), answer
    return answer


def test_close_is_answered_when_the_feed_is_closed(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    with rig.client(BUYER) as client:
        client.hello()
        assert not rig.pins.contacts[FEED_PIN]
        assert isinstance(client.close(ORDER, FEED), Granted)
        assert rig.pins.contacts[FEED_PIN]


def test_an_order_that_is_not_deep_enough_is_asked_for_again_soon(rig: Rig) -> None:
    with rig.client(BUYER) as client:
        answer = client.close(ORDER, FEED)
        assert isinstance(answer, Refused)
        assert answer.code is Code.NOT_FUNDED
        assert 0 < answer.retry_ms <= 500
        rig.chain.fund(ORDER, BUYER.address)
        assert isinstance(client.close(ORDER, FEED), Granted)


def test_the_feed_opens_when_nobody_keeps_it(rig: Rig) -> None:
    with closed_for(rig):
        rig.until(lambda: not rig.pins.contacts[FEED_PIN])
    (closed, _, first), (opened, _, then) = rig.pins.changes(FEED_PIN)[-2:]
    assert (first, then) == (True, False)
    assert LEASE <= opened - closed < LEASE + BUSY


def test_a_buyer_that_vanishes_may_come_back_to_its_order(rig: Rig) -> None:
    closed_for(rig).disconnect()
    rig.until(lambda: not rig.pins.contacts[FEED_PIN])
    with rig.client(BUYER) as client:
        rig.until(lambda: isinstance(client.close(ORDER, FEED), Granted))


def test_a_silent_meter_opens_the_feed(rig: Rig) -> None:
    with closed_for(rig) as client:
        rig.meters.silent = True
        rig.until(lambda: not rig.pins.contacts[FEED_PIN])
        assert refused(client.close(ORDER, FEED)) in {Code.METER_GAP, Code.BUSY}


def test_taking_without_signing_opens_the_feed_and_is_remembered(rig: Rig) -> None:
    with closed_for(rig, energy=5_000) as client:
        rig.meters.forward["feed-1"] += 100
        rig.until(lambda: not rig.pins.contacts[FEED_PIN])
        rig.until(lambda: refused(client.close(ORDER, FEED)) is Code.UNPAID)
        assert isinstance(client.open(ORDER, FEED, 100, voucher(BUYER, ORDER, 100)), Opened)
        rig.chain.fund(NEXT, BUYER.address)
        rig.until(lambda: isinstance(client.close(NEXT, FEED), Granted))


def test_the_seller_may_forgive(rig: Rig) -> None:
    with closed_for(rig, energy=5_000) as client:
        rig.meters.forward["feed-1"] += 100
        rig.until(lambda: not rig.pins.contacts[FEED_PIN])
        rig.until(lambda: refused(client.close(ORDER, FEED)) is Code.UNPAID)
        instructions.forgive(rig.state, BUYER.address, FEED, "the meter was being changed")
        rig.until(lambda: isinstance(client.close(ORDER, FEED), Granted))


def test_supply_rolls_over_to_the_next_order_without_opening(rig: Rig) -> None:
    with closed_for(rig, energy=50) as client:
        rig.chain.fund(NEXT, BUYER.address)
        ending = client.keep(ORDER, FEED, 50, voucher(BUYER, ORDER, 50))
        assert kept(ending).until_ms <= 400
        assert kept(client.keep(NEXT, FEED, 1, voucher(BUYER, NEXT, 1))).until_ms > 1_000
    assert rig.pins.changes(FEED_PIN)[-1][2], "never opened in between"


# --- vouchers that do not count


def test_a_voucher_for_another_order_does_not_renew(rig: Rig) -> None:
    with closed_for(rig) as client:
        assert refused(client.keep(ORDER, FEED, 5, voucher(BUYER, NEXT, 5))) is Code.BAD_SIG


def test_a_voucher_for_another_market_does_not_renew(rig: Rig) -> None:
    with closed_for(rig) as client:
        forged = voucher(BUYER, ORDER, 5, market="0x" + "66" * 20)
        assert refused(client.keep(ORDER, FEED, 5, forged)) is Code.BAD_SIG


def test_somebody_elses_voucher_does_not_renew(rig: Rig) -> None:
    with closed_for(rig) as client:
        assert refused(client.keep(ORDER, FEED, 5, voucher(STRANGER, ORDER, 5))) is Code.BAD_SIG


def test_a_feed_is_not_kept_without_a_voucher(rig: Rig) -> None:
    with closed_for(rig) as client:
        assert refused(client.keep(ORDER, FEED)) is Code.METER_GAP


def test_no_voucher_goes_beyond_the_order(rig: Rig) -> None:
    with closed_for(rig) as client:
        assert refused(client.keep(ORDER, FEED, 1_001, voucher(BUYER, ORDER, 1_001))) is Code.ENDED


# --- frames that do not count


def test_a_replayed_frame_is_refused(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    with closing(rig.raw()) as connection:
        frame = signed_close(connection, rig)
        assert ask(connection, frame)["ok"]
        assert ask(connection, frame)["code"] == "BAD_SIG"


def test_a_frame_of_another_connection_is_refused(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    with closing(rig.raw()) as first, closing(rig.raw()) as second:
        frame = signed_close(first, rig)
        ask(second, b'{"op":"HELLO","v":[2]}\n')
        assert ask(second, frame)["code"] == "BAD_SIG"
    assert not rig.pins.contacts.get(FEED_PIN)


def test_a_frame_that_was_changed_is_refused(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    with closing(rig.raw()) as connection:
        frame = json.loads(signed_close(connection, rig))
        changed = framing.encode(frame | {"contact": FEED, "energy": 7, "voucher": "0x" + "00" * 65})
        assert ask(connection, changed)["code"] == "BAD_SIG"


def signed_close(connection: socket.socket, rig: Rig) -> bytes:
    hello = ask(connection, b'{"op":"HELLO","v":[2]}\n')
    session = bytes.fromhex(str(hello["session"])[2:])
    frame = SwitchFrame(op=Op.CLOSE, order=ORDER, contact=FEED, n=1, signature=b"")
    done = signing.signed(BUYER, CHAIN_ID, rig.seller.address, session, frame)
    return framing.encode(messages.request_fields(done))


def test_nobody_else_closes_for_an_order_or_switches_a_tie(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    with rig.client(STRANGER) as client:
        assert refused(client.close(ORDER, FEED)) is Code.BAD_SIG
        assert refused(client.close(NO_ORDER, TIE)) is Code.BAD_SIG
        assert refused(client.close(ORDER, 99)) is Code.WRONG_CONTACT


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"nonsense\n",
        b"[]\n",
        b'{"op":"FLY"}\n',
        b'{"op":"CLOSE"}\n',
        b'{"op":"STATE","op":"HELLO"}\n',
        b'{"op":"CLOSE","contact":true}\n',
        b"[" * 900 + b"\n",
        b'{"op":"HELLO","v":[' + b"9" * 900 + b"]}\n",
        b"\xff\xfe\n",
    ],
)
def test_what_is_no_frame_is_refused_and_the_next_one_is_answered(rig: Rig, line: bytes) -> None:
    with closing(rig.raw()) as connection:
        assert ask(connection, line)["code"] == "BAD_FRAME"
        assert ask(connection, b'{"op":"STATE"}\n')["ok"]


def test_a_frame_too_long_ends_the_connection(rig: Rig) -> None:
    with closing(rig.raw()) as connection:
        assert ask(connection, b"x" * 4_000)["code"] == "BAD_FRAME"
        assert connection.recv(10) == b""


def test_half_a_frame_is_waited_for_one_second_only(rig: Rig) -> None:
    with closing(rig.raw()) as connection:
        begun = time.monotonic()
        assert ask(connection, b'{"op":"STA')["code"] == "BAD_FRAME"
        assert 0.9 < time.monotonic() - begun < 1.0 + BUSY


def test_a_frame_in_pieces_is_one_frame(rig: Rig) -> None:
    with closing(rig.raw()) as connection:
        connection.sendall(b'{"op":"ST')
        time.sleep(0.2)
        assert ask(connection, b'ATE"}\n')["ok"]


def test_two_frames_at_once_are_two_answers(rig: Rig) -> None:
    with closing(rig.raw()) as connection:
        connection.sendall(b'{"op":"STATE"}\n{"op":"HELLO","v":[2]}\n')
        reader = connection.makefile("rb")
        assert "contacts" in json.loads(reader.readline())
        assert "session" in json.loads(reader.readline())


def test_an_unknown_version_is_refused(rig: Rig) -> None:
    with closing(rig.raw()) as connection:
        assert ask(connection, b'{"op":"HELLO","v":[3]}\n')["code"] == "VERSION"


# --- many clients


def test_slow_and_silent_clients_hold_up_nobody(tmp_path: Path) -> None:
    with running_relay(tmp_path, frame="60 s", lease="30 s") as rig:
        held = [rig.raw() for _ in range(3)]
        for connection in held:
            connection.sendall(b'{"op":"ST')
        with closed_for(rig) as client:  # who gives up long before they have to
            kept(client.keep(ORDER, FEED, 1, voucher(BUYER, ORDER, 1)))
        for connection in held:
            connection.close()


def test_whoever_holds_a_lease_keeps_its_connection_whatever_comes(rig: Rig) -> None:
    with closed_for(rig) as client:
        crowd = []
        for _ in range(30):
            crowd.append(rig.raw())
            time.sleep(0.01)
        kept(client.keep(ORDER, FEED, 1, voucher(BUYER, ORDER, 1)))
        for connection in crowd:
            connection.close()


def test_a_fifth_stranger_of_one_address_takes_the_place_of_the_most_silent(rig: Rig) -> None:
    strangers = [rig.raw() for _ in range(4)]
    for connection in strangers[1:]:
        ask(connection, b'{"op":"STATE"}\n')
    with closing(rig.raw()) as early:
        assert answered(early)["code"] == "BUSY", "all of them are younger than a second"
    time.sleep(1.1)
    for connection in strangers[1:]:
        ask(connection, b'{"op":"STATE"}\n')
    with closing(rig.raw()) as newcomer:
        assert ask(newcomer, b'{"op":"STATE"}\n')["ok"]
        assert strangers[0].recv(10) == b""
    for connection in strangers:
        connection.close()


def test_old_readers_are_answered_and_old_switching_is_refused(rig: Rig) -> None:
    with closing(rig.raw()) as connection:
        connection.sendall(b"ReadDATA|0, 1")
        assert connection.recv(255) == b"{0: True, 1: False}"
    with closing(rig.raw()) as connection:
        assert ask(connection, b"{2: True, 0: True}")["code"] == "VERSION"
        assert connection.recv(10) == b""


# --- the household's own ties


def test_the_household_leaves_home_and_comes_back(rig: Rig) -> None:
    with rig.client(rig.seller) as own:
        assert isinstance(own.close(NO_ORDER, TIE), Granted)
        assert rig.pins.contacts[TIE_PIN], "the answer came when the tie was closed"
        assert isinstance(own.keep(NO_ORDER, TIE), Granted)
        assert isinstance(own.open(NO_ORDER, TIE), Opened)
    changes = rig.pins.changes(HOME_PIN, TIE_PIN)
    assert [(pin, on) for _, pin, on in changes] == [
        (HOME_PIN, True),
        (TIE_PIN, True),
        (TIE_PIN, False),
        (HOME_PIN, False),
    ]
    times = [at for at, _, _ in changes]
    assert times[1] - times[0] >= 0.1
    assert times[3] - times[2] >= 0.1


def test_a_household_whose_client_dies_is_home_within_its_lease(rig: Rig) -> None:
    rig.client(rig.seller).close(NO_ORDER, TIE)
    begun = time.monotonic()
    rig.until(lambda: not rig.pins.contacts[HOME_PIN])
    assert time.monotonic() - begun < LEASE + BUSY


def test_a_home_contact_that_sticks_is_told_as_a_fault(rig: Rig) -> None:
    rig.pins.stuck.add(HOME_PIN)
    with rig.client(rig.seller) as own:
        assert refused(own.close(NO_ORDER, TIE)) is Code.FAULT
        assert not rig.pins.contacts.get(TIE_PIN)
        rig.pins.stuck.clear()
        instructions.clear(rig.state, 0, "cleaned")
        rig.until(lambda: isinstance(own.close(NO_ORDER, TIE), Granted))


def test_the_owner_announces_the_end_of_a_supply(rig: Rig) -> None:
    with closed_for(rig) as client, rig.client(rig.seller) as own:
        assert isinstance(own.open(NO_ORDER, FEED), Opened)
        assert 0 < kept(client.keep(ORDER, FEED, 1, voucher(BUYER, ORDER, 1))).until_ms <= 400
        rig.until(lambda: not rig.pins.contacts[FEED_PIN])
        assert refused(own.close(ORDER, FEED)) is Code.BAD_SIG


def test_an_order_that_its_seller_gives_back_is_refused_from_then_on(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    with rig.client(BUYER) as client, rig.client(rig.seller) as own:
        rig.until(lambda: isinstance(own.open(ORDER, FEED), Opened))
        with sqlite3.connect(rig.state) as database:
            [(ended,)] = database.execute("SELECT ended FROM orders WHERE id = ?", (ORDER,))
        assert ended, "on disk before it is answered"
        rig.until(lambda: refused(client.close(ORDER, FEED)) is Code.ENDED)
        assert not rig.pins.contacts.get(FEED_PIN)


# --- the chain


def test_nothing_new_is_supplied_on_a_chain_that_stands_still(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    rig.chain.clock_offset = -60
    with rig.client(BUYER) as client:
        rig.until(lambda: refused(client.close(ORDER, FEED)) is Code.STALE_CHAIN)


def test_nothing_new_is_supplied_beside_a_clock_in_the_past(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    rig.chain.clock_offset = 3_600
    with rig.client(BUYER) as client:
        rig.until(lambda: refused(client.close(ORDER, FEED)) is Code.STALE_CHAIN)
        rig.chain.clock_offset = 0
        rig.until(lambda: isinstance(client.close(ORDER, FEED), Granted))


def test_a_running_supply_survives_a_chain_that_stands_still(rig: Rig) -> None:
    with closed_for(rig) as client:
        rig.chain.clock_offset = -60
        rig.until(lambda: rig.view.view.stale is not None)
        rig.chain.turn_to(ORDER, State.CLOSING)
        kept(client.keep(ORDER, FEED, 1, voucher(BUYER, ORDER, 1)))
        assert rig.pins.contacts[FEED_PIN]


@pytest.mark.parametrize("state", [State.CLOSING, State.REDEEMED, State.RELEASED, State.RECLAIMED])
def test_a_running_supply_ends_when_a_fresh_head_speaks_against_it(rig: Rig, state: State) -> None:
    with closed_for(rig) as client:
        rig.chain.turn_to(ORDER, state)
        rig.until(lambda: not rig.pins.contacts[FEED_PIN])
        answer = client.keep(ORDER, FEED, 1, voucher(BUYER, ORDER, 1))
        assert refused(answer) is Code.ENDED


def test_an_order_that_a_reorganisation_took_away_is_not_supplied_on(rig: Rig) -> None:
    with closed_for(rig):
        rig.chain.newest.clear()
        rig.until(lambda: not rig.pins.contacts[FEED_PIN])


def test_check_tells_what_an_order_would_meet(rig: Rig) -> None:
    with rig.client() as client:
        assert isinstance(client.check(BUYER.address, FEED, 100, PRICE.value), Accepted)
        assert refused(client.check(BUYER.address, FEED, 100, PRICE.value + 1)) is Code.NO_OFFER
        assert refused(client.check(BUYER.address, FEED, 6_000, PRICE.value)) is Code.NO_OFFER
        assert refused(client.check(BUYER.address, 9, 100, PRICE.value)) is Code.WRONG_CONTACT
        closed_for(rig).disconnect()
        assert refused(client.check(STRANGER.address, FEED, 100, PRICE.value)) is Code.BUSY


# --- who is there


def test_hello_and_state_tell_whose_relay_it_is_and_how_it_stands(rig: Rig) -> None:
    with closed_for(rig) as client:
        hello = client.hello()
        assert hello.relay == rig.seller.address
        assert hello.head_age_ms < 5_000
        home, feed, tie = client.state()
    assert (home.kind, home.closed) == (Kind.HOME, True)
    assert (tie.kind, tie.closed) == (Kind.TIE, False)
    assert (feed.kind, feed.closed, feed.order) == (Kind.FEED, True, ORDER)
    assert 0 < feed.lease_ms <= 1_000 * LEASE


def test_more_contacts_than_a_frame_holds_are_told_one_part_after_the_other(tmp_path: Path) -> None:
    feeds, ties = (
        [{"contact": n, "pin": n, "meter": f"feed-{n}", "rating": "36 W"} for n in numbers]
        for numbers in (range(1, 9), range(11, 19))
    )
    with (
        running_relay(tmp_path, feeds=feeds, transfer={"home_pin": HOME_PIN, "ties": ties}) as rig,
        rig.client() as client,
    ):
        assert [state.contact for state in client.state()] == [0, *range(1, 9), *range(11, 19)]


def test_another_households_relay_is_not_talked_to(rig: Rig) -> None:
    with pytest.raises(WrongRelay, match="belongs to"):
        RelayClient(rig.address, STRANGER.address, BUYER, CHAIN_ID).close(ORDER, FEED)
    with pytest.raises(WrongRelay, match="is on chain"):
        RelayClient(rig.address, rig.seller.address, BUYER, 1).close(ORDER, FEED)
    with pytest.raises(RelayUnreachable, match="cannot be reached"):
        RelayClient("127.0.3.9:9", rig.seller.address, BUYER, CHAIN_ID).state()


# --- records


def test_the_audit_log_holds_every_transition_and_shows_a_change(rig: Rig) -> None:
    with closed_for(rig) as client:
        client.open(ORDER, FEED, 1, voucher(BUYER, ORDER, 1))
    intact = audit.verify(rig.state)
    assert isinstance(intact, audit.Intact)
    with closing(sqlite3.connect(rig.state)) as database, database:
        events = [row[0] for row in database.execute("SELECT event FROM audit ORDER BY seq")]
        assert events[-2:] == ["feed closed", "feed open"]
        database.execute("UPDATE audit SET contact = 2 WHERE seq = 2")
    broken = audit.verify(rig.state)
    assert isinstance(broken, audit.Broken)
    assert broken.seq == 2


def test_a_debt_outlives_the_relay(tmp_path: Path) -> None:
    with running_relay(tmp_path) as rig, closed_for(rig, energy=5_000):
        rig.meters.forward["feed-1"] += 100
        rig.until(lambda: not rig.pins.contacts[FEED_PIN])
    with running_relay(tmp_path) as again, again.client(BUYER) as client:
        again.chain.fund(NEXT, BUYER.address)
        assert refused(client.close(NEXT, FEED)) is Code.UNPAID


def test_a_frame_of_the_boot_before_is_worthless(tmp_path: Path) -> None:
    with running_relay(tmp_path) as rig, closing(rig.raw()) as connection:
        frame = signed_close(connection, rig)
    with running_relay(tmp_path) as again, closing(again.raw()) as connection:
        again.chain.fund(ORDER, BUYER.address)
        ask(connection, b'{"op":"HELLO","v":[2]}\n')
        assert ask(connection, frame)["code"] == "BAD_SIG"


def test_what_cannot_be_written_is_not_supplied(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    with closing(sqlite3.connect(rig.state, isolation_level=None)) as other, rig.client(BUYER) as client:
        client.hello()
        other.execute("BEGIN IMMEDIATE")
        answer: Answer = client.close(ORDER, FEED)
        assert refused(answer) is Code.FAULT
        assert not rig.pins.contacts[FEED_PIN]
        other.execute("ROLLBACK")
