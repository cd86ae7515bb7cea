"""How long a seller is left alone after something went wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class BackOff:
    """Doubles with each failure, ends with a success."""

    first: float
    """Seconds after the first failure."""

    longest: float
    """Seconds, at most."""

    failures: int = 0
    until: float = 0.0
    """Boottime seconds before which the seller is left alone."""

    why: str = ""
    """The last failure, as a clause."""

    def failed(self, now: float, why: str) -> BackOff:
        """One more failure."""
        length = min(self.first * 2 ** min(self.failures, 16), self.longest)
        return replace(self, failures=self.failures + 1, until=now + length, why=why)

    def succeeded(self) -> BackOff:
        """All is well."""
        return replace(self, failures=0, until=0.0, why="")

    def active(self, now: float) -> bool:
        """Whether to leave it alone still."""
        return now < self.until
