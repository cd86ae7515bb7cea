"""One thread a sensor: whatever a driver does (raise, hang, lie), the others and the logger go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from node.sensors.driver import Measurement, Sensor
from node.sensors.errors import NothingYet, SensorError
from store.snapshot import boottime


@dataclass(frozen=True, slots=True)
class Said:
    """A driver returned."""

    worker: Worker
    measurements: Sequence[Measurement]
    at: float
    """Boottime seconds when it did."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A driver raised."""

    worker: Worker
    reason: str
    broken: bool
    """It could not be opened, or raised what no driver should: it is of no more use."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A driver is well, and its device has not measured yet."""

    worker: Worker
    reason: str


Outcome = Said | Failed | Waiting


class Worker:
    """Opens a sensor and reads it whenever asked, in a thread of its own; each `ask` has one outcome.

    A driver that hangs cannot be ended from outside. It is abandoned: nobody listens any more, and should it
    ever return, it closes its device and ends.
    """

    def __init__(self, name: str, opener: Callable[[], Sensor], deliver: Callable[[Outcome], None]) -> None:
        self.name = name
        self._opener = opener
        self._deliver = deliver
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._thread = Thread(target=self._run, name=f"sensor {name}", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Want one sample."""
        self._asked.put(True)

    def end(self) -> None:
        """Close the device as soon as the driver lets go."""
        self._asked.put(False)

    def join(self, timeout: float) -> None:
        """Wait until it has ended."""
        self._thread.join(timeout)

    @property
    def alive(self) -> bool:
        """Whether the thread still runs, or hangs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        sensor: Sensor | None = None
        while self._asked.get():
            try:
                sensor = sensor or self._opener()
                measurements = sensor.read()
                outcome: Outcome = Said(self, measurements, boottime())
            except NothingYet as error:
                outcome = Waiting(self, str(error))
            except SensorError as error:
                outcome = Failed(self, str(error), broken=sensor is None)
            except BaseException as error:  # a driver may raise anything, SystemExit too
                outcome = Failed(self, f"its driver broke: {type(error).__name__}: {error}", broken=True)
            self._deliver(outcome)
        if sensor is not None:
            with suppress(BaseException):
                sensor.close()
