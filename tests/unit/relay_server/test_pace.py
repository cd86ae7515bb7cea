from __future__ import annotations

import pytest

from relay_server.pace import Pace


def test_a_burst_is_let_in_at_once_and_what_follows_in_its_time() -> None:
    pace = Pace(rate=10.0, burst=3.0)
    assert [pace.wait(50.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert pace.wait(50.0) == pytest.approx(0.1)
    assert pace.wait(50.0) == pytest.approx(0.2), "all share one pace: each waits behind the other"


def test_a_rest_fills_the_burst_and_no_more() -> None:
    pace = Pace(rate=10.0, burst=3.0)
    for _ in range(5):
        pace.wait(0.0)
    assert [pace.wait(1_000.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert pace.wait(1_000.0) > 0


def test_what_costs_more_makes_the_next_wait_longer() -> None:
    pace = Pace(rate=10.0, burst=1.0)
    pace.wait(0.0, cost=5.0)
    assert pace.wait(0.0) == pytest.approx(0.5)


def test_who_does_not_wait_is_counted_only_when_there_is_room() -> None:
    pace = Pace(rate=10.0, burst=2.0)
    assert [pace.take(0.0) for _ in range(5)] == [True, True, False, False, False]
    assert pace.take(0.1), "those turned away cost nothing"
    assert not pace.take(0.1)
