"""A driver tried outside the logger: opened and read in a thread, so that nothing hangs with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue

from node.logger.workers import Failed, Outcome, Said, Waiting, Worker
from node.sensors.driver import Measurement, Sensor

PATIENCE = 12.0
"""Seconds for opening a device and its first read: a little more than the logger has."""


class Trial:
    """Use as a context manager: it lets go of the device."""

    def __init__(self, name: str, opener: Callable[[], Sensor], patience: float = PATIENCE) -> None:
        self._answers: SimpleQueue[Outcome] = SimpleQueue()
        self._worker = Worker(name, opener, self._answers.put)
        self._patience = patience

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.end()
        self._worker.join(1.0)

    def sample(self) -> Sequence[Measurement] | str:
        """One sample, or what is wrong."""
        self._worker.ask()
        try:
            outcome = self._answers.get(timeout=self._patience)
        except Empty:
            return f"its driver has hung for {self._patience:.0f} s"
        match outcome:
            case Said(_, measurements):
                return measurements or "it measured nothing"
            case Failed(_, reason) | Waiting(_, reason):
                return reason

    def samples(self, count: int, period: float) -> Iterator[Sequence[Measurement] | str]:
        """So many samples, one each period."""
        for number in range(count):
            if number:
                time.sleep(period)
            yield self.sample()
