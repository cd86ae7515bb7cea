"""What the demo is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from simulation.neighbourhood.scenario import ADDRESS


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line's wishes."""

    households: int = 4
    trades: int | None = None
    """End after so many settled trades; None: run until interrupted."""

    seed: int = 1
    day: float = 600.0
    """Seconds."""

    period: int = 1
    """Seconds between two blocks."""

    report: Path | None = None
    headless: bool = False
    keep: Path | None = None
    """Where to keep the neighbourhood's files; None: nowhere."""

    timeout: float | None = None
    """Seconds for the trades to come in; None: a guess from their number."""

    first: IPv4Address = ADDRESS
    """Address of the first household."""

    newcomer: bool = False
    """One household more, which is still to be set up."""

    cut: str | None = None
    """The household whose network is cut in the middle of a trade."""

    @property
    def patience(self) -> float:
        """Seconds until the demo gives up waiting for the trades that were asked for."""
        return self.timeout or 120.0 + 120.0 * (self.trades or 0)
