"""What the house used in each bar of a period: its own energy, and what was bought; and what that is worth.

Energies are in mJ (mW times seconds, 3 600 of a mWh), so that watts and watt-hours come of the same integer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

from node.dapp.household import Household
from node.dapp.language import gettext as _
from node.dapp.periods import Period, Slot, Span
from node.readings.interface import Readings, Sample
from node.sensors.driver import Quantity
from node.tariffs.pieces import Piece, cost, pieces
from node.tariffs.plan import Files, Plan

MJ_PER_MWH = 3_600

LASTS_MS = 60_000
"""How long a spot of the battery holds, at least: one that is older leaves a hole in the line."""

MOST_CHANGES = 3_000
"""Of the price in a period: a month of quarter-hour prices, or four years of day and night."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What happened in one slot; None where nothing is known. Energies in mJ."""

    slot: Slot
    lasted: int
    """Seconds of it that are over."""
    used: int | None
    """By the house."""
    own: int | None
    """Of that, of its own panel and battery."""
    bought: int | None
    """From neighbours; what of it the house did not use charged the battery."""
    made: int | None
    """By its panels."""
    sold: int | None
    """To neighbours."""
    cost_own: int | None = None
    """Micro-units of the tariff's currency: what the utility would have asked for it."""
    cost_bought: int | None = None

    @property
    def known(self) -> bool:
        """Whether anything was measured."""
        return any(energy is not None for energy in (self.used, self.bought, self.made, self.sold))


@dataclass(frozen=True, kw_only=True)
class Spot:
    """The battery at one moment; None where it was not measured."""

    at: int
    """Unix ms."""
    soc: int | None
    """1/100 %."""
    voltage: int | None
    """mV."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What energy is worth, by whose clock."""

    plan: Plan
    where: ZoneInfo
    files: Files


class TooManyPrices(Exception):
    """The price changes too often in this period to be reckoned at once."""


def bars(house: Household, readings: Readings, shown: Period, now: int) -> list[Bar]:
    """The energies of a period.

    Args:
        now: Unix ms.
    """
    meters = {
        "used": house.loads,
        "bought": tuple(line.meter for line in house.ties),
        "made": house.panels,
        "sold": tuple(line.meter for line in house.feeds),
    }
    look = _means if shown.span is Span.NOW else _counted
    found = {
        kind: _together([look(readings, meter, shown.slots, now) for meter in names], len(shown.slots))
        for kind, names in meters.items()
    }
    return [
        _bar(slot, now, columns)
        for slot, *columns in zip(shown.slots, *(found[kind] for kind in meters), strict=True)
    ]


def unknown(shown: Period, now: int) -> list[Bar]:
    """Bars of a period of which nothing is known."""
    return [_bar(slot, now, [None] * 4) for slot in shown.slots]


def priced(
    house: Household,
    readings: Readings,
    found: Sequence[Bar],
    prices: Prices,
    now: int,
) -> list[Bar]:
    """The same bars with what their energy is worth by a tariff.

    Raises:
        TooManyPrices: more often than `MOST_CHANGES`.
    """
    start, end = found[0].slot.start, min(found[-1].slot.end, max(now, found[0].slot.end))
    parts = pieces(prices.plan, start, end, prices.where, prices.files)
    if len(parts) > MOST_CHANGES:
        raise TooManyPrices(
            _("The price changes %(number)s times in this time: look at a shorter one.", number=len(parts))
        )
    starts = [bar.slot.start for bar in found if bar.slot.start < end]
    moments = sorted({*(part.start for part in parts), *starts, end})
    used, bought = (
        _worth(readings, names, moments, parts, starts)
        for names in (house.loads, tuple(line.meter for line in house.ties))
    )
    return [
        replace(
            bar,
            cost_own=None if bar.used is None else max(used[place] - bought[place], 0),
            cost_bought=None if bar.bought is None else bought[place],
        )
        for place, bar in enumerate(found)
    ]


def spots(house: Household, readings: Readings, shown: Period, now: int, points: int) -> list[Spot]:
    """The battery's state over a period, as far as its samples are kept."""
    if house.battery is None:
        return []
    step = max((shown.end - shown.start) // points, 1_000)
    moments = [at for at in range(shown.start + step, shown.end + 1, step) if at - step < now]
    samples = readings.spots(house.battery, moments)
    return [_spot(at, sample, step) for at, sample in zip(moments, samples, strict=True)]


def _bar(slot: Slot, now: int, known: Sequence[int | None]) -> Bar:
    used, bought, made, sold = known
    return Bar(
        slot=slot,
        lasted=max(min(slot.end, now) - slot.start, 0) // 1_000,
        used=used,
        own=None if used is None else max(used - (bought or 0), 0),
        bought=bought,
        made=made,
        sold=sold,
    )


def _spot(at: int, sample: Sample | None, step: int) -> Spot:
    if sample is None or sample.taken <= at - max(step, LASTS_MS):
        return Spot(at=at, soc=None, voltage=None)
    return Spot(at=at, soc=sample.soc, voltage=sample.voltage)


def _counted(readings: Readings, meter: str, slots: Sequence[Slot], now: int) -> list[int | None]:
    """By the meter's registers, which lose nothing."""
    begun = [slot for slot in slots if slot.start < now]
    if not begun:
        return [None] * len(slots)
    flows = readings.counted(meter, [*(slot.start for slot in begun), begun[-1].end])
    counted = [None if flow is None else flow.forward * MJ_PER_MWH for flow in flows]
    return [*counted, *[None] * (len(slots) - len(begun))]


def _means(readings: Readings, meter: str, slots: Sequence[Slot], now: int) -> list[int | None]:
    """By the mean power of each short slice, which a register of whole mWh cannot resolve."""
    start, end = slots[0].start, slots[-1].end
    points = readings.between(meter, Quantity.POWER, start, end, len(slots) + 1)
    mean = {point.at: point.mean for point in points}
    return [
        None if slot.start not in mean else max(mean[slot.start], 0) * (slot.end - slot.start) // 1_000
        for slot in slots
    ]


def _together(columns: Sequence[list[int | None]], length: int) -> list[int | None]:
    """The sum of several meters; None where none of them knows anything."""
    rows: Iterable[tuple[int | None, ...]] = zip(*columns, strict=True) if columns else [()] * length
    return [sum(known) if (known := [value for value in row if value is not None]) else None for row in rows]


def _worth(
    readings: Readings,
    meters: Sequence[str],
    moments: Sequence[int],
    parts: Sequence[Piece],
    starts: Sequence[int],
) -> list[int]:
    """Micro-units for each of the slots that begin at `starts`."""
    told: list[list[tuple[int, int]]] = [[] for _ in starts]
    begins = [part.start for part in parts]
    for meter in meters:
        flows = readings.counted(meter, moments)
        for (at, _until), flow in zip(pairwise(moments), flows, strict=True):
            charge = parts[bisect_right(begins, at) - 1].charge
            if flow is not None and charge is not None:
                told[bisect_right(starts, at) - 1].append((flow.forward, charge.price))
    return [cost(each) for each in told]
