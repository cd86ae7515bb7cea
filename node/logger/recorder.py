"""Keeps what was measured, away from the loop that measures: disks and servers may be slow or gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from chain import lines
from node.readings.interface import Readings, Sample
from node.readings.retention import Retention
from store.errors import StoreError

if TYPE_CHECKING:
    from node.readings.settings import ReadingsSettings

SAVE_EVERY = 5.0
"""Seconds between two saves of the registers."""

WAITING_SAMPLES = 20_000
"""Kept in memory while the readings cannot be stored (hours of a household, some MB); then the oldest go."""

LONGEST_PAUSE = 60.0

FORGET_EVERY = 2.0
"""Seconds between two steps in which what is too old is deleted."""


class Periodic:
    """A thread that does something every so often, and once more when it is stopped."""

    def __init__(self, name: str, every: float, act: Callable[[], None]) -> None:
        self._every = every
        self._act = act
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Act one last time, and end."""
        self._stopping.set()

    def ended(self, within: float) -> bool:
        """Whether it has ended, after waiting for at most so many seconds."""
        self._thread.join(max(within, 0.0))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            self._once()
        self._once()

    def _once(self) -> None:
        """The thread lives on whatever happens: without it registers and readings are kept no longer."""
        try:
            self._act()
        except Exception as error:
            lines.warning("not_kept", what=self._thread.name, reason=f"{type(error).__name__}: {error}")


class Recorder:
    """Stores samples in batches; holds them back while the store is away."""

    def __init__(self, settings: ReadingsSettings, opener: Callable[[], Readings]) -> None:
        self._settings = settings
        self._opener = opener
        self._readings: Readings | None = None
        self._lock = Lock()
        self._waiting: list[Sample] = []
        self._batch: list[Sample] = []
        self._pause = 0.0
        self._not_before = 0.0
        self._retention = Retention(settings)

    def add(self, sample: Sample) -> None:
        """Take a sample; never blocks on a disk or a server."""
        with self._lock:
            self._waiting.append(sample)
            surplus = len(self._waiting) - WAITING_SAMPLES
            if surplus > 0:
                del self._waiting[: surplus + WAITING_SAMPLES // 10]
                lines.warning("readings.dropped", samples=surplus + WAITING_SAMPLES // 10)

    def store(self) -> None:
        """Store what has come in. A batch that failed is repeated as it was: its fate may be unknown."""
        if time.monotonic() < self._not_before:
            return
        try:
            self._readings = self._readings or self._opener()
            while self._next_batch():
                self._readings.append(self._batch)
                self._batch = []
        except StoreError as error:
            self._failed(error)
        else:
            if self._pause:
                lines.info("readings.stored_again")
            self._pause = 0.0

    def forget(self) -> None:
        """Delete a little of what is too old; nothing while the readings cannot be stored."""
        readings = self._readings
        if readings is None or self._pause:
            return
        with suppress(StoreError):  # whoever stores next tells it
            gone = self._retention.step(readings, round(time.time() * 1_000))
            if gone is not None:
                lines.info("readings.deleted_by_age", samples=gone.samples, rollups=gone.rollups)

    def close(self) -> None:
        """Let go of the readings."""
        if self._readings is not None:
            with suppress(StoreError):
                self._readings.close()

    def _next_batch(self) -> bool:
        if not self._batch:
            with self._lock:
                self._batch, self._waiting = self._waiting, []
        return bool(self._batch)

    def _failed(self, error: StoreError) -> None:
        if not self._pause:
            lines.warning("readings.unreachable", reason=str(error))
        self._pause = min(max(self._pause * 2, self._settings.batch), LONGEST_PAUSE)
        self._not_before = time.monotonic() + self._pause
