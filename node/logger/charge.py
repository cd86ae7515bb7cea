"""State of charge, by fuel gauge, by counting what goes in and out, or by voltage; and how sure it is.

Counting is exact over minutes and drifts over days; the voltage is rough, at rest less so, and never drifts.
The two are weighed by their variances, a Kalman filter of one number: counting adds to the error with every
milliwatt-hour moved, and a rest of the battery takes the error down to that of its voltage. See e.g.
G. Plett, Battery Management Systems II, chapter 3, for the general form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import hypot, sqrt

from node.logger.curves import Curve
from quantities.soc import FULL, SoC

COUNTING_ERROR = 0.02
"""Of the energy moved: sensor's gain, and what charging loses."""

STANDING_ERROR_PER_DAY = 0.01
"""Self-discharge and the sensor's offset."""

VOLTAGE_ERROR = 0.002
"""Of the voltage at rest: sensor, temperature, hysteresis."""

UNKNOWN_DROP = 0.04
"""Of the voltage, under load, when the battery's resistance is not known."""

RESISTANCE_ERROR = 0.3
"""Of the drop over the internal resistance: it changes with temperature, age and charge."""

RELAXING_ERROR = 0.01
"""Of the voltage, before the battery has come to rest."""

ABSENCE_ERROR_PER_HOUR = 0.1
"""When nobody counted: what a household does with its battery meanwhile."""

SMALLEST_ERROR, LARGEST_ERROR = 0.01, 0.5
REST_SECONDS = 600.0
"""After which a battery's voltage has come close to its open-circuit voltage."""

REST_HOURS = 50
"""A power that takes longer than this many hours to empty the battery is rest."""

FOLLOWS = 60.0
"""Seconds in which an estimate by voltage alone goes half the way to what the voltage says now."""

GAUGE_CONFIDENCE = 95


class Method(StrEnum):
    """How the state of charge was found."""

    FUELGAUGE = "fuelgauge"
    COULOMB = "coulomb"
    VOLTAGE = "voltage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What is known about the battery beforehand."""

    capacity: int
    """mWh."""

    fuelgauge: bool
    curve: Curve
    resistance: int | None = None
    """mΩ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the battery's meter says now."""

    at: float
    """Boottime seconds."""

    forward: int | None
    """mWh, its register of charging; None if energy is not measured."""

    reverse: int | None
    """mWh, of discharging."""

    power: int | None
    voltage: int | None
    soc: int | None
    """Of a fuel gauge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """The estimate, carried from sample to sample and through restarts."""

    level: float
    """0 (empty) to 1 (full)."""

    error: float
    """Standard error of the level."""

    method: Method
    forward: int | None = None
    """mWh, the registers at which the level was right."""

    reverse: int | None = None
    at: float = 0.0
    """Boottime seconds of the sample."""

    resting: float | None = None
    """Boottime seconds since when next to nothing flows, or of the last correction in that rest."""

    @property
    def soc(self) -> SoC:
        """The state of charge."""
        return SoC(min(max(round(self.level * FULL), 0), FULL))

    @property
    def confidence(self) -> int:
        """0–100: a hundred less twice the standard error in percent."""
        if self.method is Method.FUELGAUGE:
            return GAUGE_CONFIDENCE
        return max(round(100 - 200 * self.error), 0)


def estimate(before: Charge | None, seen: Seen, pack: Pack) -> Charge | None:
    """The state of charge after one more sample; None as long as nothing is known about it."""
    if pack.fuelgauge and seen.soc is not None:
        return _at(seen, seen.soc / FULL, (100 - GAUGE_CONFIDENCE) / 200, Method.FUELGAUGE)
    resting = _resting_since(before, seen, pack)
    rested = resting is not None and seen.at - resting >= REST_SECONDS
    measured = None if seen.voltage is None else _by_voltage(seen.voltage, seen.power, pack, rested=rested)
    counted = None if before is None else _count(before, seen, pack)
    if counted is None:
        return before if measured is None else _smoothed(before, _at(seen, *measured, Method.VOLTAGE))
    if measured is not None and (rested or measured[1] < counted.error / 2):
        counted = _corrected(counted, measured)
    return replace(counted, resting=seen.at if rested else resting)


def resumed(saved: Charge, now: float, absence: float, *, counted: bool) -> Charge:
    """A saved estimate, taken up again after `absence` seconds without logger.

    Args:
        counted: whether the meter itself counted on meanwhile.
    """
    lost = 0.0 if counted else absence / 3_600 * ABSENCE_ERROR_PER_HOUR
    return replace(saved, at=now - absence, resting=None, error=min(saved.error + lost, LARGEST_ERROR))


def _at(seen: Seen, level: float, error: float, method: Method) -> Charge:
    return Charge(
        level=level, error=error, method=method, forward=seen.forward, reverse=seen.reverse, at=seen.at
    )


def _smoothed(before: Charge | None, measured: Charge) -> Charge:
    """By voltage alone: a load's short dip is no empty battery, so it follows within `FOLLOWS` seconds."""
    if before is None or before.method is not Method.VOLTAGE:
        return measured
    passed = max(measured.at - before.at, 0.0)
    weight = passed / (passed + FOLLOWS)
    return replace(measured, level=before.level + weight * (measured.level - before.level))


def _resting_since(before: Charge | None, seen: Seen, pack: Pack) -> float | None:
    if seen.power is None or abs(seen.power) * REST_HOURS > pack.capacity:
        return None
    return seen.at if before is None or before.resting is None else before.resting


def _count(before: Charge, seen: Seen, pack: Pack) -> Charge | None:
    """The level moved by what the registers counted since; None if they do not count."""
    if seen.forward is None or seen.reverse is None:
        return None
    if before.forward is None or before.reverse is None:
        return _at(seen, before.level, before.error, Method.COULOMB)
    into, out = max(seen.forward - before.forward, 0), max(seen.reverse - before.reverse, 0)
    days = max(seen.at - before.at, 0.0) / 86_400
    error = before.error + (into + out) / pack.capacity * COUNTING_ERROR + days * STANDING_ERROR_PER_DAY
    level = min(max(before.level + (into - out) / pack.capacity, 0.0), 1.0)
    return _at(seen, level, min(error, LARGEST_ERROR), Method.COULOMB)


def _by_voltage(voltage: int, power: int | None, pack: Pack, *, rested: bool) -> tuple[float, float]:
    """Level and standard error by the voltage, less the drop over the battery's resistance."""
    drop, uncertain = 0.0, VOLTAGE_ERROR * voltage
    if not rested:
        uncertain = hypot(uncertain, RELAXING_ERROR * voltage)
    if power and voltage and pack.resistance is not None:
        drop = power / voltage * pack.resistance  # mW / mV = A; A · mΩ = mV
        uncertain = hypot(uncertain, RESISTANCE_ERROR * drop)
    elif power != 0 and not rested:
        uncertain = hypot(uncertain, UNKNOWN_DROP * voltage)
    level = pack.curve.level
    # The curve bends: what the voltage may be on both sides says how far the level may be off.
    reach = (level(voltage - drop + uncertain) - level(voltage - drop - uncertain)) / 2
    return level(voltage - drop), min(max(reach, SMALLEST_ERROR), LARGEST_ERROR)


def _corrected(counted: Charge, measured: tuple[float, float]) -> Charge:
    level, error = measured
    gain = counted.error**2 / (counted.error**2 + error**2)
    return replace(
        counted, level=counted.level + gain * (level - counted.level), error=sqrt(1 - gain) * counted.error
    )
