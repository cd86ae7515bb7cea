"""State of charge of a battery, in hundredths of a percent."""

from __future__ import annotations

from typing import Self

from quantities.amount import Amount, scaled, trimmed
from quantities.energy import Energy
from quantities.said import Said

FULL = 10_000


class SoC(Amount):
    """State of charge in hundredths of a percent, 0 (empty) to 10,000 (full)."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Refuse what no battery can have.

        Raises:
            ValueError: outside 0–100 %.
        """
        Amount.__post_init__(self)
        if not 0 <= self.value <= FULL:
            raise ValueError(
                Said(
                    "a state of charge lies between 0 and 100 %%, not at %(given)s",
                    given=f"{self.value / 100} %",
                )
            )

    @classmethod
    def from_percent(cls, text: str | int) -> Self:
        """Read percent, exact to its hundredth."""
        return cls(scaled(str(text), 2))

    @classmethod
    def nearest(cls, percent: float) -> Self:
        """The nearest state of charge to a measured one: rounded, and clamped to 0–100 %."""
        return cls(round(min(max(percent, 0.0), 100.0) * 100))

    @property
    def percent(self) -> float:
        """Percent, for display and charts only."""
        return self.value / 100

    def below(self, target: SoC, capacity: Energy) -> Energy:
        """The energy that lifts a battery of this capacity from here to `target`; nothing when above it."""
        return Energy(max(target.value - self.value, 0) * capacity.mwh // FULL)

    def __str__(self) -> str:
        return f"{trimmed(self.value, 2, 1)} %"
