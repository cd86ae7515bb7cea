"""A sensor calibrated from a page: for half a minute the logger's samples are collected, and then judged.

The pages touch no device: every sample is one that the logger has read, believed and published, less what it
corrects it by. So a sensor is calibrated as it is used, also one whose bus only one process can have. What is
found is written down by whoever applies changes of the configuration.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from node.dapp.aside import Aside
from node.dapp.errors import DappError
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.sensors import known_load, status
from node.sensors.calibrating import FEWEST, Refused
from node.sensors.known_load import Corrected, Measured
from store.requests import new_id

LASTING = 30.0
"""Seconds of one measurement, as at the box."""

LONGEST = 180.0
"""Seconds of one whose sensor has something new less often: until there are samples enough."""

LOOK_EVERY = 0.25
"""Seconds between two looks at what the logger published."""

GOOD_FOR = 600.0
"""Seconds for which what was found may be saved: the load stands there no longer."""

NOT_LIVE = N_("it measures nothing now: see what is wrong with it first")


class Busy(DappError):
    """Another one is being measured; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be found."""

    id: str
    sensor: str
    quantity: str
    true: float | None
    """What a good instrument shows, in our unit (mV, mA, mW); None: nothing flows."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The last measurement, as far as it has come."""

    wanted: Wanted
    begun: float
    """Monotonic seconds."""

    samples: int = 0
    came: Measured | None = None
    """None: it is still being measured."""

    @property
    def found(self) -> Corrected | None:
        """What may be saved."""
        return self.came.result if self.came and isinstance(self.came.result, Corrected) else None


class Calibrations:
    """One household's, one at a time. Threads may share it."""

    def __init__(
        self,
        run: Path,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Measure nothing yet.

        Args:
            run: where the logger publishes.
            clock: monotonic seconds.
            pause: waits so many seconds.
        """
        self._run, self._clock, self._pause = run, clock, pause
        self._lock = threading.Lock()
        self._standing: Standing | None = None
        self.measuring = Aside("calibration", self._measure)

    def standing(self, sensor: str | None = None) -> Standing | None:
        """The last measurement (of this sensor), unless it is too old to be of use."""
        now = self._standing
        if now is None or (sensor is not None and now.wanted.sensor != sensor):
            return None
        return now if self._clock() - now.begun < GOOD_FOR else None

    def begin(self, sensor: str, quantity: str, true: float | None) -> None:
        """Measure.

        Raises:
            Busy: another one is being measured.
        """
        with self._lock:
            now = self.standing()
            if now is not None and now.came is None:
                busy = now.wanted.sensor.capitalize()
                raise Busy(_("%(sensor)s is being measured: wait for half a minute.", sensor=busy))
            wanted = Wanted(id=new_id(), sensor=sensor, quantity=quantity, true=true)
            self._standing = Standing(wanted=wanted, begun=self._clock())
        self.measuring.wait()
        self.measuring.begin(wanted, self._standing.begun)

    def trace(self) -> str:
        """Changes while something is measured."""
        now = self._standing
        return "" if now is None else f"{now.wanted.id[:8]} {now.samples} {now.came is not None}"

    def _measure(self, wanted: Wanted, begun: float) -> None:
        samples: dict[float, dict[str, float]] = {}
        rating, before = float(status.UNSTATED), Corrected()
        while (lasted := self._clock() - begun) < LASTING or (len(samples) <= FEWEST and lasted < LONGEST):
            one = (status.read(self._run) or {}).get(wanted.sensor)
            if one is not None and one.state is status.State.LIVE and one.taken is not None:
                corrections = {name: Corrected(*by) for name, by in one.corrections.items()}
                samples.setdefault(one.taken, known_load.as_built(one.values, corrections))
                rating, before = float(one.rating), corrections.get(wanted.quantity, Corrected())
            self._standing = Standing(wanted=wanted, begun=begun, samples=len(samples))
            self._pause(LOOK_EVERY)
        came = _judged(wanted, list(samples.values())[1:], before, rating)
        self._standing = Standing(wanted=wanted, begun=begun, samples=len(samples), came=came)


def _judged(wanted: Wanted, samples: list[dict[str, float]], before: Corrected, rating: float) -> Measured:
    """What comes of the samples; the first one was taken before the measurement began, and is left out."""
    if not any(wanted.quantity in each for each in samples):
        return Measured(samples=0, mean=0.0, deviation=0.0, result=Refused(NOT_LIVE))
    return known_load.measured(wanted.quantity, samples, wanted.true, before, rating)
