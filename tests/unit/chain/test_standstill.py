from __future__ import annotations

from chain.standstill import Standstill


def test_a_head_that_moves_on_is_no_standstill() -> None:
    still = Standstill(height=7, since=100.0).seen(8, 111.0)
    assert not still.lasts(10, 112.0)


def test_a_head_that_is_seen_again_and_again_stands_still() -> None:
    still = Standstill(height=7, since=100.0).seen(7, 105.0).seen(7, 111.0)
    assert not still.lasts(10, 110.0)
    assert still.lasts(10, 110.5)


def test_a_lower_head_after_a_reorganisation_has_its_time_too() -> None:
    assert not Standstill(height=7, since=100.0).seen(6, 111.0).lasts(10, 112.0)


def test_sealing_that_was_begun_anew_is_given_time_before_the_next() -> None:
    still = Standstill(height=7, since=100.0).tried(111.0)
    assert not still.seen(7, 120.0).lasts(10, 120.0)
    assert still.seen(7, 122.0).lasts(10, 122.0)
