"""The two paths of the board: at most one is closed, and only while somebody renews its lease.

    IDLE ──SUPPLY or RECEIVE──▶ waiting (both open) ──dead time over──▶ SUPPLY or RECEIVE
      ▲                            │                                        │
      └──── IDLE · lease out · refused by the battery · fault ◀─────────────┘ at once

The way back is never delayed. Time is counted down by what has passed since the last turn, never compared:
so the millisecond clock may wrap around whenever it likes.
"""

IDLE = "IDLE"
SUPPLY = "SUPPLY"
RECEIVE = "RECEIVE"
PATHS = (SUPPLY, RECEIVE)


class Paths:
    """What is closed, what is asked for, and for how long."""

    def __init__(self, dead_ms: int, follow_ms: int = 500) -> None:
        """Begin with both paths open, as they are at boot.

        Args:
            dead_ms: between one path opened (or the boot) and the next one closing.
            follow_ms: a contact with an auxiliary contact has to follow within this.
        """
        self.path = IDLE
        """What is closed."""
        self.wanted = IDLE
        self.lease = 0
        """Milliseconds left."""
        self.why = "boot"
        """Of the last way to IDLE; "asked" as well while a path is wanted."""
        self.fault = ""
        """Latched: nothing closes until it is cleared."""
        self._dead_ms = dead_ms
        self._wait = dead_ms
        self._just_opened = False
        self._follow_ms = follow_ms
        self._unfollowed = 0

    @property
    def outputs(self) -> tuple[bool, bool]:
        """The levels of the supply and the receive pin. One name decides both, so never both are high."""
        return self.path == SUPPLY, self.path == RECEIVE

    def ask(self, path: str, lease_ms: int) -> None:
        """Want a path for so long. Asked again, it renews; asked for the other one, both open first."""
        if self.fault:
            return
        if self.path not in (IDLE, path):
            self._open()
        self.wanted, self.lease, self.why = path, lease_ms, "asked"

    def idle(self, why: str) -> None:
        """Open whatever is closed, now."""
        if self.path != IDLE:
            self._open()
        if self.wanted != IDLE:
            self.why = why
        self.wanted, self.lease = IDLE, 0

    def latch(self, fault: str) -> None:
        """Open, and stay open until somebody clears the fault. The first fault is the one that is kept."""
        self.idle("fault")
        self.fault = self.fault or fault

    def clear(self) -> None:
        """Forget the fault; what still holds latches again at the next turn."""
        self.fault = ""
        self._unfollowed = 0

    def turn(self, elapsed: int, supply: bool | None, receive: bool | None) -> None:
        """Let time pass.

        Args:
            elapsed: milliseconds since the last turn.
            supply: whether the supply path's auxiliary contact is closed; None where none is wired.
            receive: the same of the receive path.
        """
        if not self._just_opened:  # else most of what elapsed was before the opening
            self._wait = max(self._wait - elapsed, 0)
        self._just_opened = False
        self.lease = max(self.lease - elapsed, 0)
        if self.wanted != IDLE and not self.lease:
            self.idle("lease")
        self._watch(elapsed, supply, receive)
        if self.path != self.wanted and not self._wait and not supply and not receive:
            self.path = self.wanted
            self._unfollowed = 0

    def _open(self) -> None:
        self.path = IDLE
        self._wait = self._dead_ms
        self._just_opened = True
        self._unfollowed = 0

    def _watch(self, elapsed: int, supply: bool | None, receive: bool | None) -> None:
        """Hold the auxiliary contacts against the outputs."""
        wrong = ""
        for name, seen in ((SUPPLY, supply), (RECEIVE, receive)):
            if seen is not None and seen != (self.path == name):
                wrong = f"{name.lower()}-{'closed' if seen else 'open'}"
        if not wrong:
            self._unfollowed = 0
            return
        self._unfollowed += elapsed
        if self._unfollowed >= self._follow_ms:
            self.latch(wrong)
