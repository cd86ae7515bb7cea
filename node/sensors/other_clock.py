"""Times that a device tells by a clock of its own, as times of ours: the same measurement keeps its time."""

from __future__ import annotations

from node.sensors.errors import SensorError

AHEAD = 5.0
"""Seconds that a measurement may lie ahead of the clock that it is compared with."""


class OtherClock:
    """Remembers the newest measurement, so that jitter makes no new one of it."""

    def __init__(self) -> None:
        self._said = float("-inf")
        self._taken = float("-inf")

    def taken(self, said: float, there: float, heard: float) -> float:
        """When a measurement was taken, in boottime seconds; never after `heard`.

        Args:
            said: the device's time of the measurement.
            there: the time now by the same clock, or by one that agrees with it.
            heard: boottime seconds now.

        Raises:
            SensorError: it lies in the future.
        """
        if there - said < -AHEAD:
            raise SensorError(f"measures {said - there:.0f} s in the future: set its clock")
        if said != self._said:
            found = heard - max(there - said, 0.0)
            # A later measurement is not older than the one before, whatever the jitter.
            self._taken = max(found, self._taken) if said > self._said else found
            self._said = said
        return self._taken
