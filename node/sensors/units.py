"""What makes our unit of each quantity (`driver.Quantity`) out of the units that devices give."""

from __future__ import annotations

from chain.options import OptionRefused
from node.sensors.driver import Quantity

ENERGY = {"kWh": 1_000_000, "Wh": 1_000, "mWh": 1, "Wmin": 1_000 / 60, "Ws": 1 / 3.6}

FACTORS: dict[Quantity, dict[str, float]] = {
    Quantity.VOLTAGE: {"V": 1_000, "mV": 1},
    Quantity.CURRENT: {"A": 1_000, "mA": 1},
    Quantity.POWER: {"W": 1_000, "mW": 1, "kW": 1_000_000},
    Quantity.FORWARD: ENERGY,
    Quantity.REVERSE: ENERGY,
    Quantity.SOC: {"%": 100},
}
"""The first is meant where none is named, and is what people read."""


def named(name: object) -> Quantity:
    """The quantity that the option `values` names.

    Raises:
        OptionRefused: there is none of this name.
    """
    if name not in [*Quantity]:
        raise OptionRefused(f"values: there is no quantity {name!r}; there are {', '.join(Quantity)}")
    return Quantity(str(name))


def usual(quantity: Quantity) -> tuple[str, float]:
    """The unit that is meant where none is named, and how many of ours make one."""
    return next(iter(FACTORS[quantity].items()))


def factor(option: str, quantity: Quantity, unit: str) -> float:
    """How many of our unit make one of another.

    Args:
        option: where the unit was written, for the message.

    Raises:
        OptionRefused: the quantity is not measured in it.
    """
    factors = FACTORS[quantity]
    if unit not in factors:
        raise OptionRefused(f"{option}: {unit!r}: write one of {', '.join(factors)}")
    return factors[unit]


def inverted(found: dict[Quantity, int]) -> dict[Quantity, int]:
    """The same, of a meter that is wired the other way round."""
    other = {Quantity.FORWARD: Quantity.REVERSE, Quantity.REVERSE: Quantity.FORWARD}
    signed = (Quantity.POWER, Quantity.CURRENT)
    return {other.get(name, name): -value if name in signed else value for name, value in found.items()}
