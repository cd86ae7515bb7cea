"""Nothing that a driver says is believed unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.logger.observation import Nonsense, Observation, Unchanged, observe
from node.sensors.driver import Measurement, Quantity

RATING = 300_000


def measured(taken: float = 10.0, **values: int) -> list[Measurement]:
    return [Measurement(Quantity(name), value, taken) for name, value in values.items()]


def test_what_makes_sense_is_taken_as_it_is() -> None:
    said = measured(voltage=12_000, current=-500, power=-6_000, forward=1, reverse=2, soc=5_000)
    assert observe(said, 9.0, 10.0, RATING) == Observation(
        at=10.0, voltage=12_000, current=-500, power=-6_000, forward=1, reverse=2, soc=5_000
    )


def test_power_is_voltage_times_current_when_the_device_has_none() -> None:
    seen = observe(measured(voltage=12_000, current=-1_500), None, 10.0, RATING)
    assert isinstance(seen, Observation) and seen.power == -18_000


def test_a_sample_is_as_old_as_its_oldest_energy() -> None:
    said = [*measured(9.0, power=1), *measured(10.0, forward=1), *measured(2.0, voltage=1)]
    seen = observe(said, None, 10.0, RATING)
    assert isinstance(seen, Observation) and seen.at == 9.0


def test_a_device_that_repeats_itself_is_not_live() -> None:
    assert observe(measured(power=1), 10.0, 12.0, RATING) == Unchanged()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "measured nothing"),
        (None, "measured nothing"),
        ([("power", 3)], "no measurement"),
        ([Measurement(Quantity.POWER, cast("int", 1.5), 10.0)], "integer"),
        ([Measurement(Quantity.POWER, True, 10.0)], "integer"),
        (measured(12.0, power=1), "future"),
        (measured(8.0, power=1), "back in time"),
        (measured(forward=-1), "below zero"),
        (measured(soc=10_001), "state of charge"),
        (measured(power=600_001), "rating"),
        (measured(voltage=600_000, current=2_000), "rating"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(said: Any, why: str) -> None:
    seen = observe(said, 9.0, 10.0, RATING)
    assert isinstance(seen, Nonsense) and why in seen.reason


anything = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3), st.booleans())


@given(
    said=st.lists(
        st.builds(
            lambda quantity, value, taken: Measurement(quantity, cast("int", value), cast("float", taken)),
            st.sampled_from(Quantity),
            anything,
            anything,
        )
    )
)
def test_no_driver_can_break_the_check(said: Sequence[Measurement]) -> None:
    seen = observe(said, 9.0, 10.0, RATING)
    if isinstance(seen, Observation):
        assert 9.0 < seen.at <= 10.1
        assert seen.power is None or abs(seen.power) <= 2 * RATING


@pytest.mark.parametrize("quantity", ["forward", "voltage", "current"])
def test_a_value_that_could_not_be_stored_spoils_no_others(quantity: str) -> None:
    seen = observe(measured(power=5, **{quantity: 2**63}), 9.0, 10.0, RATING)
    assert isinstance(seen, Nonsense)
