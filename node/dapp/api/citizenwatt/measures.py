"""Measures as CitizenWatt has them: one a second, found by id or time, one by one or in groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from node.dapp.api.slices import opened, sliced, windows
from node.dapp.context import context
from node.local_time import zone
from node.readings.interface import Readings, rolled
from node.sensors.driver import Quantity
from node.tariffs.pieces import cost, pieces
from node.tariffs.plan import Charge, Files, Plan, charge_at
from quantities.money import MWH_PER_KWH

SECOND = 1_000
"""ms."""

SINGLE_S = 8
"""A measure that stands alone counts for so long: CitizenWatt's sensor sends every eight seconds."""

FINE = 2_000
"""Points of which a group's mean is made, at most."""

BACK_S = 30 * 86_400
"""How far before the newest measure those are looked for that are counted from it."""

MICRO = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Power at one moment."""

    at: int
    """Unix seconds; also its id."""
    milliwatts: int


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What a group of measures comes to."""

    mean_w: float
    day_w: float
    """The part of the mean that was measured by day."""
    night_w: float
    day_kwh: float
    night_kwh: float
    euros: float | None
    """None: there is no tariff."""


class Book:
    """One meter's measures, and the tariff by which they are reckoned."""

    def __init__(self, meter: str, plan: Plan | None, files: Files) -> None:
        """Prepare; nothing is read yet."""
        self.meter, self._plan, self._files = meter, plan, files
        self._house = context().household
        self._where = zone(self._house.time_zone)

    def between(self, start: int, end: int) -> Iterator[Measure]:
        """The measures of [start, end), Unix seconds, ascending; read a window at a time."""
        for first, last in windows(self._house, start * SECOND, end * SECOND, SECOND):
            with opened(self._house) as store:
                found = sliced(store, self.meter, Quantity.POWER, (first, last), SECOND)
            for point in found:
                yield Measure(at=point.at // SECOND, milliwatts=point.mean)

    def last(self, count: int) -> list[Measure]:
        """The newest measures, as many as are asked for or there are in 30 days, ascending."""
        found: list[Measure] = []
        with opened(self._house) as store:
            newest = store.latest().get(self.meter)
        if newest is None:
            return []
        end, length = newest.taken // SECOND + 1, max(2 * count, 600)
        oldest = end - BACK_S
        while len(found) < count and end > oldest:
            length = min(length, end - oldest)
            found = [*self.between(end - length, end), *found]
            end, length = end - length, 2 * length
        return found[-count:] if count else []

    def night(self, at: int) -> bool:
        """Whether the night rate holds at a moment (Unix seconds)."""
        charge = self._charge(at * SECOND)
        return charge is not None and charge.night

    def sums(self, spans: Iterable[tuple[int, int]]) -> list[Sums | None]:
        """What the measures of each [start, end), Unix seconds, come to; None: there are none."""
        with opened(self._house) as store:
            return [self._sums(store, start, end) for start, end in spans]

    def summed(self, measures: Sequence[Measure]) -> Sums | None:
        """What some measures come to, by themselves."""
        return self._summed(measures, None) if measures else None

    def as_told(self, measure: Measure, number: int) -> dict[str, Any]:
        """One measure as CitizenWatt writes it."""
        return {
            "id": measure.at,
            "sensor_id": number,
            "value": measure.milliwatts / 1_000,
            "timestamp": measure.at,
            "night_rate": int(self.night(measure.at)),
        }

    def _sums(self, store: Readings, start: int, end: int) -> Sums | None:
        length = max(-(-(end - start) // FINE), 1)
        level = rolled(length * SECOND)
        if level is not None:  # whole buckets
            length = -(-length * SECOND // level) * level // SECOND
        first = start // length * length * SECOND
        points = sliced(store, self.meter, Quantity.POWER, (first, end * SECOND), length * SECOND)
        measures = [
            Measure(at=point.at // SECOND, milliwatts=point.mean)
            for point in points
            if length > 1 or start <= point.at // SECOND < end
        ]
        if not measures:
            return None
        counted = self._counted(store, start, end) if len(measures) > 1 else None
        return self._summed(measures, counted)

    def _summed(self, measures: Sequence[Measure], counted: list[tuple[Charge | None, int]] | None) -> Sums:
        nights = sum(measure.milliwatts for measure in measures if self.night(measure.at))
        whole = sum(measure.milliwatts for measure in measures)
        parts = list(self._trapezoids(measures)) if counted is None else counted
        night = sum(mwh for charge, mwh in parts if charge is not None and charge.night)
        known = [(mwh, charge.price) for charge, mwh in parts if charge is not None]
        return Sums(
            mean_w=whole / len(measures) / 1_000,
            day_w=(whole - nights) / len(measures) / 1_000,
            night_w=nights / len(measures) / 1_000,
            day_kwh=(sum(mwh for _, mwh in parts) - night) / MWH_PER_KWH,
            night_kwh=night / MWH_PER_KWH,
            euros=cost(known) / MICRO if self._plan is not None else None,
        )

    def _counted(self, store: Readings, start: int, end: int) -> list[tuple[Charge | None, int]] | None:
        """By the meter's registers, which miss nothing and bridge nothing; None: it has none."""
        if store.energy(self.meter, start * SECOND, end * SECOND) is None:
            return None
        found = []
        for first, last, charge in self._pieces(start * SECOND, end * SECOND):
            flow = store.energy(self.meter, first, last)
            found.append((charge, 0 if flow is None else flow.forward - flow.reverse))
        return found

    def _pieces(self, start: int, end: int) -> Iterable[tuple[int, int, Charge | None]]:
        if self._plan is None:
            return [(start, end, None)]
        found = pieces(self._plan, start, end, self._where, self._files)
        return [(piece.start, piece.end, piece.charge) for piece in found]

    def _trapezoids(self, measures: Sequence[Measure]) -> Iterator[tuple[Charge | None, int]]:
        """Energies in mWh between one measure and the next."""
        if len(measures) == 1:
            yield self._charge(measures[0].at * SECOND), round(measures[0].milliwatts * SINGLE_S / 3_600)
        for before, after in pairwise(measures):
            mean = (before.milliwatts + after.milliwatts) / 2
            yield self._charge(before.at * SECOND), round(mean * (after.at - before.at) / 3_600)

    def _charge(self, at: int) -> Charge | None:
        return None if self._plan is None else charge_at(self._plan, at, self._where, self._files)
