"""Keeps what was measured, away from the loop that measures: disks and servers may be slow or gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from chain import lines
from node.logger.dating import Boot, ahead, dated
from node.logger.steadiness import Steadiness
from node.readings.batching import batches, cut, until_next
from node.readings.interface import Mark, Readings, Sample
from node.readings.retention import Retention
from node.readings.spool import Spool, status
from node.readings.spool.status import Status
from store.errors import StoreError
from store.snapshot import boot_id, boottime

if TYPE_CHECKING:
    from node.readings.settings import ReadingsSettings

SAVE_EVERY = 300.0
"""Seconds between two saves of the registers in their own file: between them the spool has them."""

WAITING_SAMPLES = 20_000
"""Kept in memory while the spool cannot be written (an hour of a household, some MB); then the oldest go."""

LONGEST_PAUSE = 60.0

FORGET_EVERY = 2.0
"""Seconds between two steps in which what is too old is deleted."""


class Periodic:
    """A thread that does something every so often, and once more when it is stopped."""

    def __init__(
        self, name: str, every: float | Callable[[], float], act: Callable[[], None], *, at_once: bool = False
    ) -> None:
        """Begin.

        Args:
            every: seconds, or what says after each time how many they are.
            at_once: act now, too.
        """
        self._every = every
        self._at_once = at_once
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
        if self._at_once:
            self._once()
        while not self._stopping.wait(self._every() if callable(self._every) else self._every):
            self._once()
        self._once()

    def _once(self) -> None:
        """The thread lives on whatever happens: without it registers and readings are kept no longer."""
        try:
            self._act()
        except Exception as error:
            lines.warning("not_kept", what=self._thread.name, reason=f"{type(error).__name__}: {error}")


class Recorder:
    """Takes samples at once, syncs them to the spool every few seconds, stores them from there in batches.

    Three threads share it: that which measures adds, one syncs, one stores; none waits for another's disk.
    """

    def __init__(
        self,
        settings: ReadingsSettings,
        opener: Callable[[], Readings],
        spool: Spool,
        *,
        run: Path,
        state: Callable[[], Mapping[str, Any]],
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Prepare.

        Args:
            opener: opens the store.
            run: the folder `paths.run`.
            state: what the logger wants to know again after a power cut.
            wall: what the clock shows, Unix seconds.
        """
        self._settings = settings
        self._opener = opener
        self._spool = spool
        self._run = run
        self._state = state
        self._wall = wall
        self._readings: Readings | None = None
        self._lock = Lock()
        self._waiting: list[Sample] = []
        self._dropped = int(spool.state.get("dropped", 0))
        self._dropped_at: float | None = spool.state.get("dropped_at")
        self._since: float | None = None
        self._reason: str | None = None
        self._pause = 0.0
        self._stopping = False
        self._retention = Retention(settings)
        self._steadiness = Steadiness()

    def add(self, sample: Sample) -> None:
        """Take a sample; never blocks on a disk or a server."""
        with self._lock:
            self._waiting.append(sample)
            surplus = len(self._waiting) - WAITING_SAMPLES
            if surplus > 0:
                surplus += WAITING_SAMPLES // 10
                del self._waiting[:surplus]
                self._lost(surplus)

    def sync(self) -> None:
        """Bring what has come in onto the disk, and tell how the spool does.

        Raises:
            StoreError: the disk is full or broken; the samples wait in memory.
        """
        with self._lock:
            samples, self._waiting = self._waiting, []
        parts = list(cut(samples, self._settings.batch))
        try:
            while parts:
                self._lost(self._spool.append(parts[0], self._kept()))
                parts.pop(0)
        except StoreError:
            with self._lock:
                self._waiting[:0] = [sample for part in parts for sample in part]
            raise
        finally:
            self._tell()

    def store(self) -> None:
        """Store what the spool has, but for the batch that still fills up."""
        now = None if self._stopping or self._readings is None else self._now()
        try:
            self._readings = self._readings or self._opener()
            stored = self._readings.marked(self._spool.id)
            newest = self._readings.newest()
            frames = dated(self._spool.frames(stored), self._boot(), 0 if newest is None else newest.last)
            for number, samples in batches(frames, self._settings.batch, now):
                self._readings.append(samples, Mark(self._spool.id, number))
                self._spool.forget(number)
        except StoreError as error:
            self._failed(error)
        else:
            if self._pause:
                lines.info("readings.stored_again")
            self._pause, self._since, self._reason = 0.0, None, None

    def until_store(self) -> float:
        """Seconds until there is something to store, or the store may be tried again."""
        return self._pause or until_next(self._now(), self._settings.batch, self._settings.sync)

    def last(self) -> None:
        """From now on nothing fills up any more: the next time everything is stored."""
        self._stopping = True

    def forget(self) -> None:
        """Delete a little of what is too old; nothing while none can be stored, or by a new time."""
        readings, steady = self._readings, self._steadiness.look(self._wall(), boottime())
        if readings is None or self._pause or not steady:
            return
        with suppress(StoreError):  # whoever stores next tells it
            gone = self._retention.step(readings, self._now())
            if gone is not None:
                lines.info("readings.deleted_by_age", samples=gone.samples, rollups=gone.rollups)

    def close(self) -> None:
        """Let go of the readings."""
        if self._readings is not None:
            with suppress(StoreError):
                self._readings.close()

    def _kept(self) -> Mapping[str, Any]:
        lost = {"dropped": self._dropped, "dropped_at": self._dropped_at}
        return {**self._state(), **lost, "boot": boot_id()}

    def _boot(self) -> Boot:
        return Boot(boot_id(), ahead(self._wall(), boottime()))

    def _oldest(self) -> float | None:
        """When the oldest sample that waits was taken, Unix seconds."""
        frames = dated(self._spool.unstored, self._boot(), 0)
        return next(
            (min(sample.taken for sample in frame.samples) / 1_000 for frame in frames if frame.samples), None
        )

    def _now(self) -> int:
        return round(self._wall() * 1_000)

    def _lost(self, samples: int) -> None:
        if samples:
            self._dropped += samples
            self._dropped_at = self._wall()
            lines.warning("readings.dropped", samples=samples, all=self._dropped)

    def _tell(self) -> None:
        with suppress(StoreError):  # what cannot be written is told by the registers, which lie beside it
            status.write(
                self._run,
                Status(
                    waiting=self._spool.waiting,
                    oldest=self._oldest(),
                    since=self._since,
                    reason=self._reason,
                    dropped=self._dropped,
                    dropped_at=self._dropped_at,
                ),
            )

    def _failed(self, error: StoreError) -> None:
        if not self._pause:
            lines.warning("readings.unreachable", reason=str(error))
            self._since = self._wall()
        self._reason = str(error)
        self._pause = min(max(self._pause * 2, self._settings.sync), LONGEST_PAUSE)
