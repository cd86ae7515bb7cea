"""What was measured: samples, rollups, and the energy between two moments."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from node.dapp.api.operations import operation
from node.dapp.api.parameters import Form, MomentField
from node.dapp.api.problems import Problem
from node.dapp.api.tariffs import Cost, priced
from node.dapp.api.tokens import Scope
from node.dapp.context import context
from node.local_time import written, zone
from node.readings.opening import open_readings

DAY_MS = 86_400_000

MeterField = Annotated[str, Form(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", "load")]


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


@operation("/energy", Scope.READINGS)
def energy(asked: EnergyAsked) -> EnergyCounted:
    """What a meter counted between two moments, by its registers; and what that cost."""
    house = context().household
    start, end = span(asked.from_, asked.to)
    check_meter(asked.meter)
    with open_readings(house.readings, house.state, read_only=True) as readings:
        flow = readings.energy(asked.meter, start, end)
        paid = priced(readings, asked.meter, start, end, asked.cost) if flow and asked.cost else None
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
