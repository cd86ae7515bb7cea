"""Meter registers: the cumulative energies of each meter, published by the logger for the household.

One small file a meter, `<directory>/<meter>.json`. `forward` and `reverse` count the energies of the meter's
two directions and never fall; which direction is forward is said in docs/architecture.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from store import snapshot


@dataclass(frozen=True, kw_only=True)
class Register:
    """What one meter has counted, and its power at that moment."""

    meter: str
    forward: int
    """mWh."""

    reverse: int
    """mWh."""

    power: int
    """mW, forward positive."""

    sampled: float
    """Boottime seconds."""

    def age(self, now: float | None = None) -> float:
        """Seconds since the sample; `now` in boottime seconds."""
        return (snapshot.boottime() if now is None else now) - self.sampled


def write(directory: Path, register: Register) -> None:
    """Publish a register.

    Raises:
        Unwritable: see `store.snapshot.write`.
    """
    fields = {
        "meter": register.meter,
        "forward": register.forward,
        "reverse": register.reverse,
        "power": register.power,
    }
    snapshot.write(directory / f"{register.meter}.json", fields, register.sampled)


def read(directory: Path, meter: str) -> Register | None:
    """The newest register of a meter; None when there is none of this boot that can be believed."""
    found = snapshot.read(directory / f"{meter}.json")
    if found is None or found.fields.get("meter") != meter:
        return None
    values = [found.fields.get(name) for name in ("forward", "reverse", "power")]
    match values:
        case [int(forward), int(reverse), int(power)] if forward >= 0 and reverse >= 0:
            return Register(meter=meter, forward=forward, reverse=reverse, power=power, sampled=found.sampled)
    return None
