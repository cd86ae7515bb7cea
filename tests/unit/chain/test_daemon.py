from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field

import pytest
import structlog

from chain.daemon import Misconfigured, Stop, Unavailable, configure_logs, main, run_every
from chain.errors import KeyRefused


@dataclass
class FakeTime:
    """A clock that moves only while somebody waits, and ends the loop at a given time."""

    end: float
    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def is_set(self) -> bool:
        return self.now >= self.end

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        self.now += timeout
        return self.is_set()

    def __call__(self) -> float:
        return self.now


def test_a_beat_comes_at_once_and_then_on_its_grid() -> None:
    fake, beats = FakeTime(end=3.5), list[float]()

    def step() -> None:
        beats.append(fake.now)
        fake.now += 0.25

    run_every(1.0, step, fake, fake)
    assert beats == [0.0, 1.0, 2.0, 3.0]


def test_missed_beats_are_left_out() -> None:
    fake, beats = FakeTime(end=5.5), list[float]()

    def step() -> None:
        beats.append(fake.now)
        fake.now += 2.5 if len(beats) == 1 else 0

    run_every(1.0, step, fake, fake)
    assert beats == [0.0, 3.0, 4.0, 5.0]


def test_a_stopped_loop_takes_no_step() -> None:
    fake = FakeTime(end=0.0)
    run_every(1.0, lambda: pytest.fail("a step after the end"), fake, fake)


def test_what_a_step_raises_ends_the_loop() -> None:
    def step() -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        run_every(1.0, step, FakeTime(end=9.0))


def test_a_signal_ends_a_wait() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    try:
        stop = Stop().on_signals(signal.SIGUSR1)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        begun = time.monotonic()
        assert stop.wait(10)
        assert time.monotonic() - begun < 5
        assert stop.is_set()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_wait_without_a_signal_is_over_in_time() -> None:
    assert not Stop().wait(0.01)
    assert not Stop().wait(-1)


def test_a_start_that_is_refused_is_one_line_and_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    def misconfigured() -> int:
        raise Misconfigured("the key `limit` is\nwrong")

    def missing() -> int:
        raise Unavailable("no geth")

    def unreadable() -> int:
        raise KeyRefused("key.json is open to others")

    assert [main(misconfigured), main(missing), main(unreadable)] == [78, 69, 78]
    assert capsys.readouterr().err == (
        "commonwatt: the key `limit` is wrong\ncommonwatt: no geth\ncommonwatt: key.json is open to others\n"
    )


def test_a_daemon_that_ends_by_itself_succeeds() -> None:
    assert main(lambda: None) == 0
    assert main(lambda: 3) == 3


def test_an_event_is_one_line_of_keys_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        configure_logs()
        structlog.get_logger().info("sensor read", meter="feed 1", taken=3)
        structlog.get_logger().debug("not told")
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("timestamp=20")
        assert line.endswith('level=info event="sensor read" meter="feed 1" taken=3')
    finally:
        structlog.reset_defaults()
