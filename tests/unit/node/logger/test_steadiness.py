"""When a clock may say how old readings are."""

from __future__ import annotations

from node.logger.steadiness import SET_BY, STEADY, Steadiness

YEAR = 365 * 86_400.0
BEGAN = 1_700_000_000.0


def test_a_clock_is_trusted_once_it_went_on_for_hours() -> None:
    steadiness = Steadiness()
    trusted = [up for up in range(0, 30_000, 100) if steadiness.look(BEGAN + up, up)]
    assert trusted[0] == STEADY


def test_a_clock_that_jumps_is_not_trusted_until_it_went_on_for_hours_again() -> None:
    for jump in (YEAR, -YEAR, 2 * SET_BY):
        steadiness = Steadiness()
        for up in range(0, 50_000, 100):
            steadiness.look(BEGAN + up, up)
        trusted = [up for up in range(50_000, 90_000, 100) if steadiness.look(BEGAN + jump + up, up)]
        assert trusted[0] == 50_000 + STEADY


def test_a_clock_that_is_slewed_is_trusted_all_the_time() -> None:
    steadiness = Steadiness()
    told = [steadiness.look(BEGAN + up * 1.0005, up) for up in range(0, 90_000, 100)]
    assert all(told[int(STEADY // 100) + 1 :])
