"""Tokens in base units, and the price of energy."""

from __future__ import annotations

from typing import Self

from quantities.amount import Amount, scaled, shown, trimmed
from quantities.energy import Energy

DECIMALS = 18
"""Of the neighbourhood's ERC-20 token."""

MWH_PER_KWH = 1_000_000


class Tokens(Amount):
    """Tokens in base units, 10⁻¹⁸ of one token."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Read whole tokens ("12.5"), exact to the base unit."""
        return cls(scaled(str(text), DECIMALS))

    def __str__(self) -> str:
        places = 2 if abs(self.value) >= 10**DECIMALS or not self.value else 4
        return shown(self.value, DECIMALS, places)


class Price(Amount):
    """Token base units per kilowatt-hour."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Read whole tokens per kWh, exact to the base unit."""
        return cls(scaled(str(text), DECIMALS))

    def cost(self, energy: Energy) -> Tokens:
        """What an energy costs: energy [mWh] · price / 10⁶, rounded down as the market contract does."""
        return Tokens(energy.mwh * self.value // MWH_PER_KWH)

    def affords(self, tokens: Tokens) -> Energy:
        """The most energy that these tokens pay for."""
        if self.value <= 0:
            raise ValueError("a price of nothing buys without end")
        return Energy(tokens.value * MWH_PER_KWH // self.value)

    def __str__(self) -> str:
        whole, point, decimals = trimmed(self.value, DECIMALS, 4).partition(".")
        return f"{whole}{point}{decimals:0<2} tokens per kWh" if point else f"{whole} tokens per kWh"
