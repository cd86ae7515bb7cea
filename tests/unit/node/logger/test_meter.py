"""A meter's registers never fall and never spike, whatever its device does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from node.logger.counting import Restarted
from node.logger.integration import GRAINS_PER_MWH
from node.logger.meter import NANOSECONDS, Direction, Limits, Meter, step
from node.logger.observation import Observation

LIMITS = Limits(rating=300_000, longest=3 * NANOSECONDS)


def stepped(meter: Meter, seen: Observation) -> Meter:
    after = step(meter, seen, LIMITS)
    assert after is not None
    return after.meter


def test_power_is_integrated_where_the_device_does_not_count() -> None:
    meter = Meter(name="load")
    for second in range(3_601):
        meter = stepped(meter, Observation(at=float(second), power=2_000))
    register = meter.register()
    assert register is not None
    assert (register.forward, register.reverse, register.power, register.sampled) == (2_000, 0, 2_000, 3_600)


def test_the_counter_counts_where_there_is_one_whatever_the_power_says() -> None:
    meter = stepped(Meter(name="tie-11"), Observation(at=0.0, power=9_000, forward=500, reverse=0))
    meter = stepped(meter, Observation(at=1.0, power=9_000, forward=502, reverse=1))
    assert (meter.forward.mwh, meter.reverse.mwh) == (502, 1)


def test_a_direction_without_counter_is_integrated_beside_one_with() -> None:
    meter = stepped(Meter(name="battery"), Observation(at=0.0, power=-7_200_000, forward=10))
    meter = stepped(meter, Observation(at=1.0, power=-7_200_000, forward=10))
    assert (meter.forward.mwh, meter.reverse.mwh) == (10, 2_000)


def test_a_new_meter_shows_what_its_device_shows() -> None:
    assert stepped(Meter(name="tie-11"), Observation(at=0.0, forward=1_234, reverse=5)).forward.mwh == 1_234


def test_a_reset_of_the_device_is_told_and_counting_goes_on_from_there() -> None:
    meter = stepped(Meter(name="tie-11"), Observation(at=0.0, forward=1_000))
    after = step(meter, Observation(at=1.0, forward=4), LIMITS)
    assert after is not None and after.restarts == (Restarted(1_000, 4),)
    assert after.meter.forward.mwh == 1_000
    assert stepped(after.meter, Observation(at=2.0, forward=9)).forward.mwh == 1_005


def test_a_counter_that_vanishes_and_returns_counts_nothing_twice() -> None:
    meter = stepped(Meter(name="tie-11"), Observation(at=0.0, power=36_000, forward=1_000))
    meter = stepped(meter, Observation(at=1.0, power=36_000))  # integrated: 10 mWh
    meter = stepped(meter, Observation(at=2.0, power=36_000, forward=1_020))
    assert meter.forward.mwh == 1_010
    assert stepped(meter, Observation(at=3.0, power=36_000, forward=1_030)).forward.mwh == 1_020


def test_a_meter_that_only_counts_has_the_power_of_its_steps() -> None:
    meter = stepped(Meter(name="tie-11"), Observation(at=0.0, forward=1_000))
    assert stepped(meter, Observation(at=2.0, forward=1_010)).power == 18_000


def test_a_sensor_of_voltage_alone_has_no_register() -> None:
    assert step(Meter(name="bus"), Observation(at=0.0, voltage=12_000), LIMITS) is None


def test_after_a_restart_the_register_does_not_fall_below_what_was_published() -> None:
    saved = Meter(name="tie-11", forward=Direction(100 * GRAINS_PER_MWH, 700, 130 * GRAINS_PER_MWH), at=0.0)
    assert stepped(saved, Observation(at=1.0, forward=735)).forward.mwh == 135  # counted by the device
    assert stepped(saved, Observation(at=1.0, forward=2)).forward.mwh == 130  # or reset meanwhile


observations = st.builds(
    Observation,
    at=st.just(0.0),
    power=st.none() | st.integers(-600_000, 600_000),
    forward=st.none() | st.integers(0, 2_000_000),
    reverse=st.none() | st.integers(0, 2_000_000),
)


@given(said=st.lists(st.tuples(st.floats(0.001, 30.0), observations), max_size=40))
def test_registers_never_fall_and_never_outrun_the_rating(said: list[tuple[float, Observation]]) -> None:
    """Beyond the very first reading, each step adds at most what the rating (doubled, for power) allows."""
    meter, at = Meter(name="any", at=0.0), 0.0
    for pause, seen in said:
        at += pause
        after = step(meter, replace(seen, at=at), LIMITS)
        if after is None:
            continue
        since = at - (meter.at or 0.0)
        most = 2 * LIMITS.rating * (since + 60) / 3_600 + 1
        for before, now in ((meter.forward, after.meter.forward), (meter.reverse, after.meter.reverse)):
            assert 0 <= now.mwh - before.mwh <= most
        meter = after.meter


@given(
    powers=st.lists(st.integers(0, 300_000), min_size=3, max_size=60),
    crashes=st.sets(st.integers(1, 58)),
)
def test_a_counter_meter_is_right_after_any_number_of_crashes(powers: list[int], crashes: set[int]) -> None:
    """Each crash goes back to a state saved some samples before; the device counted on."""
    device, at = 0, 0.0
    meter = saved = Meter(name="tie-11")
    for number, power in enumerate(powers):
        device += power // 3_600
        at += 1.0
        if number in crashes:
            shown = meter.forward.mwh * GRAINS_PER_MWH
            meter = replace(saved, forward=replace(saved.forward, floor=shown))
        meter = stepped(meter, Observation(at=at, power=power, forward=device, reverse=0))
        assert meter.forward.mwh == device
        if number % 5 == 0:
            saved = meter
