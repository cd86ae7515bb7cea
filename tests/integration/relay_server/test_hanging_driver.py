"""A real relay whose pin driver does not return from one contact: its threads, its clients, its watchdog."""

from __future__ import annotations

import sqlite3
import threading
import time
from functools import partial
from pathlib import Path

from relay_server.contacts.mending import AGREED
from relay_server.contacts.trouble import Trouble, kind
from relay_server.drivers.recording import RecordingPins
from relay_server.hands import Call, Hands, Key, What
from relay_server.messages import Granted
from store.snapshot import boottime
from tests.integration.relay_server.relay_rig import FEED, FEED_PIN, TIE, TIE_PIN, running_relay
from tests.waiting import BUSY, PATIENCE, eventually


class HangingPins(RecordingPins):
    """Does not return from calls for some pins until let go."""

    def __init__(self) -> None:
        super().__init__(clock=boottime)
        self.hanging: set[int] = set()
        self.let_go = threading.Event()

    def drive(self, pin: int, energised: bool) -> None:
        self._hang(pin)
        super().drive(pin, energised)

    def followed(self, pin: int) -> bool | None:
        self._hang(pin)
        return super().followed(pin)

    def _hang(self, pin: int) -> None:
        if pin in self.hanging:
            self.let_go.wait(PATIENCE)


def test_clients_are_answered_and_the_household_is_supplied_while_the_driver_hangs_at_a_feed(
    tmp_path: Path,
) -> None:
    pins = HangingPins()
    with running_relay(tmp_path, pins, lease="60 s") as rig:
        own = rig.client(rig.seller)
        assert isinstance(own.close(bytes(32), TIE), Granted)
        pins.hanging = {FEED_PIN}
        fault, end = None, time.monotonic() + PATIENCE / 2
        while fault is None and time.monotonic() < end:
            fault = next(state.fault for state in own.state() if state.contact == FEED)
            assert isinstance(own.keep(bytes(32), TIE), Granted)
        assert fault is not None, "long before the driver returns"
        assert kind(fault) == Trouble.HUNG
        assert pins.energised[TIE_PIN]
        pins.let_go.set()
        own.disconnect()


def test_a_contact_is_in_service_again_once_the_driver_is_back_and_the_contact_agrees(tmp_path: Path) -> None:
    pins = HangingPins()
    with running_relay(tmp_path, pins, lease="60 s") as rig:
        own = rig.client(rig.seller)

        def fault() -> str | None:
            return next(state.fault for state in own.state() if state.contact == FEED)

        pins.hanging = {FEED_PIN}
        eventually(lambda: kind(fault() or "") == Trouble.HUNG, "the hang is a fault")
        pins.hanging = set()
        pins.let_go.set()
        back = time.monotonic()
        eventually(lambda: fault() is None, "in service again")
        assert time.monotonic() - back > AGREED / 2
        own.disconnect()
    with sqlite3.connect(rig.state) as database:
        told = database.execute("SELECT event FROM audit WHERE contact = ? ORDER BY seq", (FEED,)).fetchall()
    assert [event for (event,) in told if event.startswith("fault")][:2] == ["fault", "fault cleared"]


def test_the_lease_of_a_tie_ends_in_time_while_the_driver_hangs_at_a_feed(tmp_path: Path) -> None:
    pins = HangingPins()
    with running_relay(tmp_path, pins) as rig:
        own = rig.client(rig.seller)
        assert isinstance(own.close(bytes(32), TIE), Granted)
        pins.hanging = {FEED_PIN}
        lease = own.keep(bytes(32), TIE)
        assert isinstance(lease, Granted)
        ends = boottime() + lease.lease_ms / 1_000
        eventually(lambda: not pins.energised[TIE_PIN], "home after the lease")
        opened = next(each.at for each in reversed(pins.record) if each.pin == TIE_PIN)
        assert opened - ends < 0.5 + BUSY
        pins.let_go.set()
        own.disconnect()


def test_a_thread_that_is_lost_holds_up_one_row_of_calls_and_no_other() -> None:
    hands, let_go = Hands(boottime, patience=0.1), threading.Event()
    made: list[Key] = []

    def call(key: Key, hangs: bool = False) -> Call:
        def work() -> None:
            if hangs:
                let_go.wait(PATIENCE)
            made.append(key)

        return Call(key, work)

    hanging, other = (What.LOOK, 1), (What.LOOK, 2)
    hands.make([call(hanging, hangs=True), call(other)])
    assert made == [other]
    assert set(hands.out) == {hanging}
    for _ in range(100):
        hands.make([call(hanging), call(other)])
    assert threading.active_count() < 50, "and takes no further thread with it"
    let_go.set()
    eventually(lambda: not hands.out, "it returns")
    hands.make([call(hanging), call(other)])
    assert made == [other] * 101 + [hanging, hanging, other]


def test_a_driver_that_hangs_as_a_whole_holds_up_its_callers_twice_at_most() -> None:
    patience, let_go = 0.1, threading.Event()
    hands = Hands(boottime, patience=patience)
    calls = [Call((What.LOOK, contact), lambda: let_go.wait(PATIENCE)) for contact in range(48)]
    began = time.monotonic()
    hands.make(calls)
    assert time.monotonic() - began < 2 * patience + BUSY
    assert len(hands.out) == 2
    let_go.set()


def test_a_driver_that_is_slow_at_each_of_many_contacts_does_not_hang() -> None:
    hands, done = Hands(boottime, patience=0.2), list[int]()

    def slowly(contact: int) -> None:
        time.sleep(0.05)
        done.append(contact)

    hands.make([Call((What.LOOK, contact), partial(slowly, contact)) for contact in range(8)])
    assert done == list(range(8))
    assert not hands.out
