"""Looking now and then, in a thread of its own, at what others write and may hold up or break."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from chain import lines


class Lookout(ABC):
    """`look` is called every so often until it is stopped. The same trouble is told once."""

    def __init__(
        self, name: str, *, every: float, let_go: float, complaint: str, expected: tuple[type[Exception], ...]
    ) -> None:
        """Prepare; `start` begins to look.

        Args:
            name: of the thread.
            every: seconds between two looks.
            let_go: seconds that a stop waits for a look to end.
            complaint: the event that is logged when a look fails.
            expected: failures that explain themselves.
        """
        self._every, self._let_go = every, let_go
        self._complaint, self._expected = complaint, expected
        self._trouble = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def look(self) -> None:
        """Once."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._over.set()
        self.ended(self._let_go)

    def ended(self, within: float) -> bool:
        """Whether it has ended, after waiting for at most so many seconds."""
        if self._thread.is_alive():
            self._thread.join(max(within, 0.0))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._over.wait(self._every):
            try:
                self.look()
            except Exception as error:  # what is looked at is not ours: nothing in it ends this thread
                self._complain(str(error) if isinstance(error, self._expected) else repr(error))
            else:
                self._trouble = ""

    def _complain(self, trouble: str) -> None:
        if trouble != self._trouble:
            lines.warning(self._complaint, error=trouble)
        self._trouble = trouble
