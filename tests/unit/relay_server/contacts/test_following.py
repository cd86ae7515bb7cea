from __future__ import annotations

import pytest

from relay_server.contacts.following import Following, look, slowly, trouble
from relay_server.contacts.trouble import Trouble, kind

FOLLOW = 0.5


def seen(*looks: tuple[float, bool | None], energised: bool = True) -> tuple[Following, Following]:
    """The last two of a contact whose coil was energised, or released, at 0."""
    before = after = Following(energised=not energised, driven=-100.0)
    for now, followed in looks:
        before, after = after, look(after, followed, now, energised=energised, driven=0.0)
    return before, after


def found(*looks: tuple[float, bool | None], energised: bool = True, home: bool = False) -> Trouble | None:
    _, last = seen(*looks, energised=energised)
    return trouble(last, looks[-1][0], FOLLOW, normally_closed=home)


@pytest.mark.parametrize(
    ("energised", "home", "expected"),
    [
        (True, False, Trouble.STUCK_OPEN),
        (False, False, Trouble.WELDED),
        (True, True, Trouble.WELDED),
        (False, True, Trouble.STUCK_OPEN),
    ],
)
def test_a_contact_that_never_follows_is_stuck(energised: bool, home: bool, expected: Trouble) -> None:
    assert found((0.1, False), (0.49, False), energised=energised, home=home) is None
    assert found((0.1, False), (0.5, False), energised=energised, home=home) is expected


@pytest.mark.parametrize("energised", [True, False])
def test_a_single_late_look_is_no_fault_and_a_second_one_soon_after_it_neither(energised: bool) -> None:
    """The coil may have been driven just before the first."""
    late, settled = (7.0, False), 7.0 + FOLLOW / 2
    assert found(late, energised=energised) is None
    assert found(late, (settled - 0.01, False), energised=energised) is None
    assert found(late, (settled - 0.01, True), energised=energised) is None
    assert found(late, (settled, False), energised=energised) is not None


def test_a_look_counts_from_its_beginning_against_a_contact_and_from_its_end_for_it() -> None:
    against = look(Following(), False, 9.0, energised=True, driven=1.0, began=1.01)
    assert trouble(look(against, False, 20.0, energised=True, driven=1.0, began=9.01), 20.0, FOLLOW) is None
    arrived = look(against, True, 20.0, energised=True, driven=1.0, began=9.01)
    assert not arrived.stands(20.0, 0.1)
    assert slowly(against, arrived, FOLLOW) is None


def test_a_contact_that_leaves_its_place_for_good_is_stuck_half_a_second_later() -> None:
    assert found((0.1, True), (9.0, False), (9.4, False)) is None
    assert found((0.1, True), (9.0, False), (9.5, False)) is Trouble.STUCK_OPEN


def test_one_shake_is_no_fault() -> None:
    assert found((0.1, True), (9.0, False), (9.1, True), (12.0, False), (12.1, True)) is None


def test_three_times_in_ten_seconds_is_bouncing() -> None:
    shaken = [(0.1, True), (1.0, False), (1.1, True), (2.0, False), (2.1, True)]
    assert found(*shaken, (10.9, False)) is Trouble.BOUNCING
    assert found(*shaken, (11.1, False)) is None, "the first is forgotten"


def test_a_new_command_begins_anew() -> None:
    _, last = seen((0.1, True), (1.0, False), (1.1, True), (2.0, False), (2.1, True))
    released = look(last, True, 3.1, energised=False, driven=3.0)
    assert (released.falls, released.apart) == ((), None)


@pytest.mark.parametrize(("took", "told"), [(0.2, False), (0.3, True), (0.9, True)])
def test_a_contact_that_takes_long_is_told(took: float, told: bool) -> None:
    before, after = seen((0.1, False), (took, False), (took + 0.01, True))
    assert slowly(before, after, FOLLOW) == (pytest.approx(took) if told else None)
    assert slowly(after, look(after, True, 5.0, energised=True, driven=0.0), FOLLOW) is None, "once"


@pytest.mark.parametrize("looks", [((1.05, True),), ((0.1, False), (1.05, True))])
def test_a_look_that_comes_late_is_not_held_against_the_contact(
    looks: tuple[tuple[float, bool], ...],
) -> None:
    assert slowly(*seen(*looks), FOLLOW) is None


def test_a_contact_that_comes_back_is_not_slow() -> None:
    before, after = seen((0.1, True), (9.0, False), (9.4, True))
    assert slowly(before, after, FOLLOW) is None


def test_without_an_auxiliary_contact_nothing_is_found_and_it_counts_from_the_first_look() -> None:
    """A host may have driven the coil later than it was decided, but before that look."""
    _, last = seen((0.05, None), (9.0, None))
    assert trouble(last, 9.0, FOLLOW) is None
    assert last.stands(0.151, 0.1)
    assert not last.stands(0.149, 0.1)


def test_an_output_that_could_be_driven_only_now_counts_from_now() -> None:
    """Without an auxiliary contact; while it cannot be driven, it counts as one that does not follow."""
    _, last = seen((0.1, False), (7.0, None))
    assert not last.stands(7.09, 0.1)
    assert last.stands(7.11, 0.1)


def test_a_contact_stands_from_the_look_that_shows_it() -> None:
    _, last = seen((0.3, False), (0.4, True))
    assert not last.stands(0.49, 0.1)
    assert last.stands(0.51, 0.1)


def test_every_fault_begins_with_its_word() -> None:
    assert kind(Trouble.WELDED.told("the contact stays closed: look")) == Trouble.WELDED
