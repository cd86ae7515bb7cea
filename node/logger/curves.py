"""Open-circuit voltage of a battery by its state of charge.

The values are typical of cells at 25 °C after an hour's rest, rounded; a battery's own data sheet is better
(`battery.curve`). LiFePO4 is so flat in its middle that a voltage says little there, which the estimate takes
into account by the slope.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from node.logger.settings import BatterySettings


class Chemistry(StrEnum):
    """Batteries whose open-circuit-voltage curve comes with Commonwatt."""

    LI_ION = "li-ion"
    LIFEPO4 = "lifepo4"
    LEAD_ACID = "lead-acid"


CELLS: dict[Chemistry, tuple[tuple[float, int], ...]] = {
    Chemistry.LI_ION: (
        (0.00, 2800), (0.02, 3200), (0.05, 3400), (0.10, 3500), (0.20, 3590), (0.30, 3640), (0.40, 3690),
        (0.50, 3750), (0.60, 3840), (0.70, 3930), (0.80, 4020), (0.90, 4110), (1.00, 4200),
    ),
    Chemistry.LIFEPO4: (
        (0.00, 2500), (0.05, 3000), (0.10, 3150), (0.20, 3220), (0.30, 3250), (0.40, 3265),
        (0.50, 3280), (0.60, 3295), (0.70, 3312), (0.80, 3330), (0.95, 3360), (1.00, 3450),
    ),
    Chemistry.LEAD_ACID: (
        (0.00, 1890), (0.10, 1930), (0.20, 1955), (0.30, 1980), (0.40, 2005), (0.50, 2028),
        (0.60, 2050), (0.70, 2070), (0.80, 2090), (0.90, 2108), (1.00, 2125),
    ),
}  # fmt: skip
"""(state of charge, mV of one cell at rest). That of li-ion is the path board's, too (firmware/esp32), which
cannot import it: a test holds the two together."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A rising curve of straight pieces through (state of charge 0–1, mV of the whole battery)."""

    points: tuple[tuple[float, float], ...]

    def level(self, millivolts: float) -> float:
        """The state of charge, 0–1, at which the battery at rest has this voltage."""
        (low, v_low), (high, v_high) = self._piece(millivolts)
        return min(max(low + (high - low) * (millivolts - v_low) / (v_high - v_low), 0.0), 1.0)

    def slope(self, millivolts: float) -> float:
        """How much the state of charge (0–1) changes a millivolt there."""
        (low, v_low), (high, v_high) = self._piece(millivolts)
        return (high - low) / (v_high - v_low)

    def _piece(self, millivolts: float) -> tuple[tuple[float, float], tuple[float, float]]:
        pieces = list(pairwise(self.points))
        found = bisect_right([v_high for _, (_, v_high) in pieces], millivolts)
        return pieces[min(found, len(pieces) - 1)]


def curve(settings: BatterySettings) -> Curve:
    """The curve of the household's battery: its own if it is given, else that of its chemistry."""
    if settings.curve is not None:
        return Curve(tuple(sorted((soc.value / 10_000, float(mv)) for soc, mv in settings.curve.items())))
    return Curve(tuple((level, float(mv * settings.cells)) for level, mv in CELLS[settings.chemistry]))
