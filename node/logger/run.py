"""The logger's loop: ask every sensor on a steady beat, count, publish at once, and hand over to be kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from chain import lines
from chain.daemon import Stopping, sd_ready, sd_watchdog
from chain.errors import Misconfigured, Unavailable
from node.logger.attending import Attendant
from node.logger.ledger import FILE, Ledger
from node.logger.publishing import Household
from node.logger.recorder import FORGET_EVERY, SAVE_EVERY, Periodic, Recorder
from node.logger.supervised import Supervised
from node.logger.workers import Outcome
from node.readings.opening import open_readings
from node.readings.spool import Spool, beside
from node.sensors import status
from store.claim import Claim
from store.errors import StoreError

if TYPE_CHECKING:
    from node.logger.settings import BatterySettings
    from node.readings.settings import ReadingsSettings
    from node.sensors.settings import SensorSettings
    from node.sensors.used import Driven

LONGEST_WAIT = 0.25
"""Seconds that a wish to stop, or a driver that hangs, may go unnoticed."""

MB = 1_000_000

ATTENDED_WITHIN = 0.3
"""Seconds in which what is done for the pages is ended: it needs but be killed."""

STOP_WITHIN = 2.0
"""Seconds in which to save what there is: a daemon stops within 3 s."""


def run(
    sensors: Mapping[str, SensorSettings],
    battery: BatterySettings | None,
    readings: ReadingsSettings,
    *,
    run_folder: Path,
    state_folder: Path,
    stop: Stopping,
    others: Mapping[str, Driven] | None = None,
) -> int:
    """Log the household's meters until told to stop. A dead sensor holds up nothing.

    Without any sensor there is nothing to log, but the pages may ask for what is connected (the first run).

    Args:
        run_folder: where registers and the battery's state are published.
        state_folder: where registers, state of charge and readings are kept.
        others: what else uses buses and ports of this host, by name: nothing is looked for there.

    Returns:
        The exit code, 0.

    Raises:
        StartRefused: the battery names no sensor, or a folder cannot be used, or another logger runs.
    """
    if not sensors:
        lines.warning(
            "nothing_to_log", do="name the household's meters under sensors, or add them on the pages"
        )
    if battery is not None and battery.sensor not in sensors:
        raise Misconfigured(f"battery.sensor: there is no sensor {battery.sensor!r} under sensors")
    if battery is not None and battery.gauge is not None and battery.gauge not in sensors:
        raise Misconfigured(f"battery.gauge: there is no sensor {battery.gauge!r} under sensors")
    try:
        with Claim(run_folder / "meters", "log meters into"):
            ledger = Ledger(state_folder / FILE)
            spool = Spool(beside(state_folder / FILE), readings.spool_mb * MB)
            ledger.catch_up(spool.state)
            recorder = Recorder(
                readings,
                lambda: open_readings(readings.url, state_folder),
                spool,
                run=run_folder,
                state=lambda: household.state(),  # noqa: PLW0108 - it is made below
            )
            household = Household(
                sensors, battery, period=readings.sample, run=run_folder, ledger=ledger, keep=recorder.add
            )
            keepers = (
                (Periodic("samples", readings.sync, lambda: _sync(recorder, household)), recorder.last),
                (Periodic("retention", FORGET_EVERY, recorder.forget), lambda: None),
                (Periodic("registers", SAVE_EVERY, household.save), ledger.close),
                (Periodic("readings", recorder.until_store, recorder.store, at_once=True), recorder.close),
            )
            attendant = Attendant(run_folder, state_folder, {**sensors, **(others or {})})
            attendant.start()
            watched = _log(sensors, household, readings.sample, run_folder, stop)
            attendant.stop()
            _end(watched, keepers)
            attendant.ended(ATTENDED_WITHIN)
    except StoreError as error:
        raise Unavailable(str(error)) from error
    return 0


def _log(
    sensors: Mapping[str, SensorSettings],
    household: Household,
    period: float,
    run_folder: Path,
    stop: Stopping,
) -> list[Supervised]:
    """Ask on the beat of the monotonic clock, and take each answer as it comes, until told to stop."""
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    watched = [Supervised(name, settings, outcomes.put) for name, settings in sensors.items()]
    by_name = {one.name: one for one in watched}
    lines.info("logger.started", sensors=",".join(sorted(sensors)), sample_s=period)
    sd_ready()
    due = time.monotonic()
    while not stop.is_set():
        now = time.monotonic()
        sample_due = now >= due
        if sample_due:
            due += period * max(1, -int((due - now) // period))
        sd_watchdog()
        for one in watched:
            one.look_after(now, sample_due=sample_due)
        if sample_due:
            _tell(run_folder, watched, household)
        try:
            outcome = outcomes.get(timeout=min(max(due - time.monotonic(), 0.0), LONGEST_WAIT))
        except Empty:
            continue
        by_name[outcome.worker.name].heard(outcome, household.take)
    return watched


def _tell(run_folder: Path, watched: Sequence[Supervised], household: Household) -> None:
    """Publish how the sensors do. What cannot be written is told by the registers, which lie beside it."""
    with suppress(StoreError):
        status.write(
            run_folder,
            {one.name: one.status(household.believed(one.name), household.gap(one.name)) for one in watched},
        )


def _sync(recorder: Recorder, household: Household) -> None:
    """Keep samples and registers; the registers in their own file at least."""
    try:
        recorder.sync()
    except StoreError:
        household.save()
        raise


def _end(watched: Sequence[Supervised], keepers: Iterable[tuple[Periodic, Callable[[], None]]]) -> None:
    """Save and close, in this order, what lets itself be closed in time; what hangs ends with the process."""
    until = time.monotonic() + STOP_WITHIN
    for one in watched:
        one.end()
    for keeper, close in keepers:
        keeper.stop()
        if keeper.ended(until - time.monotonic()):
            close()
    for one in watched:
        one.join(min(until - time.monotonic(), 0.2))
    lines.info("logger.stopped")
