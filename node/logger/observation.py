"""What a sensor said, checked before anybody believes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from node.sensors.driver import Kind, Measurement, Quality, Quantity
from quantities.soc import FULL

AHEAD = 0.1
"""Seconds that a measurement may lie in the future: rounding, not a lie."""

OVERLOAD = 2
"""A power beyond this many times the rating is a lie, not an overload."""

LARGEST = 2**53
"""Beyond it a value is nobody's measurement; near 2⁶³ it could not be stored, nor what comes with it."""

ENERGY = (Quantity.POWER, Quantity.CURRENT, Quantity.FORWARD, Quantity.REVERSE)
COUNTERS = tuple(quantity for quantity in Quantity if quantity.kind is Kind.COUNTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One believable sample of one sensor; None where it does not measure that."""

    at: float
    """Boottime seconds, of its oldest measurement of energy."""

    voltage: int | None = None
    current: int | None = None
    power: int | None = None
    forward: int | None = None
    reverse: int | None = None
    soc: int | None = None
    quality: Quality = Quality.GOOD
    """The worst of its measurements."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The device has nothing new since the last sample: it counts as older and older."""


@dataclass(frozen=True, slots=True)
class Nonsense:
    """What the sensor said cannot be; nothing of it is used."""

    reason: str


def observe(
    said: Sequence[Measurement], previous: float | None, now: float, rating: int
) -> Observation | Unchanged | Nonsense:
    """Check what a driver returned.

    Args:
        previous: `Observation.at` of the sample before.
        now: boottime seconds, after the driver returned.
        rating: mW, the most that the meter can see.
    """
    problem = _malformed(said)
    if problem:
        return Nonsense(problem)
    values = {measurement.quantity: measurement.value for measurement in said}
    taken = [m.taken for m in said if m.quantity in ENERGY] or [m.taken for m in said]
    at, power = min(taken), _power(values)
    if at == previous:
        return Unchanged()
    problem = _untimely(at, previous, now) or _impossible(values, power, rating)
    if problem:
        return Nonsense(problem)
    return Observation(
        at=at,
        voltage=values.get(Quantity.VOLTAGE),
        current=values.get(Quantity.CURRENT),
        power=power,
        forward=values.get(Quantity.FORWARD),
        reverse=values.get(Quantity.REVERSE),
        soc=values.get(Quantity.SOC),
        quality=Quality.GOOD if all(m.quality is Quality.GOOD for m in said) else Quality.UNCERTAIN,
    )


def _malformed(said: object) -> str | None:
    """Drivers come from anywhere: what they return is checked like any input."""
    if not isinstance(said, Sequence) or not said:
        return "it measured nothing"
    for one in said:
        if not isinstance(one, Measurement) or not isinstance(one.quantity, Quantity):
            return f"it returned {one!r}, which is no measurement"
        if not isinstance(one.quality, Quality):
            return f"{one.quantity} has the quality {one.quality!r}"
        if type(one.value) is not int or not isinstance(one.taken, float):
            return f"{one.quantity} is {one.value!r} at {one.taken!r}: an integer and seconds are needed"
        if abs(one.value) > LARGEST:
            return f"{one.quantity} is {one.value}, more than anything can measure"
    return None


def _untimely(at: float, previous: float | None, now: float) -> str | None:
    if at > now + AHEAD:
        return f"it measures {at - now:.1f} s in the future"
    if previous is not None and at < previous:
        return f"it went back in time by {previous - at:.1f} s"
    return None


def _impossible(values: dict[Quantity, int], power: int | None, rating: int) -> str | None:
    if any(values.get(counter, 0) < 0 for counter in COUNTERS):
        return "an energy counter is below zero"
    soc = values.get(Quantity.SOC, 0)
    if not 0 <= soc <= FULL:
        return f"a state of charge of {soc / 100:g} %"
    if power is not None and abs(power) > OVERLOAD * rating:
        return f"{power / 1000:g} W, far beyond the rating of {rating / 1000:g} W"
    return None


def _power(values: dict[Quantity, int]) -> int | None:
    if Quantity.POWER in values:
        return values[Quantity.POWER]
    if Quantity.VOLTAGE in values and Quantity.CURRENT in values:
        return round(values[Quantity.VOLTAGE] * values[Quantity.CURRENT] / 1_000)
    return None
