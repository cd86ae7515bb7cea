from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from simulation.supervisor.child import FIRST_PAUSE, HEALTHY, LONGEST_PAUSE, REFUSALS, Child, Command

COMMAND = Command(name="birch.relay", arguments=("true",), log=Path("relay.log"))


def test_a_new_child_is_due_at_once() -> None:
    assert Child(command=COMMAND).is_due(0)


def test_a_running_child_is_not_started_again() -> None:
    assert not Child(command=COMMAND).running(7, now=10).is_due(1000)


def test_a_child_that_dies_again_and_again_waits_longer_each_time() -> None:
    child, now, pauses = Child(command=COMMAND), 0.0, []
    for _ in range(8):
        child = child.running(7, now).died(1, now + 0.1)
        pauses.append(child.due - now - 0.1)
        now = child.due
    assert pauses[0] <= FIRST_PAUSE + 1e-6
    assert pauses == sorted(pauses)
    assert abs(pauses[-1] - LONGEST_PAUSE) < 1e-6


def test_a_child_that_lived_well_starts_again_quickly() -> None:
    child = Child(command=COMMAND, pause=LONGEST_PAUSE).running(7, now=0).died(-9, now=HEALTHY + 1)
    assert child.due == HEALTHY + 1 + FIRST_PAUSE


def test_a_wrong_configuration_is_not_tried_again() -> None:
    child = Child(command=COMMAND).running(7, now=0).died(78, now=1)
    assert child.refused
    assert not child.is_due(1e9)


@given(st.lists(st.tuples(st.integers(0, 255).filter(lambda c: c not in REFUSALS), st.floats(0, 100))))
def test_whatever_dies_comes_back_within_the_longest_pause(deaths: list[tuple[int, float]]) -> None:
    child, now = Child(command=COMMAND), 0.0
    for code, lived in deaths:
        child = child.running(7, now)
        now += lived
        child = child.died(code, now)
        assert child.due - now + 1e-6 >= FIRST_PAUSE
        assert child.is_due(now + LONGEST_PAUSE + 1e-6)
        now += LONGEST_PAUSE + 1e-6
