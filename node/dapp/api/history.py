"""What was measured: readings, energy by interval, and the energy between two moments.

Long spans are read a window at a time, each with its own short look at the store: a page and a year of CSV
take the same memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from itertools import groupby
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from node.dapp.api import cursor
from node.dapp.api.operations import Format, Table, operation
from node.dapp.api.parameters import Form, MomentField, Number
from node.dapp.api.problems import Problem
from node.dapp.api.slices import WINDOW, opened, recorded, sliced, windows
from node.dapp.api.tariffs import Cost, priced
from node.dapp.api.tokens import Scope
from node.dapp.context import context
from node.local_time import local_day, midnight, written, zone
from node.readings.interface import Level, rolled
from node.sensors.driver import Quantity

R = TypeVar("R")

DAY_MS = 86_400_000

MeterField = Annotated[str, Form(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "load")]


CursorField = Annotated[str, Form(cursor.PATTERN, cursor.EXAMPLE)]

Rows = Iterator[tuple[str, R]]


class Step(StrEnum):
    """How fine readings come: lowest, mean and highest of each slice of time; slices of nothing are left out.
    They begin at multiples of their length since 1970, UTC."""

    SECOND = "1s"
    TEN_SECONDS = "10s"
    MINUTE = "1min"
    QUARTER = "15min"
    HOUR = "1h"


class Interval(StrEnum):
    """Over what energy is summed. A day is the household's own, of 23, 24 or 25 hours."""

    MINUTE = "1min"
    QUARTER = "15min"
    HOUR = "1h"
    DAY = "1d"


LENGTH_MS = {"1s": 1_000, "10s": 10_000, "1min": 60_000, "15min": 900_000, "1h": 3_600_000}


