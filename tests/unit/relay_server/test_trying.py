"""One contact there and back, by hand: the order of the coils, and what is said of what is seen."""

from __future__ import annotations

import pytest

from relay_server.acts import HOME
from relay_server.drivers.recording import RecordingPins
from relay_server.trying import Move, Verdict, moves, try_contact
from tests.unit.relay_server.bench import FEED, FEED_PIN, HOME_PIN, SETTINGS, TIE, TIE_PIN


class Day:
    """A clock that only the trial's own pauses move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pins = RecordingPins(clock=lambda: self.now)

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def trial(self, contact: int) -> list[tuple[int, bool, Verdict]]:
        seen = try_contact(SETTINGS, contact, self.pins, hold=2.0, clock=lambda: self.now, pause=self.pause)
        return [(each.move.contact, each.move.energised, each.verdict) for each in seen]


def test_a_feed_closes_and_opens() -> None:
    day = Day()
    assert day.trial(FEED) == [(FEED, True, Verdict.GOOD), (FEED, False, Verdict.GOOD)]
    assert day.pins.changes() == [(0.0, FEED_PIN, True), (2.0, FEED_PIN, False)]


def test_around_a_tie_home_is_open_with_the_dead_time_on_both_sides() -> None:
    day = Day()
    assert {verdict for *_, verdict in day.trial(TIE)} == {Verdict.GOOD}
    (opened, _, _), (tied, _, _), (untied, _, _), (home, _, _) = day.pins.changes(HOME_PIN, TIE_PIN)
    assert tied - opened >= SETTINGS.dead_time
    assert home - untied >= SETTINGS.dead_time


def test_home_that_does_not_open_leaves_the_tie_alone() -> None:
    day = Day()
    day.pins.stuck.add(HOME_PIN)
    assert day.trial(TIE) == [(HOME, True, Verdict.BAD)]
    assert day.pins.changes(TIE_PIN) == []
    assert not any(day.pins.energised.values())


def test_without_an_auxiliary_contact_somebody_has_to_look() -> None:
    day = Day()
    day.pins.unwired.add(FEED_PIN)
    assert {verdict for *_, verdict in day.trial(FEED)} == {Verdict.UNKNOWN}


def test_an_output_that_cannot_be_driven_is_bad_and_keeps_no_other_coil_energised() -> None:
    day = Day()
    day.pins.broken.add(TIE_PIN)
    with pytest.raises(OSError, match="broken"):
        day.trial(TIE)
    assert not day.pins.energised[HOME_PIN]


def test_whoever_breaks_off_leaves_every_coil_released() -> None:
    day = Day()
    trial = try_contact(SETTINGS, TIE, day.pins, hold=2.0, clock=lambda: day.now, pause=day.pause)
    next(trial)
    next(trial)
    trial.close()
    assert not any(day.pins.energised.values())
    assert [pin for _, pin, energised in day.pins.changes() if not energised] == [TIE_PIN, HOME_PIN]


@pytest.mark.parametrize("contact", [HOME, FEED])
def test_a_contact_that_is_no_tie_is_moved_alone(contact: int) -> None:
    assert moves(SETTINGS, contact) == (
        Move(contact=contact, energised=True),
        Move(contact=contact, energised=False),
    )
