"""A calibration is refused unless it is certain."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.sensors.calibrating import Gain, Refused, Series, Zero, gain, zero


def series(mean: float, noise: float = 1.0, count: int = 30, drift: float = 0.0) -> Series:
    random = Random(7)
    return Series([round(mean + random.gauss(0, noise) + drift * n) for n in range(count)])


def reason(found: Zero | Gain | Refused) -> str:
    assert isinstance(found, Refused), found
    return found.reason


def test_the_zero_is_the_mean_of_what_is_shown_at_nothing() -> None:
    found = zero(series(12.0), 3_000)
    assert isinstance(found, Zero) and found.value == 12 and found.error < 1


def test_the_gain_makes_the_shown_value_true() -> None:
    found = gain(series(1_512.0), 1_530.0, 12, 3_000)
    assert isinstance(found, Gain) and found.value == pytest.approx(1.02, abs=0.001)


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (series(0.0, count=9), "only 9 samples came, 10 are needed"),
        (series(0.0, drift=5.0), "it is not steady: it went from"),
        (series(400.0), "it shows 400 at nothing, more than 10% of the most it can see"),
    ],
)
def test_a_zero_that_is_not_certain_is_refused(samples: Series, why: str) -> None:
    assert why in reason(zero(samples, 3_000))


@pytest.mark.parametrize(
    ("samples", "true", "why"),
    [
        (series(1_500.0, noise=200.0), 1_500.0, "too noisy: .* ± .* is known to .*% only, 0.5% is needed"),
        (series(100.0), 100.0, "a load of 100 is too small: at least 5% .* \\(150\\)"),
        (series(-1_500.0), 1_500.0, "turn the sensor round"),
        (series(300.0), 1_500.0, "so far off is no tolerance; correct the driver's options"),
        (series(0.0), 1_500.0, "too noisy"),
        (series(1_500.0, drift=20.0), 1_500.0, "it is not steady"),
    ],
)
def test_a_gain_that_is_not_certain_is_refused(samples: Series, true: float, why: str) -> None:
    import re

    assert re.search(why, reason(gain(samples, true, 0, 3_000)))


@given(
    factor=st.floats(0.6, 1.9),
    offset=st.integers(-200, 200),
    load=st.integers(1_000, 100_000),
    seed=st.integers(),
)
def test_what_is_accepted_corrects_the_sensor_to_a_percent(
    factor: float, offset: int, load: int, seed: int
) -> None:
    random = Random(seed)

    def shows(true: float) -> Series:
        return Series([round(true / factor + offset + random.gauss(0, 5)) for _ in range(30)])

    nothing = zero(shows(0), None)
    if isinstance(nothing, Refused):
        return  # one in thousands drifts by chance
    found = gain(shows(load), load, nothing.value, None)
    if isinstance(found, Gain):
        assert (load / factor + offset - nothing.value) * found.value == pytest.approx(load, rel=0.02)
