from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chain.freshness import Bounds, Freshness, Head, Watch, judge, observe

BOUNDS = Bounds(stall=10, age=15, ahead=5)
WALL = 1_700_000_000.0


def watch(*seen: tuple[float, int, float]) -> Watch:
    """Heads by (monotonic seconds, number, age against the wall clock then)."""
    known = Watch()
    for now, number, age in seen:
        known = observe(known, Head(number=number, timestamp=int(WALL + now - age)), now)
    return known


def judged(known: Watch, now: float) -> Freshness:
    return judge(known, BOUNDS, now, WALL + now)


def test_a_head_that_advances_and_is_young_is_fresh() -> None:
    assert judged(watch((0, 5, 1), (1, 6, 0)), 2) is Freshness.FRESH


def test_a_first_look_is_not_trusted() -> None:
    assert judged(watch((0, 5, 0)), 0) is Freshness.STALLED
    assert judged(Watch(), 0) is Freshness.STALLED


def test_a_head_that_stands_is_stalled_whatever_the_wall_clock_says() -> None:
    known = watch((0, 5, 1), (1, 6, 0), (5, 6, 4), (11, 6, 10))
    assert judged(known, 11) is Freshness.FRESH
    assert judged(known, 11.1) is Freshness.STALLED


def test_an_old_head_that_advances_is_stale() -> None:
    assert judged(watch((0, 5, 500), (1, 6, 500)), 1) is Freshness.STALE


def test_a_head_from_the_future_means_that_our_clock_is_in_the_past() -> None:
    assert judged(watch((0, 5, -60), (1, 6, -60)), 1) is Freshness.IN_THE_PAST


def test_a_reorganisation_to_a_lower_head_is_no_progress() -> None:
    known = watch((0, 5, 0), (1, 6, 0), (9, 5, 0))
    assert judged(known, 11.5) is Freshness.STALLED


def test_a_signer_that_is_gone_does_not_make_the_chain_stalled() -> None:
    assert Bounds.of(5).stall > 4 * 5
    assert Bounds.of(1).age > Bounds.of(1).stall


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(0, 40), st.floats(-60, 60)), max_size=12),
    st.floats(0, 60),
    st.floats(-1000, 1000),
)
def test_fresh_means_an_advance_within_the_bound_and_an_age_within_its_bounds(
    heads: list[tuple[float, int, float]], later: float, clock_error: float
) -> None:
    now, known, highest, advanced = 0.0, Watch(), None, None
    for pause, number, age in heads:
        now += pause
        head = Head(number=number, timestamp=int(WALL + now - age))
        if known.head is not None and number > known.head.number:
            advanced = now
        known = observe(known, head, now)
        highest = head
    now += later
    wall = WALL + now + clock_error
    if judge(known, BOUNDS, now, wall) is Freshness.FRESH:
        assert highest is not None
        assert advanced is not None
        assert now - advanced <= BOUNDS.stall
        assert known.head is not None
        assert -BOUNDS.ahead <= wall - known.head.timestamp <= BOUNDS.age
