from __future__ import annotations

import pytest

from relay_server.contacts.mending import AGREED, LOOKS, TIMES, WITHIN, Mending, broken, hung, look, over

HUNG = hung(Mending(), None, 0.0)
TURN = 0.08


def after(before: Mending, *looks: bool, every: float = TURN, begin: float = 0.0) -> tuple[Mending, bool]:
    """What becomes of it by so many looks, and whether it is back."""
    back = False
    for number, agrees in enumerate(looks, 1):
        seen = look(before, agrees, begin + number * every)
        back |= over(before, seen)
        before = seen
    return before, back


def test_a_contact_is_back_after_ten_seconds_of_looks_that_agree() -> None:
    enough = int(AGREED / TURN) + 1
    assert not after(HUNG, *[True] * (enough - 1))[1]
    seen, back = after(HUNG, *[True] * (enough + 1))
    assert back
    assert not seen.waits


def test_on_a_host_that_looks_seldom_it_takes_fifty_looks() -> None:
    assert not after(HUNG, *[True] * (LOOKS - 1), every=1.0)[1]
    assert after(HUNG, *[True] * LOOKS, every=1.0)[1]


def test_one_look_that_does_not_agree_begins_it_again() -> None:
    almost = int(AGREED / TURN)
    assert not after(HUNG, *[True] * almost, False, *[True] * almost)[1]


def test_without_a_hang_nothing_is_waited_for() -> None:
    for known in (Mending(), hung(Mending(), "welded: whatever", 0.0), broken(HUNG)):
        assert after(known, *[True] * 500) == (known, False)


@pytest.mark.parametrize(("apart", "comes_back"), [(600.0, False), (WITHIN, True)])
def test_what_hangs_a_third_time_within_the_hour_waits_for_a_person(apart: float, comes_back: bool) -> None:
    known, now = Mending(), 0.0
    for _ in range(TIMES):
        known, back = after(hung(known, None, now), *[True] * 200, begin=now)
        assert back
        now += apart
    assert after(hung(known, None, now), *[True] * 200, begin=now)[1] is comes_back
