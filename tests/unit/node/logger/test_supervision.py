"""A sensor that fails is tried again, ever less often; one that hangs is given up."""

from __future__ import annotations

from node.logger.supervision import Act, Patience, Watch, asked, decide, failed, measured, state, waiting
from node.sensors.status import State

PATIENCE = Patience(read=2.0, start=10.0, tolerated=2, first=1.0, longest=15.0)


def act(watch: Watch, now: float, *, due: bool = True) -> Act:
    return decide(watch, now, PATIENCE, sample_due=due)


def running(now: float = 0.0) -> Watch:
    return measured(asked(Watch(), now))


def test_a_sensor_is_started_then_asked_on_every_beat() -> None:
    assert act(Watch(), 0.0) is Act.START
    assert act(running(), 1.0) is Act.ASK
    assert act(running(), 1.0, due=False) is Act.WAIT


def test_a_sensor_that_is_still_busy_is_not_asked_again() -> None:
    assert act(asked(running(), 1.0), 2.0) is Act.WAIT


def test_a_read_that_hangs_is_given_up() -> None:
    busy = asked(running(), 1.0)
    assert act(busy, 3.0) is Act.WAIT
    assert act(busy, 3.1, due=False) is Act.ABANDON


def test_opening_a_device_may_take_longer_than_reading_it() -> None:
    opening = asked(Watch(), 0.0)
    assert act(opening, 9.0) is Act.WAIT
    assert act(opening, 10.1) is Act.ABANDON


def test_two_failed_reads_are_tolerated_the_third_starts_the_driver_anew() -> None:
    watch = running()
    for now in (1.0, 2.0):
        watch = failed(asked(watch, now), now, PATIENCE, broken=False)
        assert watch.running and act(watch, now + 1) is Act.ASK
    watch = failed(asked(watch, 3.0), 3.0, PATIENCE, broken=False)
    assert not watch.running
    assert act(watch, 3.9) is Act.WAIT
    assert act(watch, 4.0) is Act.START


def test_an_answer_with_sense_forgives_everything() -> None:
    watch = failed(asked(running(), 1.0), 1.0, PATIENCE, broken=False)
    assert measured(watch).failures == 0


def test_the_back_off_doubles_up_to_its_longest() -> None:
    watch, pauses = Watch(), []
    for _ in range(7):
        watch = failed(asked(watch, 100.0), 100.0, PATIENCE, broken=True)
        pauses.append(watch.not_before - 100.0)
    assert pauses == [1, 2, 4, 8, 15, 15, 15]


def test_a_sensor_that_is_dead_for_a_year_is_still_tried() -> None:
    watch = Watch(failures=10**9)
    watch = failed(asked(watch, 0.0), 0.0, PATIENCE, broken=True)
    assert act(watch, 15.0) is Act.START


def test_only_a_fresh_value_is_live() -> None:
    assert state(running(), fresh=True) is State.LIVE
    assert state(running(), fresh=False) is State.STALE
    tolerated = failed(asked(running(), 1.0), 1.0, PATIENCE, broken=False)
    assert state(tolerated, fresh=True) is State.LIVE
    assert state(tolerated, fresh=False) is State.STALE


def test_a_sensor_that_was_given_up_has_failed_until_it_measures() -> None:
    assert state(Watch(), fresh=False) is State.STARTING
    given_up = failed(asked(running(), 1.0), 1.0, PATIENCE, broken=True)
    assert state(given_up, fresh=True) is State.FAILED
    assert state(asked(given_up, 9.0), fresh=False) is State.FAILED


def test_a_driver_that_waits_for_its_device_is_asked_again_and_never_started_anew() -> None:
    watch = Watch()
    for beat in range(100):
        watch = waiting(asked(watch, float(beat)))
        assert act(watch, beat + 1.0) is Act.ASK
    assert state(watch, fresh=False) is State.STARTING
