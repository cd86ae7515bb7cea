"""The logger's loop: ask every sensor on a steady beat, count, publish at once, and hand over to be kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue

from chain import lines
from chain.daemon import Stopping, sd_ready, sd_watchdog
from chain.errors import Misconfigured, Unavailable
from node.logger.ledger import FILE, Ledger
from node.logger.publishing import Household
from node.logger.recorder import SAVE_EVERY, Periodic, Recorder
from node.logger.settings import BatterySettings
from node.logger.supervised import Supervised
from node.logger.workers import Outcome
from node.readings.opening import open_readings
from node.readings.settings import ReadingsSettings
from node.sensors.settings import SensorSettings
from store.claim import Claim
from store.errors import StoreError

LONGEST_WAIT = 0.25
"""Seconds that a wish to stop, or a driver that hangs, may go unnoticed."""


def run(
    sensors: Mapping[str, SensorSettings],
    battery: BatterySettings | None,
    readings: ReadingsSettings,
    *,
    run_folder: Path,
    state_folder: Path,
    stop: Stopping,
) -> int:
    """Log the household's meters until told to stop. A dead sensor holds up nothing.

    Args:
        run_folder: where registers and the battery's state are published.
        state_folder: where registers, state of charge and readings are kept.

    Returns:
        The exit code, 0.

    Raises:
        StartRefused: no sensor is configured, or a folder cannot be used, or another logger runs.
    """
    if not sensors:
        raise Misconfigured("there is nothing to log: name the household's meters under sensors")
    if battery is not None and battery.sensor not in sensors:
        raise Misconfigured(f"battery.sensor: there is no sensor {battery.sensor!r} under sensors")
    try:
        with Claim(run_folder / "meters", "log meters into"):
            ledger = Ledger(state_folder / FILE)
            recorder = Recorder(readings, lambda: open_readings(readings, state_folder))
            household = Household(
                sensors, battery, period=readings.sample, run=run_folder, ledger=ledger, keep=recorder.add
            )
            _log(sensors, household, recorder, readings, stop)
            ledger.close()
    except StoreError as error:
        raise Unavailable(str(error)) from error
    return 0


def _log(
    sensors: Mapping[str, SensorSettings],
    household: Household,
    recorder: Recorder,
    readings: ReadingsSettings,
    stop: Stopping,
) -> None:
    """Start every thread, sample until told to stop, and end them all."""
    keepers = (
        Periodic("registers", min(SAVE_EVERY, readings.batch), household.save),
        Periodic("readings", readings.batch, recorder.store),
    )
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    watched = [Supervised(name, settings, outcomes.put) for name, settings in sensors.items()]
    lines.info("logger.started", sensors=",".join(sorted(sensors)), sample_s=readings.sample)
    sd_ready()
    try:
        _sample(watched, household, readings.sample, outcomes, stop)
    finally:
        for one in watched:
            one.end()
        for keeper in keepers:
            keeper.stop(within=1.0)
        recorder.close()
        lines.info("logger.stopped")


def _sample(
    watched: list[Supervised],
    household: Household,
    period: float,
    outcomes: SimpleQueue[Outcome],
    stop: Stopping,
) -> None:
    """Ask on the beat of the monotonic clock; take each answer as it comes."""
    by_name = {one.name: one for one in watched}
    due = time.monotonic()
    while not stop.is_set():
        now = time.monotonic()
        sample_due = now >= due
        if sample_due:
            due += period * max(1, -int((due - now) // period))
            sd_watchdog()
        for one in watched:
            one.look_after(now, sample_due=sample_due)
        try:
            outcome = outcomes.get(timeout=min(max(due - time.monotonic(), 0.0), LONGEST_WAIT))
        except Empty:
            continue
        by_name[outcome.worker.name].heard(outcome, household.take)
