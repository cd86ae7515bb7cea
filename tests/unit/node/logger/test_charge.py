"""State of charge: what the gauge says, what was counted, what the voltage tells, and how sure each is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.logger.charge import REST_SECONDS, Charge, Method, Pack, Seen, estimate, resumed
from node.logger.curves import Chemistry, Curve, curve
from node.logger.settings import BatterySettings

STRAIGHT = Curve(((0.0, 3_000.0), (1.0, 4_000.0)))
PACK = Pack(capacity=10_000, fuelgauge=False, curve=STRAIGHT)
GAUGED = replace(PACK, fuelgauge=True)


def seen(at: float = 0.0, **values: int | None) -> Seen:
    empty: dict[str, int | None] = dict.fromkeys(("forward", "reverse", "power", "voltage", "soc"))
    return Seen(at=at, **{**empty, **values})


def known(before: Charge | None, now: Seen, pack: Pack = PACK) -> Charge:
    after = estimate(before, now, pack)
    assert after is not None
    return after


def test_the_fuel_gauge_is_believed_when_there_is_one() -> None:
    charge = known(None, seen(soc=4_321, voltage=3_900), GAUGED)
    assert (charge.soc.value, charge.method, charge.confidence) == (4_321, Method.FUELGAUGE, 95)


def test_a_gauge_that_nobody_configured_is_not() -> None:
    assert known(None, seen(soc=4_321, voltage=3_900)).method is Method.VOLTAGE


def test_a_gauge_that_falls_silent_leaves_the_count_to_go_on() -> None:
    gauged = known(None, seen(soc=5_000, forward=0, reverse=0), GAUGED)
    counted = known(gauged, seen(1.0, forward=1_000, reverse=0), GAUGED)
    assert (counted.soc.value, counted.method) == (6_000, Method.COULOMB)


def test_nothing_is_known_without_voltage_gauge_or_past() -> None:
    assert estimate(None, seen(power=5), PACK) is None


def test_the_voltage_gives_the_first_estimate_and_counting_goes_on_from_it() -> None:
    first = known(None, seen(voltage=3_500, forward=0, reverse=0, power=0))
    assert (first.soc.value, first.method) == (5_000, Method.VOLTAGE)
    then = known(first, seen(1.0, voltage=3_400, forward=100, reverse=1_100, power=-9_000_000))
    assert (then.soc.value, then.method) == (4_000, Method.COULOMB)


def test_under_load_a_voltage_is_worth_less_than_at_rest() -> None:
    assert (
        known(None, seen(voltage=3_500, power=-20_000)).confidence
        < known(None, seen(voltage=3_500, power=0)).confidence
    )


def test_a_known_resistance_takes_the_drop_out_of_the_voltage() -> None:
    # 7 W out of 3.5 V is 2 A; over 50 mΩ that is 100 mV.
    drained = known(None, seen(voltage=3_500, power=-7_000), replace(PACK, resistance=50))
    assert drained.soc.value == 6_000


def test_counting_loses_confidence_and_a_rest_gives_it_back() -> None:
    charge = known(None, seen(voltage=3_500, forward=0, reverse=0, power=0))
    moved = 0
    for second in range(1, 100):
        moved += 2_000
        charge = known(charge, seen(second, voltage=3_500, forward=moved, reverse=moved, power=9_000_000))
    tired = charge
    assert tired.confidence < 80
    quiet = seen(200.0, voltage=3_700, forward=moved, reverse=moved, power=1)
    charge = known(tired, quiet)
    charge = known(charge, replace(quiet, at=200.0 + REST_SECONDS))
    assert charge.confidence > tired.confidence
    assert abs(charge.level - 0.7) < abs(tired.level - 0.7)


def test_one_rest_corrects_once_and_not_at_every_sample() -> None:
    start = Charge(level=0.5, error=0.05, method=Method.COULOMB, forward=0, reverse=0, resting=0.0)
    rested = seen(REST_SECONDS, voltage=3_600, forward=0, reverse=0, power=0)
    first = known(start, rested)
    assert first.level > 0.5
    assert known(first, replace(rested, at=REST_SECONDS + 1)).level == first.level


def test_a_flat_curve_makes_a_voltage_uncertain() -> None:
    flat = Pack(
        capacity=10_000,
        fuelgauge=False,
        curve=curve(BatterySettings(sensor="battery", capacity="10 Wh", chemistry=Chemistry.LIFEPO4)),
    )
    middle, end = (
        known(None, seen(voltage=3_290, power=0), flat),
        known(None, seen(voltage=2_800, power=0), flat),
    )
    assert middle.confidence + 20 < end.confidence


def test_who_was_away_is_less_sure_unless_the_meter_counted_on() -> None:
    saved = Charge(level=0.5, error=0.05, method=Method.COULOMB, forward=0, reverse=0, at=7.0)
    assert resumed(saved, 100.0, 3_600.0, counted=True).error == 0.05
    assert resumed(saved, 100.0, 3_600.0, counted=False).error == pytest.approx(0.15)
    assert resumed(saved, 100.0, 60.0, counted=True).at == 40.0


readings = st.tuples(
    st.integers(0, 50_000), st.integers(0, 50_000), st.integers(-99_999, 99_999), st.integers(0, 5_000)
)


@given(said=st.lists(readings, min_size=1, max_size=30), pause=st.floats(0.1, 4_000))
def test_the_state_of_charge_stays_between_empty_and_full(
    said: list[tuple[int, int, int, int]], pause: float
) -> None:
    charge: Charge | None = None
    forward = reverse = 0
    for number, (into, out, power, voltage) in enumerate(said):
        forward, reverse = forward + into, reverse + out
        now = seen(number * pause, forward=forward, reverse=reverse, power=power, voltage=voltage)
        charge = known(charge, now)
        assert 0 <= charge.level <= 1
        assert 0 <= charge.error <= 0.5
        assert 0 <= charge.confidence <= 100


@pytest.mark.parametrize("chemistry", Chemistry)
@given(level=st.floats(0, 1))
def test_every_curve_rises_from_empty_to_full(chemistry: Chemistry, level: float) -> None:
    settings = BatterySettings(sensor="battery", capacity="1 Wh", chemistry=chemistry, cells=4)
    found = curve(settings)
    low, high = found.points[0][1], found.points[-1][1]
    assert found.level(low - 1) == 0 and found.level(high + 1) == 1
    assert found.level(low + level * (high - low)) <= found.level(low + level * (high - low) + 10)
