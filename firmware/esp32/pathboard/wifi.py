"""When to try Wi-Fi again: at once, then after ever longer pauses, and never so often that the radio, which
takes most of the board's power, is all it does."""

FIRST_PAUSE = 1_000
LONGEST_PAUSE = 60_000
PATIENCE = 15_000
"""Milliseconds that an attempt may take: joining, and an address by DHCP."""


class Reconnect:
    """Decides once a turn; whoever asks does what it says."""

    def __init__(self) -> None:
        self._left = 0
        self._pause = FIRST_PAUSE
        self._trying = False

    def turn(self, elapsed: int, connected: bool) -> str:
        """What to do: "join", "leave" (give this attempt up), or nothing."""
        if connected:
            self._left, self._pause, self._trying = 0, FIRST_PAUSE, False
            return ""
        self._left = max(self._left - elapsed, 0)
        if self._left:
            return ""
        if self._trying:
            self._trying, self._left = False, self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            return "leave"
        self._trying, self._left = True, PATIENCE
        return "join"
