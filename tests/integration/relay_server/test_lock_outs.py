"""Lock-outs at the box and everything home: no command from the network overrides them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chain.keys import Account
from relay_server import asked, audit, instructions
from relay_server.attending import Attendant
from relay_server.messages import NO_ORDER, Code, Opened
from relay_server.records import open_records
from tests.integration.relay_server.relay_rig import (
    FEED,
    FEED_PIN,
    HOME_PIN,
    TIE,
    TIE_PIN,
    Rig,
    running_relay,
)

ORDER = b"\xa1" * 32
BUYER = Account.of(b"\x42" * 32)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with running_relay(tmp_path) as running:
        yield running


def supplied_and_supplying(rig: Rig) -> None:
    rig.chain.fund(ORDER, BUYER.address)
    with rig.client(BUYER) as buyer, rig.client(rig.seller) as own:
        assert buyer.close(ORDER, FEED)
        rig.until(lambda: refusal(own.close(NO_ORDER, TIE)) is None)
    assert rig.pins.contacts[FEED_PIN]
    assert rig.pins.contacts[TIE_PIN]


def refusal(answer: object) -> Code | None:
    return getattr(answer, "code", None)


def test_a_locked_feed_opens_at_once_and_obeys_no_client(rig: Rig) -> None:
    supplied_and_supplying(rig)
    instructions.lock(rig.state, FEED, "changing the fuse")
    rig.until(lambda: not rig.pins.contacts[FEED_PIN])
    with rig.client(BUYER) as buyer:
        assert refusal(buyer.close(ORDER, FEED)) is Code.LOCKED
        assert refusal(buyer.check(BUYER.address, FEED, 100, 1)) is Code.LOCKED
        _, feed, _ = buyer.state()
    assert feed.locked == "changing the fuse"
    assert open_records(rig.state).operations().get(FEED) == 1
    instructions.renew(rig.state, FEED, "the contact, too")
    instructions.unlock(rig.state, FEED, "fuse changed")
    with rig.client(BUYER) as buyer:
        rig.until(lambda: FEED not in open_records(rig.state).operations())
        rig.until(lambda: refusal(buyer.close(ORDER, FEED)) is not Code.LOCKED)


def test_a_locked_tie_sends_the_household_home(rig: Rig) -> None:
    supplied_and_supplying(rig)
    instructions.lock(rig.state, TIE, "working on the line")
    rig.until(lambda: not rig.pins.energised[HOME_PIN])
    assert not rig.pins.contacts[TIE_PIN]
    with rig.client(rig.seller) as own:
        assert refusal(own.close(NO_ORDER, TIE)) is Code.LOCKED
        assert refusal(own.keep(NO_ORDER, TIE)) is Code.LOCKED


def test_the_owner_sends_everything_home_and_only_the_box_unlocks_it(tmp_path: Path) -> None:
    with running_relay(tmp_path) as rig:
        supplied_and_supplying(rig)
        with rig.client(BUYER) as stranger:
            assert refusal(stranger.everything_home()) is Code.BAD_SIG
        assert rig.pins.contacts[FEED_PIN], "a neighbour's word switches nothing"
        with rig.client(rig.seller) as own:
            assert isinstance(own.everything_home(), Opened)
            assert not any(rig.pins.energised.values()), "answered when it is so"
            assert refusal(own.close(NO_ORDER, TIE)) is Code.LOCKED
    with running_relay(tmp_path) as again:
        with again.client(again.seller) as own:
            assert refusal(own.close(NO_ORDER, TIE)) is Code.LOCKED, "a restart unlocks nothing"
        instructions.unlock(again.state, 0)
        with again.client(again.seller) as own:
            again.until(lambda: refusal(own.close(NO_ORDER, TIE)) is not Code.LOCKED)


def test_everything_home_at_the_box_is_in_the_audit_log(rig: Rig) -> None:
    import sqlite3

    supplied_and_supplying(rig)
    instructions.everything_home(rig.state, "smoke in the cellar")
    rig.until(lambda: not any(rig.pins.energised.values()))
    with closing(sqlite3.connect(rig.state)) as database:
        told = database.execute("SELECT facts FROM audit WHERE event = 'operator: home'").fetchall()
    assert "smoke in the cellar" in told[0][0]
    assert isinstance(audit.verify(rig.state), audit.Intact)


@pytest.mark.parametrize("op", ["close", "keep"])
def test_a_locked_home_is_not_left(rig: Rig, op: str) -> None:
    instructions.lock(rig.state, 0, "battery is being changed")
    with rig.client(rig.seller) as own:
        rig.until(lambda: any(contact.locked for contact in own.state()))
        assert refusal(getattr(own, op)(NO_ORDER, TIE)) is Code.LOCKED


def test_what_the_pages_ask_for_is_done_once_and_the_box_takes_it_off(rig: Rig) -> None:
    attendant = Attendant(rig.state, {0, FEED, TIE})
    lock = asked.request(id="1" * 32, by="home", what=asked.What.LOCK, contact=FEED, reason="a new fuse")
    asked.put(rig.state.parent, lock)
    attendant.look()
    with rig.client(None) as client:
        rig.until(lambda: [each.locked for each in client.state()] == [None, "a new fuse", None])
        instructions.unlock(rig.state, FEED, "fuse changed")
        rig.until(lambda: not any(each.locked for each in client.state()))
        attendant.look()
        home = asked.request(id="2" * 32, by="home", what=asked.What.HOME, contact=0, reason="smoke")
        asked.put(rig.state.parent, home)
        attendant.look()
        why = "everything home: smoke"
        rig.until(lambda: [each.locked for each in client.state()] == [why, why, None])
    told = ["operator: lock", "operator: unlock", "operator: home"]
    rig.until(lambda: [event for event in events(rig) if event.startswith("operator")] == told)
    assert isinstance(audit.verify(rig.state), audit.Intact)


def events(rig: Rig) -> list[str]:
    return [each.entry.event for each in audit.between(rig.state, 0.0, 4e9, 1_000)]
