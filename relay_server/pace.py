"""How fast somebody may ask: a bucket of frames that fills at a rate. Pure; the clock is the caller's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Pace:
    """So many frames a second on average, and so many at once after a rest."""

    rate: float
    """Frames a second."""

    burst: float
    """Frames."""

    _owed: float = 0.0
    """Frames beyond the burst that were let in on credit; negative: what is left of the burst."""

    _at: float | None = None

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Count a frame; answers the seconds to wait before it is looked at.

        Args:
            now: seconds of any clock that never goes back.
            cost: frames that this one counts as.
        """
        self._fill(now)
        self._owed += cost
        return max(self._owed / self.rate, 0.0)

    def take(self, now: float) -> bool:
        """Count a frame if it need not wait; answers whether it was counted.

        Args:
            now: as of `wait`.
        """
        self._fill(now)
        if self._owed > -1.0:
            return False
        self._owed += 1.0
        return True

    def _fill(self, now: float) -> None:
        if self._at is None:
            self._owed = -self.burst
        else:
            self._owed = max(self._owed - (now - self._at) * self.rate, -self.burst)
        self._at = now
