"""One sensor under supervision: starts its driver, asks it, gives it up and starts it anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from chain import lines
from node.logger import supervision
from node.logger.observation import Observation
from node.logger.supervision import Act, Patience, Watch
from node.logger.workers import Failed, Outcome, Said, Waiting, Worker
from node.sensors.driver import Quantity, open_configured
from node.sensors.status import State, Status
from store.snapshot import boottime

if TYPE_CHECKING:
    from node.sensors.settings import SensorSettings

HANGING = 3
"""Threads of one sensor that may hang at a time; no more are started until one returns."""


class Supervised:
    """A sensor, its worker, and what is known about it."""

    def __init__(
        self,
        name: str,
        settings: SensorSettings,
        deliver: Callable[[Outcome], None],
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self.name = name
        self._driver = settings.driver
        self._rating = settings.rating.mw
        self._corrections = {name: (by.zero, by.gain) for name, by in settings.corrections.items()}
        self._opener = partial(open_configured, name, settings)
        self._deliver = deliver
        self._patience = patience
        self._watch = Watch()
        self._worker: Worker | None = None
        self._abandoned: list[Worker] = []
        self._reason: str | None = None
        self._state, self._since = State.STARTING, boottime()

    def look_after(self, now: float, *, sample_due: bool) -> None:
        """Start, ask or give up, whichever is due; `now` in monotonic seconds."""
        match supervision.decide(self._watch, now, self._patience, sample_due=sample_due):
            case Act.START:
                self._start(now)
            case Act.ASK if self._worker is not None:
                self._watch = supervision.asked(self._watch, now)
                self._worker.ask()
            case Act.ABANDON:
                waited = now - (self._watch.asked or now)
                self._failed(now, f"its driver has hung for {waited:.1f} s", broken=True)
            case _:
                pass

    def heard(self, outcome: Outcome, take: Callable[[str, Said], str | None]) -> None:
        """Hear what the worker brought.

        Args:
            take: uses the measurements; says what is wrong with them, or None.
        """
        if outcome.worker is not self._worker:
            return  # of a driver that was given up
        match outcome:
            case Failed(_, reason, broken):
                self._failed(time.monotonic(), reason, broken=broken)
            case Waiting(_, reason):
                self._watch, self._reason = supervision.waiting(self._watch), reason
            case Said():
                wrong = take(self.name, outcome)
                if wrong:
                    self._failed(time.monotonic(), wrong, broken=False)
                else:
                    self._measured()

    def status(self, believed: Observation | None, gap: float) -> Status:
        """How it does.

        Args:
            believed: its newest sample that was believed.
            gap: seconds; an older sample is not live.
        """
        now = boottime()
        age = None if believed is None else now - believed.at
        fresh = age is not None and age <= gap
        state, reason = supervision.state(self._watch, fresh=fresh), self._reason
        if state is State.STALE and reason is None and age is not None:
            reason = f"it has had nothing new for {age:.0f} s"
        if state is not self._state:
            self._state, self._since = state, now
        again = now + self._watch.not_before - time.monotonic() if state is State.FAILED else None
        return Status(
            driver=self._driver,
            state=state,
            reason=None if state is State.LIVE else reason,
            failures=self._watch.failures,
            since=self._since,
            again=again,
            taken=None if believed is None else believed.at,
            rating=self._rating,
            corrections=self._corrections,
            **({} if believed is None else _told(believed)),
        )

    def end(self) -> None:
        """Let the driver close its device."""
        if self._worker is not None:
            self._worker.end()

    def join(self, within: float) -> None:
        """Wait for that, at most so many seconds."""
        if self._worker is not None:
            self._worker.join(max(within, 0.0))

    def _start(self, now: float) -> None:
        self._abandoned = [worker for worker in self._abandoned if worker.alive]
        if len(self._abandoned) >= HANGING:
            return
        self._worker = Worker(self.name, self._opener, self._deliver)
        self._watch = supervision.asked(self._watch, now)
        self._worker.ask()

    def _measured(self) -> None:
        if self._watch.failures or not self._watch.answered:
            lines.info("sensor.measures", sensor=self.name, after_failures=self._watch.failures)
        self._watch = supervision.measured(self._watch)
        self._reason = None

    def _failed(self, now: float, reason: str, *, broken: bool) -> None:
        self._watch = supervision.failed(self._watch, now, self._patience, broken=broken)
        self._reason = reason
        if self._watch.failures == 1 or not self._watch.running:
            lines.warning(
                "sensor.failed",
                sensor=self.name,
                reason=reason,
                failures=self._watch.failures,
                again_s=None if self._watch.running else round(self._watch.not_before - now, 1),
            )
        if not self._watch.running and self._worker is not None:
            self._worker.end()
            self._abandoned.append(self._worker)
            self._worker = None


def _told(believed: Observation) -> dict[str, Any]:
    values = {str(quantity): getattr(believed, quantity) for quantity in Quantity}
    return {
        "quality": str(believed.quality),
        "values": {name: value for name, value in values.items() if value is not None},
    }
