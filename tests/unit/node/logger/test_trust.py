"""A sensor that lies is not believed: out of range, frozen, or with a jump that nothing confirms."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.logger.observation import Observation
from node.logger.trust import Bounds, Trust, judge
from node.sensors.settings import SensorSettings

BOUNDS = Bounds(rating=300_000, lowest_voltage=9_000, highest_voltage=15_000, frozen_after=60.0)


def seen(at: float, **values: int) -> Observation:
    return Observation(at=at, **{"voltage": 12_000, "power": 1_000, **values})  # type: ignore[arg-type]


def lies(*said: Observation, bounds: Bounds = BOUNDS) -> list[str | None]:
    trust, found = Trust(), []
    for one in said:
        trust, lie = judge(trust, one, bounds)
        found.append(lie)
    return found


def test_bounds_are_those_of_the_configuration() -> None:
    settings = SensorSettings.model_validate(
        {"driver": "x", "rating": "300 W", "lowest_voltage": "9 V", "highest_voltage": "15000 mV",
         "frozen_after": "1 min"}
    )  # fmt: skip
    assert Bounds.of(settings) == BOUNDS


@pytest.mark.parametrize(
    ("volts", "why"), [(8_999, "below the lowest of 9 V"), (15_001, "above the highest")]
)
def test_a_voltage_that_the_household_cannot_have_is_not_believed(volts: int, why: str) -> None:
    [lie] = lies(seen(0.0, voltage=volts))
    assert lie is not None and why in lie


def test_a_sensor_that_shows_the_same_for_too_long_is_frozen_until_it_moves() -> None:
    found = lies(*(seen(float(second)) for second in range(63)), seen(63.0, voltage=12_001))
    assert found[:61] == [None] * 61
    assert found[61:] == [
        "it has shown exactly the same for 61 s",
        "it has shown exactly the same for 62 s",
        None,
    ]


def test_nothing_at_all_may_be_shown_for_ever() -> None:
    quiet = Bounds(rating=300_000, frozen_after=60.0)
    assert not any(lies(*(seen(10.0 * n, voltage=0, power=0) for n in range(60)), bounds=quiet))


def test_only_who_asks_for_it_has_frozen_sensors_refused() -> None:
    assert not any(lies(*(seen(10.0 * n) for n in range(60)), bounds=replace(BOUNDS, frozen_after=None)))


def test_a_single_wild_value_is_dropped() -> None:
    found = lies(seen(0.0), seen(1.0, power=500_000), seen(2.0, power=1_001))
    assert found == [None, "its power jumped from 1 W to 500 W", None]


def test_a_jump_that_the_next_sample_says_again_is_believed() -> None:
    found = lies(seen(0.0, power=-200_000), seen(1.0, power=200_000), seen(2.0, power=201_000))
    assert [lie is None for lie in found] == [True, False, True]


def test_two_wild_values_do_not_confirm_each_other() -> None:
    found = lies(seen(0.0), seen(1.0, power=500_000), seen(2.0, power=-500_000), seen(3.0))
    assert [lie is None for lie in found] == [True, False, False, True]


def test_a_battery_does_not_gain_a_fifth_within_a_minute() -> None:
    found = lies(seen(0.0, soc=5_000), seen(1.0, soc=9_000), seen(2.0, soc=5_001))
    assert [lie is None for lie in found] == [True, False, True]
    assert lies(seen(0.0, soc=5_000), seen(61.0, soc=9_000)) == [None, None]


@given(st.lists(st.integers(-600_000, 600_000), min_size=1, max_size=40))
def test_two_believed_neighbours_are_a_rating_apart_or_confirmed(powers: list[int]) -> None:
    said = [seen(float(n), power=power, voltage=12_000 + n) for n, power in enumerate(powers)]
    found = lies(*said)
    assert found[0] is None
    believed = [one for one, lie in zip(said, found, strict=True) if lie is None]
    for before, after in pairwise(believed):
        assert before.power is not None and after.power is not None
        if abs(after.power - before.power) > BOUNDS.rating:
            doubted = said[round(after.at) - 1]
            assert doubted not in believed
            assert doubted.power is not None and abs(after.power - doubted.power) <= BOUNDS.rating
