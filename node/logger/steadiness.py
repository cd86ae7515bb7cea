"""Whether the clock may be trusted to say how old something is: it was not set for some hours. Pure.

Whatever is deleted by age is gone. A clock that somebody, or a wrong time server, sets a year ahead must not
take a year of readings with it before anybody has seen it.
"""

from __future__ import annotations

STEADY = 6 * 3_600.0
"""Seconds for which the clock has to go as fast as the time up, since the start or since it was last set."""

SET_BY = 60.0
"""Seconds: a smaller step is a correction, as time servers make them."""


class Steadiness:
    """Looks at the clock now and then."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._since = 0.0

    def look(self, wall: float, up: float) -> bool:
        """Whether the clock has been steady for long enough.

        Args:
            wall: what the clock shows, Unix seconds.
            up: seconds up.
        """
        ahead = wall - up
        if self._ahead is None or abs(ahead - self._ahead) > SET_BY:
            self._since = up
        self._ahead = ahead
        return up - self._since >= STEADY
