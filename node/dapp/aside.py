"""Work that no page waits for: whoever asks for it begins it, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, ParamSpec

What = ParamSpec("What")


class Aside(Generic[What]):
    """One kind of work on a thread of its own, which ends with its process. Threads may share it."""

    def __init__(self, name: str, work: Callable[What, None]) -> None:
        """Begin nothing yet; `work` raises nothing."""
        self._name, self._work = name, work
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, *what: What.args, **more: What.kwargs) -> None:
        """Begin, unless it is going on already."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(
                target=self._work, args=what, kwargs=more, name=self._name, daemon=True
            )
            self._thread.start()

    @property
    def begun(self) -> bool:
        """Whether it ever was."""
        return self._thread is not None

    def wait(self, seconds: float | None = None) -> None:
        """Until what was begun has ended, for so long at most; None: however long it takes."""
        if self._thread is not None:
            self._thread.join(seconds)
