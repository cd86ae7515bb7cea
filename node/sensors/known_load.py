"""A sensor before a known load: what its samples say of its zero or its gain. Pure.

Samples are those of the sensor as it is built: without what an earlier calibration corrects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from node.sensors import calibrating
from node.sensors.calibrating import Refused
from node.sensors.status import UNSTATED

CALIBRATED = ("current", "voltage", "power")

Sample: TypeAlias = Mapping[str, float]
"""Quantity → value, in its unit (mV, mA, mW)."""


@dataclass(frozen=True)
class Corrected:
    """A correction: true = (shown − zero) · gain."""

    zero: int = 0
    gain: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of the samples."""

    samples: int
    mean: float
    deviation: float
    result: Corrected | Refused


def measured(
    quantity: str, samples: Sequence[Sample], true: float | None, before: Corrected, rating: float
) -> Measured:
    """Find the zero of a sensor, or, where it is known what flows, its gain.

    Args:
        quantity: one of `CALIBRATED`, which some sample has.
        true: what a good instrument shows meanwhile; None: nothing flows.
        before: what is corrected so far.
        rating: mW, the most that the sensor can see.
    """
    series = calibrating.Series([each[quantity] for each in samples if quantity in each])
    largest = _largest(quantity, samples, rating)
    result: Corrected | Refused
    if _no_product(quantity, samples):
        result = Refused(
            f"its power is not voltage times current, so a corrected {quantity} would not correct it: "
            "calibrate its power"
        )
    elif true is None:
        zero = calibrating.zero(series, largest)
        result = zero if isinstance(zero, Refused) else replace(before, zero=zero.value)
    else:
        gain = calibrating.gain(series, true, before.zero, largest)
        result = gain if isinstance(gain, Refused) else replace(before, gain=gain.value)
    return Measured(samples=len(series.values), mean=series.mean, deviation=series.deviation, result=result)


def as_built(values: Mapping[str, int], corrections: Mapping[str, Corrected]) -> dict[str, float]:
    """What a sensor shows without its corrections, out of what it says with them.

    Where voltage or current is corrected and power is not, power was made anew of both (`correction`).
    """
    shown = {
        name: value / by.gain + by.zero if (by := corrections.get(name)) else float(value)
        for name, value in values.items()
    }
    if "power" not in corrections and corrections and {"voltage", "current", "power"} <= shown.keys():
        shown["power"] = shown["voltage"] * shown["current"] / 1_000
    return shown


def _largest(quantity: str, samples: Sequence[Sample], rating: float) -> float | None:
    """The most that the sensor can see, by its rating; a current's at the voltage that was measured."""
    volts = [each["voltage"] for each in samples if "voltage" in each]
    if quantity == "power":
        return rating
    if quantity == "voltage" or rating == UNSTATED or not volts or min(volts) < 1_000:
        return None
    return rating / (sum(volts) / len(volts)) * 1_000


def _no_product(quantity: str, samples: Sequence[Sample]) -> bool:
    """Whether power is something else than voltage times current: of alternating current, say."""
    if quantity == "power" or not samples or not {"voltage", "current", "power"} <= samples[0].keys():
        return False
    power = sum(each["power"] for each in samples)
    product = sum(each["voltage"] * each["current"] / 1_000 for each in samples)
    return abs(power - product) > 0.05 * abs(product) + 10 * len(samples)
