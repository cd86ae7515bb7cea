"""One thing that is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How soon somebody should look."""

    WARNING = "warning"
    """When there is time: something is worse than it was, and the household goes on."""

    CRITICAL = "critical"
    """Now: the household is without something that it needs, or soon will be."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """What is wrong, in whole sentences."""

    code: str
    """One of `CODES`."""
    about: str = ""
    """Of several things of a kind, which: the name of a sensor."""
    severity: Severity
    says: str
    act: str
    """What to do."""

    @property
    def key(self) -> str:
        """The same as long as it is the same trouble, whatever its words."""
        return f"{self.code}:{self.about}" if self.about else self.code


CODES = (
    "battery-empty",
    "chain-behind",
    "chain-other",
    "chain-parted",
    "chain-silent",
    "chain-stalled",
    "clock-wrong",
    "disk-filling",
    "disk-full",
    "disk-low",
    "gas-low",
    "logger-silent",
    "no-neighbour",
    "no-supply",
    "samples-lost",
    "sensor",
    "signer-silent",
    "store-away",
    "tokens-low",
    "trading-fault",
    "trading-silent",
)
"""Every kind of alert there is; documented in docs/alerts.md."""
