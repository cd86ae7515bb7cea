"""What the battery's voltage allows: no giving from an empty cell, no taking into a full one, and neither
beyond the limits of the cell.

    under      empty                                   full      over          mV of one cell
      │          │                                       │         │
  latched   no SUPPLY        SUPPLY and RECEIVE      no RECEIVE   latched

A limit counts when the voltage was beyond it for `hold_ms` without a break. `empty` and `full` let go by
themselves, `BACK` inside the limit; `under` and `over` latch, because somebody has to look at such a cell.
"""

HOLD_MS = 300
"""A relay's bounce or a motor's start is over by then, and no cell is harmed."""

BACK_EMPTY = 150
"""mV of one cell: more than it recovers by itself when the load is gone."""

BACK_FULL = 80
"""mV of one cell: more than it falls by itself when the charge current is gone."""


class Guard:
    """Follows the voltage of one cell (the battery's, divided by its cells)."""

    def __init__(self, under: int, empty: int, full: int, over: int, hold_ms: int = HOLD_MS) -> None:
        self.empty = False
        self.full = False
        self._limits = (under, empty, full, over)
        self._hold_ms = hold_ms
        self._beyond = [0, 0, 0, 0]

    def turn(self, elapsed: int, millivolts: int) -> str:
        """Take a sample; answers the fault to latch, "under" or "over", or nothing."""
        under, empty, full, over = self._limits
        if self._lasts(1, millivolts < empty, elapsed):
            self.empty = True
        elif millivolts >= empty + BACK_EMPTY:
            self.empty = False
        if self._lasts(2, millivolts > full, elapsed):
            self.full = True
        elif millivolts <= full - BACK_FULL:
            self.full = False
        if self._lasts(0, millivolts < under, elapsed):
            return "under"
        if self._lasts(3, millivolts > over, elapsed):
            return "over"
        return ""

    def _lasts(self, limit: int, beyond: bool, elapsed: int) -> bool:
        self._beyond[limit] = self._beyond[limit] + elapsed if beyond else 0
        return self._beyond[limit] >= self._hold_ms
