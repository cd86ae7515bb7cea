"""How long to wait before something that failed is started again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

FIRST = 0.5
"""Seconds: a node that was killed by accident is back at once."""

LONGEST = 30.0
"""Seconds: a node that cannot run is not started more often."""

STEADY = 60.0
"""Seconds: what ran this long did not fail for the reason of the time before."""


@dataclass(frozen=True)
class BackOff:
    """Doubles its delay with each failure in a row."""

    failures: int = 0

    def failed(self, ran: float) -> Self:
        """After another failure.

        Args:
            ran: seconds that it ran before.
        """
        return type(self)(1 if ran >= STEADY else self.failures + 1)

    @property
    def delay(self) -> float:
        """Seconds to wait before the next start."""
        return min(FIRST * 2.0 ** min(self.failures - 1, 16), LONGEST) if self.failures else 0.0
