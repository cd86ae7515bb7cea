"""A sensor before a known load, out of samples: its zero, its gain, or why not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.sensors.calibrating import Refused
from node.sensors.correction import corrected
from node.sensors.known_load import Corrected, as_built, measured
from node.sensors.status import UNSTATED


def samples(**values: float) -> list[dict[str, float]]:
    return [{name: value + n % 2 for name, value in values.items()} for n in range(20)]


def test_a_zero_is_what_is_shown_at_nothing() -> None:
    came = measured("current", samples(current=12), None, Corrected(5, 1.1), UNSTATED)
    assert came.result == Corrected(zero=12, gain=1.1)
    assert came.samples == 20


def test_a_gain_is_what_makes_the_true_value_of_what_is_shown_above_the_zero() -> None:
    came = measured("current", samples(current=1_499.5), 1_530.0, Corrected(12), UNSTATED)
    assert came.result == Corrected(zero=12, gain=round(1_530 / 1_488, 5))


def test_a_load_that_is_too_small_for_the_sensors_rating_is_refused() -> None:
    came = measured("power", samples(power=1_000), 1_000.0, Corrected(), 100_000)
    assert isinstance(came.result, Refused)
    assert "too small" in came.result.reason


def test_a_currents_largest_value_follows_from_a_rating_that_was_said() -> None:
    slight = samples(current=300, voltage=12_000)
    said = measured("current", slight, 300.0, Corrected(), 120_000)
    unsaid = measured("current", slight, 300.0, Corrected(), UNSTATED)
    assert isinstance(said.result, Refused)
    assert isinstance(unsaid.result, Corrected)


def test_a_power_that_is_no_product_is_calibrated_itself() -> None:
    alternating = samples(voltage=230_000, current=1_000, power=150_000)
    came = measured("current", alternating, 1_000.0, Corrected(), UNSTATED)
    assert isinstance(came.result, Refused)
    assert "calibrate its power" in came.result.reason


@given(
    st.integers(-5_000_000, 5_000_000),
    st.integers(-500, 500),
    st.floats(0.5, 2.0, allow_nan=False),
)
def test_what_a_sensor_shows_is_found_again_to_a_unit(shown: int, zero: int, gain: float) -> None:
    class By:
        pass

    by = By()
    by.zero, by.gain = zero, gain  # type: ignore[attr-defined]
    said = corrected(shown, by)  # type: ignore[arg-type]
    found = as_built({"current": said}, {"current": Corrected(zero, gain)})
    assert found["current"] == pytest.approx(shown, abs=1.01)


def test_a_power_that_was_made_of_both_is_made_of_both_again() -> None:
    said = {"voltage": 12_000, "current": 1_100, "power": 13_200}
    found = as_built(said, {"current": Corrected(100, 1.0)})
    assert found == {"voltage": 12_000.0, "current": 1_200.0, "power": 14_400.0}
    assert as_built(said, {}) == said
