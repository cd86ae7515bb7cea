"""Money in the smallest coin of its currency: integers, like everything that is counted here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quantities.amount import scaled, shown

PLACES = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND"), 0),
    **dict.fromkeys(("VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Decimals of the currencies that have other than two (ISO 4217)."""


@dataclass(frozen=True)
class Money:
    """An amount of one currency."""

    minor: int
    """Cents, or whatever the smallest coin is."""

    currency: str
    """Three letters (ISO 4217)."""

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read "25.00 EUR".

        Raises:
            ValueError: it is not an amount and a currency, or finer than its coins.
        """
        found = re.fullmatch(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s+([A-Z]{3})\s*", text)
        if found is None:
            raise ValueError(f"{text!r} is no money: write an amount and its currency, as 25.00 EUR")
        amount, currency = found.groups()
        return cls(scaled(amount, PLACES.get(currency, 2)), currency)

    def __str__(self) -> str:
        places = PLACES.get(self.currency, 2)
        return f"{shown(self.minor, places, places)} {self.currency}"