@dataclass(frozen=True, kw_only=True)
class ReadingsAsked:
    """Which readings."""

    meter: MeterField
    """Its name: /api/v1/meters lists them."""
    quantity: Quantity = Quantity.POWER
    """What was measured, in mW, mV, mA, mWh, or hundredths of a percent."""
    step: Step = Step.MINUTE
    from_: MomentField | None = None
    """The beginning; a day before the end, if not given."""
    to: MomentField | None = None
    """The end, which is not in it; now, if not given."""
    limit: Annotated[int, Number(1, WINDOW)] = 1_000
    """Rows of a page."""
    cursor: CursorField | None = None
    """`next` of the page before."""
    format: Format = Format.JSON


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What happened in one slice of time."""

    at: str
    """At which it begins."""
    lowest: int
    mean: int
    highest: int


@dataclass(frozen=True, kw_only=True)
class ReadingsPage:
    """Readings in the order of time."""

    meter: str
    quantity: Quantity
    unit: str
    step: Step
    time_zone: str
    rows: list[Reading]
    next: str | None
    """The cursor of the next page; null: this is the last."""


@dataclass(frozen=True, kw_only=True)
class RollupsAsked:
    """Which sums of energy."""

    meter: MeterField
    """Its name: /api/v1/meters lists them."""
    step: Interval = Interval.HOUR
    from_: MomentField | None = None
    """The beginning, which is put back to that of its interval; a day before the end, if not given."""
    to: MomentField | None = None
    """The end; an interval that begins before it is whole. Now, if not given."""
    limit: Annotated[int, Number(1, WINDOW)] = 1_000
    """Rows of a page."""
    cursor: CursorField | None = None
    """`next` of the page before."""
    format: Format = Format.JSON


@dataclass(frozen=True, kw_only=True)
class Rollup:
    """What a meter counted in one interval."""

    start: str
    end: str
    forward_mwh: int
    reverse_mwh: int


@dataclass(frozen=True, kw_only=True)
class RollupsPage:
    """Sums in the order of time. What was counted while nothing was recorded is in the interval after."""

    meter: str
    step: Interval
    time_zone: str
    rows: list[Rollup]
    next: str | None
    """The cursor of the next page; null: this is the last."""


@dataclass(frozen=True, kw_only=True)
class EnergyAsked:
    """Which energy."""

    meter: MeterField
    """Its name: /api/v1/meters lists them."""
    from_: MomentField | None = None
    """The beginning; a day before the end, if not given."""
    to: MomentField | None = None
    """The end; now, if not given."""
    cost: Annotated[str, Form(r"[a-z0-9][a-z0-9-]{0,30}", "grid")] | None = None
    """A tariff, by which the forward energy is priced: /api/v1/tariffs lists them."""


@dataclass(frozen=True, kw_only=True)
class EnergyCounted:
    """What a meter counted."""

    meter: str
    time_zone: str
    from_: str
    to: str
    forward_mwh: int | None
    """Null: the meter has no sample by then."""
    reverse_mwh: int | None
    cost: Cost | None
    """Null: no tariff was asked for, or there is no energy."""


UNITS = {
    Quantity.VOLTAGE: "mV",
    Quantity.CURRENT: "mA",
    Quantity.POWER: "mW",
    Quantity.FORWARD: "mWh",
    Quantity.REVERSE: "mWh",
    Quantity.SOC: "0.01 %",
}


@operation("/readings", Scope.READINGS, table=ReadingsPage)
def readings(asked: ReadingsAsked) -> Table[Reading]:
    """What a meter measured, in slices of time."""
    check_meter(asked.meter)
    where = zone(context().household.time_zone)
    start, end = span(asked.from_, asked.to)
    start = _place(asked.cursor) if asked.cursor else start
    return Table(
        row=Reading,
        rows=_readings(asked, start, end, where),
        limit=asked.limit,
        head={
            "meter": asked.meter,
            "quantity": asked.quantity,
            "unit": UNITS[asked.quantity],
            "step": asked.step,
            "time_zone": str(where),
        },
        name=f"{asked.meter}-{asked.quantity}",
    )


@operation("/rollups", Scope.READINGS, table=RollupsPage)
def rollups(asked: RollupsAsked) -> Table[Rollup]:
    """What a meter counted in each interval, by its registers."""
    check_meter(asked.meter)
    where = zone(context().household.time_zone)
    start, end = span(asked.from_, asked.to)
    start = _place(asked.cursor) if asked.cursor else start
    rows = (
        _days(asked.meter, start, end, where)
        if asked.step is Interval.DAY
        else _intervals(asked.meter, start, end, LENGTH_MS[asked.step], where)
    )
    return Table(
        row=Rollup,
        rows=rows,
        limit=asked.limit,
        head={"meter": asked.meter, "step": asked.step, "time_zone": str(where)},
        name=f"{asked.meter}-energy",
    )


@operation("/energy", Scope.READINGS)
def energy(asked: EnergyAsked) -> EnergyCounted:
    """What a meter counted between two moments, by its registers; and what that cost."""
    house = context().household
    start, end = span(asked.from_, asked.to)
    check_meter(asked.meter)
    with opened(house) as store:
        flow = store.energy(asked.meter, start, end)
        paid = priced(store, asked.meter, start, end, asked.cost) if flow and asked.cost else None
    where = zone(house.time_zone)
    return EnergyCounted(
        meter=asked.meter,
        time_zone=str(where),
        from_=written(start, where),
        to=written(end, where),
        forward_mwh=None if flow is None else flow.forward,
        reverse_mwh=None if flow is None else flow.reverse,
        cost=paid,
    )


def span(start: int | None, end: int | None) -> tuple[int, int]:
    """What is asked for, in Unix ms.

    Raises:
        Problem: it ends before it begins (422).
    """
    last = int(time.time() * 1_000) if end is None else end
    first = max(last - DAY_MS, 0) if start is None else start
    if first > last:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "“from” is after “to”: exchange them, or leave one out."
        )
    return first, last


def check_meter(meter: str) -> None:
    """Go on only if there is such a meter.

    Raises:
        Problem: there is none (404).
    """
    meters = context().household.meters
    if meter not in meters:
        raise Problem(
            HTTPStatus.NOT_FOUND, f"There is no meter “{meter}” here; there are {', '.join(sorted(meters))}."
        )


def _readings(asked: ReadingsAsked, start: int, end: int, where: ZoneInfo) -> Rows[Reading]:
    house, length = context().household, LENGTH_MS[asked.step]
    for first, last in windows(house, start, end, length):
        with opened(house) as store:
            found = sliced(store, asked.meter, asked.quantity, (first, last), length)
        for point in found:
            at = written(point.at, where)
            row = Reading(at=at, lowest=point.lowest, mean=point.mean, highest=point.highest)
            yield cursor.written(str(point.at + length)), row


def _intervals(meter: str, start: int, end: int, length: int, where: ZoneInfo) -> Rows[Rollup]:
    """From the store's own rollups, which stay when the samples are deleted by age."""
    house = context().household
    level = rolled(length) or Level.MINUTE
    for first, last in windows(house, start // length * length, end, length):
        with opened(house) as store:
            found = store.rollup(meter, level, first, -(-last // length) * length)
        for at, buckets in groupby(found, lambda bucket: bucket.at // length * length):
            counted = list(buckets)
            row = Rollup(
                start=written(at, where),
                end=written(at + length, where),
                forward_mwh=sum(bucket.forward for bucket in counted),
                reverse_mwh=sum(bucket.reverse for bucket in counted),
            )
            yield cursor.written(str(at + length)), row


def _days(meter: str, start: int, end: int, where: ZoneInfo) -> Rows[Rollup]:
    house = context().household
    with opened(house) as store:
        start, end = recorded(store, start, end)
    day = local_day(start, where)
    while (first := midnight(day, where)) < end:
        day += timedelta(days=1)
        last = midnight(day, where)
        with opened(house) as store:
            flow = store.energy(meter, first, last)
        if flow is not None:
            row = Rollup(
                start=written(first, where),
                end=written(last, where),
                forward_mwh=flow.forward,
                reverse_mwh=flow.reverse,
            )
            yield cursor.written(str(last)), row


def _place(given: str) -> int:
    try:
        [at] = cursor.read(given, 1)
        return int(at)
    except ValueError:
        raise cursor.unknown() from None
