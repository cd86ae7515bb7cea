"""Energy in milliwatt-hours and power in milliwatts."""

from __future__ import annotations

from typing import Self

from quantities.amount import Amount, scaled, shown

SECONDS_PER_HOUR = 3_600


class Energy(Amount):
    """Energy in milliwatt-hours (mWh): the unit of meters, orders and vouchers."""

    __slots__ = ()

    @property
    def mwh(self) -> int:
        """Milliwatt-hours."""
        return self.value

    @classmethod
    def from_wh(cls, text: str | int) -> Self:
        """Read watt-hours, exact to the milliwatt-hour."""
        return cls(scaled(str(text), 3))

    @property
    def wh(self) -> float:
        """Watt-hours, for display and charts only."""
        return self.value / 1_000

    def __str__(self) -> str:
        if abs(self.value) >= 1_000_000:
            return f"{shown(self.value, 6, 2)} kWh"
        if abs(self.value) >= 1_000:
            return f"{shown(self.value, 3, 2)} Wh"
        return f"{self.value} mWh"


class Power(Amount):
    """Power in milliwatts (mW)."""

    __slots__ = ()

    @property
    def mw(self) -> int:
        """Milliwatts."""
        return self.value

    @classmethod
    def from_watts(cls, watts: float) -> Self:
        """Round a measured power to the milliwatt."""
        return cls(round(watts * 1_000))

    @property
    def watts(self) -> float:
        """Watts, for display and charts only."""
        return self.value / 1_000

    def over(self, seconds: float) -> Energy:
        """The energy of this power held for a time, rounded to the milliwatt-hour."""
        return Energy(round(self.value * seconds / SECONDS_PER_HOUR))

    def __str__(self) -> str:
        return (
            f"{shown(self.value, 6, 2)} kW"
            if abs(self.value) >= 1_000_000
            else f"{shown(self.value, 3, 1)} W"
        )
