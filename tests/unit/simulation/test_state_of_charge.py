"""The estimated state of charge beside the true one, through days of sun and loads in the simulated world.

What is printed (`pytest -rP`) is the error in points of a percent: of the mean, and the worst.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import pytest

from node.logger import charge, meter
from node.logger.charge import Charge, Method, Pack, Seen
from node.logger.curves import CELLS, Chemistry, Curve
from node.logger.meter import NANOSECONDS, Limits, Meter
from node.logger.observation import Observation
from simulation.world import BatterySpec, HouseholdSpec, WorldSpec, battery, initial, step
from simulation.world.instruments import electric

CAPACITY = 1_000_000
STEP = 30.0
DAY = 86_400

THEIRS = Curve(tuple((level, float(mv * battery.CELLS)) for level, mv in CELLS[Chemistry.LIFEPO4]))
"""The chemistry's curve as it comes with Commonwatt; the world's battery is not quite that."""

PACK = Pack(capacity=CAPACITY, fuelgauge=False, curve=THEIRS, resistance=30)


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """What sits on the battery, and how wrong it is."""

    gain: float = 1.0
    zero: float = 0.0
    """mA."""

    current: bool = True
    gauge: bool = False


@dataclass(frozen=True)
class Held:
    """The estimate beside the truth: errors of the level, and how often it lay within two standard errors."""

    errors: list[float]
    within: float
    last: Charge

    @property
    def mean(self) -> float:
        return sum(map(abs, self.errors)) / len(self.errors)

    @property
    def worst(self) -> float:
        return max(map(abs, self.errors))


def days(
    number: float, instrument: Instrument, pack: Pack = PACK, *, soc: float = 0.4, first: Charge | None = None
) -> Held:
    home = HouseholdSpec(
        name="birch",
        battery=BatterySpec(capacity=CAPACITY, soc=soc, charge=300, discharge=600),
        load=35,
        panel=170,
        home=False,
    )
    world = WorldSpec(begins=0.25, households=(home,), contacts=(), lines=(), seed=7)
    state, noise, limits = (
        initial(world),
        Random(3),
        Limits(rating=1_000_000, longest=round(91 * NANOSECONDS)),
    )
    counted, estimate, errors, believed = Meter(name="battery"), first, [], 0
    for _ in range(round(number * DAY / STEP)):
        state, _notes = step(world, state, STEP)
        now = state.homes["birch"]
        true = now.stored / CAPACITY
        shown = electric(now.volts, now.battery_w, noise)
        amps = round(shown["current"] * instrument.gain + instrument.zero)
        power = round(shown["voltage"] * amps / 1_000) if instrument.current else None
        stepped = meter.step(counted, Observation(at=state.t, voltage=shown["voltage"], power=power), limits)
        counted = counted if stepped is None else stepped.meter
        estimate = charge.estimate(
            estimate,
            Seen(
                at=state.t,
                forward=counted.forward.mwh if instrument.current else None,
                reverse=counted.reverse.mwh if instrument.current else None,
                power=power,
                voltage=shown["voltage"],
                soc=round(true * 10_000) if instrument.gauge else None,
            ),
            pack,
        )
        assert estimate is not None
        errors.append(estimate.level - true)
        believed += abs(errors[-1]) <= 2 * estimate.error + 0.005
    assert estimate is not None
    held = Held(errors, believed / len(errors), estimate)
    print(f"mean {100 * held.mean:.1f}, worst {100 * held.worst:.1f}, within two errors {held.within:.0%}")
    return held


def test_counting_keeps_the_charge_to_a_few_percent() -> None:
    held = days(3, Instrument())
    assert held.last.method is Method.COULOMB
    assert held.mean < 0.03 and held.worst < 0.08
    assert held.within > 0.95


def test_a_sensor_that_is_off_is_corrected_at_rest() -> None:
    held = days(4, Instrument(gain=1.02, zero=-20))
    assert held.mean < 0.05 and held.worst < 0.12
    assert held.within > 0.9


def test_a_wrong_beginning_is_forgotten() -> None:
    """The battery was exchanged while nobody looked: the estimate says 90 %, the truth is 40 %."""
    wrong = Charge(level=0.9, error=0.2, method=Method.COULOMB, forward=0, reverse=0)
    held = days(4, Instrument(), first=wrong)
    later = held.errors[len(held.errors) // 2 :]
    assert max(map(abs, later)) < 0.08


def test_without_a_current_the_voltage_tells_less_and_says_so() -> None:
    held = days(2, Instrument(current=False))
    assert held.last.method is Method.VOLTAGE
    assert held.mean < 0.12
    assert held.within > 0.95
    counted = days(2, Instrument())
    assert held.last.confidence < counted.last.confidence


def test_a_gauge_is_taken_at_its_word() -> None:
    held = days(0.2, Instrument(gauge=True), replace(PACK, fuelgauge=True))
    assert held.worst < 0.001 and held.last.method is Method.FUELGAUGE


def test_a_short_dip_of_the_voltage_does_not_make_a_full_battery_empty() -> None:
    full = charge.estimate(None, seen(0.0, 26_800), PACK)
    dipped = charge.estimate(full, seen(1.0, 24_000), PACK)
    assert full is not None and dipped is not None
    assert full.level - dipped.level < 0.05
    fallen: Charge | None = dipped
    for second in range(2, 600):
        fallen = charge.estimate(fallen, seen(float(second), 24_000), PACK)
    assert fallen is not None and fallen.level == pytest.approx(PACK.curve.level(24_000), abs=0.02)


def seen(at: float, voltage: int) -> Seen:
    return Seen(at=at, forward=None, reverse=None, power=None, voltage=voltage, soc=None)
