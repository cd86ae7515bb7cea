"""The household's meters and battery: each sample is checked, counted and published before anything else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chain import lines
from node.logger import charge, meter, trust
from node.logger.charge import Charge, Pack, Seen
from node.logger.curves import curve
from node.logger.dating import taken
from node.logger.integration import GAP_SAMPLES
from node.logger.ledger import Ledger, State, state_of
from node.logger.meter import NANOSECONDS, Limits, Meter
from node.logger.observation import Nonsense, Observation, Unchanged, observe
from node.logger.trust import Bounds, Trust
from node.logger.workers import Said
from node.readings.interface import Sample
from store import registers, snapshot
from store.errors import StoreError

if TYPE_CHECKING:
    from node.logger.settings import BatterySettings
    from node.sensors.settings import SensorSettings


class Household:
    """All meters of one household, and the state of its battery."""

    def __init__(
        self,
        sensors: Mapping[str, SensorSettings],
        battery: BatterySettings | None,
        *,
        period: float,
        run: Path,
        ledger: Ledger,
        keep: Callable[[Sample], None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Take up every meter where it was left.

        Args:
            period: seconds between two samples.
            run: the folder `paths.run`.
            keep: takes each sample for the readings.
            wall: what the clock shows, Unix seconds.
        """
        self._run = run
        self._ledger = ledger
        self._keep = keep
        self._wall = wall
        self._meters = {name: ledger.meter(name, run / "meters") for name in sensors}
        self._seen: dict[str, float] = {}
        self._trust = dict.fromkeys(sensors, Trust())
        self._bounds = {name: Bounds.of(settings) for name, settings in sensors.items()}
        self._limits = {
            name: Limits(
                rating=settings.rating.mw,
                longest=round(GAP_SAMPLES * max(period, settings.every or 0.0) * NANOSECONDS),
                rollover=None if settings.rollover is None else settings.rollover.mwh,
            )
            for name, settings in sensors.items()
        }
        self._battery = None if battery is None else battery.sensor
        self._gauge = None if battery is None else battery.gauge
        self._pack = None if battery is None else _pack(battery)
        self._charge = (
            None if battery is None else ledger.charge(battery.sensor, self._meters[battery.sensor])
        )
        self._unwritable = False

    def take(self, name: str, said: Said) -> str | None:
        """Count and publish one sample; says what is wrong with it, None if nothing is."""
        limits = self._limits[name]
        seen = observe(said.measurements, self._seen.get(name), said.at, limits.rating)
        match seen:
            case Unchanged():
                return None
            case Nonsense(reason):
                return reason
            case Observation():
                self._seen[name] = seen.at
                self._trust[name], lie = trust.judge(self._trust[name], seen, self._bounds[name])
                if lie:
                    return lie
                self._count(name, seen, limits)
                charged = self._judge(name, seen)
                moment = taken(seen.at, self._wall(), snapshot.boottime())
                self._keep(_sample(name, moment, seen, self._meters[name], charged))
        return None

    def believed(self, name: str) -> Observation | None:
        """The newest sample of this sensor that was believed; None before the first."""
        return self._trust[name].last

    def gap(self, name: str) -> float:
        """Seconds beyond which two samples of this sensor have a gap between them."""
        return self._limits[name].longest / NANOSECONDS

    def state(self) -> State:
        """Registers and state of charge, as they are to be kept."""
        return state_of(tuple(self._meters.values()), self._battery, self._charge)

    def save(self) -> None:
        """Keep registers and state of charge; a failure is logged, and the logger goes on."""
        try:
            self._ledger.save(self.state())
        except StoreError as error:
            lines.warning("registers.unsaved", reason=str(error))

    def _count(self, name: str, seen: Observation, limits: Limits) -> None:
        stepped = meter.step(self._meters[name], seen, limits)
        if stepped is None:
            return
        self._meters[name] = stepped.meter
        register = stepped.meter.register()
        if register is not None:
            self._publish(lambda: registers.write(self._run / "meters", register))
        for restart in stepped.restarts:
            lines.warning("meter.counter_restarted", meter=name, was_mwh=restart.was, now_mwh=restart.now)

    def _judge(self, name: str, seen: Observation) -> Charge | None:
        """The state of charge, if this is the battery's sensor."""
        if name != self._battery or self._pack is None:
            return None
        counted = self._meters[name]
        counts = counted.at is not None and counted.at == seen.at
        self._charge = charge.estimate(
            self._charge,
            Seen(
                at=seen.at,
                forward=counted.forward.mwh if counts else None,
                reverse=counted.reverse.mwh if counts else None,
                power=counted.power if counts else None,
                voltage=seen.voltage,
                soc=self._gauged(seen),
            ),
            self._pack,
        )
        if self._charge is not None:
            fields = {
                "soc": self._charge.soc.value,
                "voltage_mv": seen.voltage,
                "power_mw": counted.power if counts else None,
                "method": self._charge.method.value,
                "confidence": self._charge.confidence,
            }
            self._publish(lambda: snapshot.write(self._run / "battery.json", fields, seen.at))
        return self._charge

    def _gauged(self, seen: Observation) -> int | None:
        """What the fuel gauge says: the battery's own sensor, or the one beside it while that is live."""
        if self._gauge is None:
            return seen.soc
        beside = self.believed(self._gauge)
        if beside is None or seen.at - beside.at > self.gap(self._gauge):
            return None
        return beside.soc

    def _publish(self, write: Callable[[], None]) -> None:
        try:
            write()
        except StoreError as error:
            if not self._unwritable:
                lines.warning("registers.unpublished", reason=str(error))
            self._unwritable = True
        else:
            self._unwritable = False


def _pack(battery: BatterySettings) -> Pack:
    return Pack(
        capacity=battery.capacity.mwh,
        fuelgauge=battery.fuelgauge or battery.gauge is not None,
        curve=curve(battery),
        resistance=battery.resistance,
    )


def _sample(name: str, moment: int, seen: Observation, counted: Meter, charged: Charge | None) -> Sample:
    counts = counted.at == seen.at
    return Sample(
        meter=name,
        taken=moment,
        voltage=seen.voltage,
        current=seen.current,
        power=counted.power if counts else None,
        forward=counted.forward.mwh if counts else None,
        reverse=counted.reverse.mwh if counts else None,
        soc=charged.soc.value if charged is not None else seen.soc,
    )
