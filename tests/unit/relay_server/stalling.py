"""A pin driver that hangs where a test says so, without threads: a call there stays out until let go."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay_server.hands import Call, Key


class Stalling:
    """As `hands.Calls`.

    Args:
        clock: boottime seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.hanging: set[int] = set()
        """Contacts whose calls do not return from now on."""
        self.out: dict[Key, float] = {}
        self._clock = clock
        self._late: list[Call] = []

    def make(self, calls: Sequence[Call]) -> None:
        for call in calls:
            if call.key in self.out:
                continue
            if call.key[1] in self.hanging:
                self.out[call.key] = self._clock()
                self._late.append(call)
            else:
                call.make()

    def let_go(self) -> None:
        """Everything that is out returns, having its effect only now."""
        self.hanging.clear()
        self.out.clear()
        late, self._late = self._late, []
        for call in late:
            call.make()
