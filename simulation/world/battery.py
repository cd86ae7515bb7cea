"""A battery pack as open-circuit voltage behind a resistance.

The curve is that of eight LiFePO4 cells in series: flat in the middle, falling steeply towards empty. State
of charge counts energy, not charge, so that what is stored is exact in milliwatt-hours.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

from simulation.world.spec import BatterySpec

CELLS = 8

CURVE = (
    (0.00, 2.50),
    (0.05, 3.00),
    (0.10, 3.15),
    (0.20, 3.22),
    (0.50, 3.28),
    (0.80, 3.33),
    (0.95, 3.36),
    (1.00, 3.45),
)
"""(state of charge, open-circuit volts of one cell): typical of published LiFePO4 discharge curves."""

RESTART = 0.03
"""State of charge at which a pack that cut itself off gives energy again."""

TAPER = 0.02
"""Last part of the charge in which the current falls to nothing."""


def open_circuit(soc: float) -> float:
    """Volts of the whole pack at rest, by linear interpolation of the curve."""
    for (low, v_low), (high, v_high) in pairwise(CURVE):
        if soc <= high:
            return CELLS * (v_low + (v_high - v_low) * max(soc - low, 0.0) / (high - low))
    return CELLS * CURVE[-1][1]


def current(volts: float, resistance: float, power: float) -> float:
    """Amperes that put `power` watts into the terminals (negative: take them out).

    From power = volts · I + resistance · I². A pack cannot give more than volts² / 4·resistance: beyond, the
    answer is the current of that most.
    """
    if resistance <= 0:
        return power / volts
    root = volts * volts + 4 * resistance * power
    return (sqrt(max(root, 0.0)) - volts) / (2 * resistance)


def acceptance(spec: BatterySpec, stored: float, seconds: float) -> float:
    """Watts that the pack takes now, so that it is not more than full after `seconds`."""
    room = spec.capacity - stored
    taper = min(room / (TAPER * spec.capacity), 1.0)
    return max(min(spec.charge * taper, room * 3.6 / seconds), 0.0)


def can_give(spec: BatterySpec, stored: float, power: float, seconds: float) -> bool:
    """Whether the pack gives `power` watts for `seconds` without going empty or beyond its protection."""
    if power > spec.discharge:
        return False
    volts = open_circuit(stored / spec.capacity)
    return volts * -current(volts, spec.resistance, -power) * seconds / 3.6 <= stored
