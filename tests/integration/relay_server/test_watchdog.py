"""systemd's watchdog hears of the relay's safety loop, over a real notification socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain import daemon
from relay_server import safety
from relay_server.drivers.recording import RecordingPins
from store.snapshot import boottime
from tests.integration.relay_server.notified import Supervisor
from tests.integration.relay_server.relay_rig import running_relay
from tests.waiting import PATIENCE, eventually

MEANWHILE = 1.0
"""Seconds without a beat: a dozen turns."""


class HangingPins(RecordingPins):
    """Pins whose driver takes its time at each beat."""

    takes = 0.0

    def beat(self) -> None:
        end = time.monotonic() + self.takes
        while time.monotonic() < end and self.takes:
            time.sleep(0.01)
        super().beat()


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """Hears the relay of the test alone, not the daemons that other tests run in threads of this process."""
    listening, before = Supervisor(tmp_path / "notify"), set(threading.enumerate())
    notify = daemon.sd_notify

    def heard(state: str, *, wait: bool = True) -> None:
        if threading.current_thread() not in before:
            notify(state, wait=wait)

    monkeypatch.setattr(daemon, "sd_notify", heard)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield listening
    listening.close()


def test_it_is_fed_while_the_loop_turns_and_no_more_when_a_driver_hangs(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    pins = HangingPins(clock=boottime)
    with running_relay(tmp_path, pins):
        assert supervisor.beats(PATIENCE, enough=10) == 10
        pins.takes = PATIENCE
        eventually(lambda: supervisor.beats(MEANWHILE) == 0, "a loop that stands still feeds nobody")
        pins.takes = 0.0
        assert supervisor.beats(PATIENCE, enough=10) == 10


def test_a_loop_that_turns_too_slowly_to_keep_its_promise_does_not_feed_it(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    pins = HangingPins(clock=boottime)
    with running_relay(tmp_path, pins):
        pins.takes = 2 * safety.IN_TIME
        eventually(lambda: supervisor.beats(MEANWHILE) == 0, "turns that are late feed nobody")
        turns = pins.beats
        eventually(lambda: pins.beats > turns + 2, "it does turn")
        supervisor.drained()
        pins.takes = 0.0
        assert supervisor.beats(PATIENCE, enough=10) == 10
