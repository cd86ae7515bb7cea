from __future__ import annotations

from chain.back_off import BackOff


def test_the_delay_doubles_up_to_half_a_minute() -> None:
    back_off, delays = BackOff(), []
    for _ in range(9):
        back_off = back_off.failed(ran=0)
        delays.append(back_off.delay)
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_nothing_has_failed_yet() -> None:
    assert BackOff().delay == 0


def test_what_ran_long_is_started_again_soon() -> None:
    assert BackOff(failures=9).failed(ran=3_600).delay == 0.5


def test_a_million_failures_are_no_overflow() -> None:
    assert BackOff(failures=10**6).failed(ran=0).delay == 30
