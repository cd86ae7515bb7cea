"""Tariffs, and what a meter's energy cost by one of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus

from node import hours
from node.dapp.api.operations import Nothing, operation
from node.dapp.api.problems import Problem
from node.dapp.api.tokens import Scope
from node.dapp.context import Context, context
from node.local_time import written, zone
from node.readings.interface import Readings
from node.tariffs.errors import TariffError
from node.tariffs.intervals import DECIMALS
from node.tariffs.pieces import Piece, cost, pieces
from node.tariffs.plan import Files, Plan, Version, charge_at
from quantities.amount import trimmed

MOST_PIECES = 3_000
"""Of one answer: a month of quarter-hour prices."""


@dataclass(frozen=True, kw_only=True)
class RateTold:
    """A price of certain times."""

    name: str
    price_per_kwh: str
    night: bool
    days: list[str]
    """Empty: all."""
    months: list[str]
    after: str | None
    """HH:MM, by the household's clock."""
    before: str | None


@dataclass(frozen=True, kw_only=True)
class VersionTold:
    """The prices that hold from a day on, until the next version's."""

    valid_from: str
    price_per_kwh: str
    """When no rate holds."""
    rates: list[RateTold]
    """The first that holds counts."""
    by_interval: bool
    """Whether a file of prices by interval counts before all of that."""


@dataclass(frozen=True, kw_only=True)
class TariffTold:
    """What energy costs by one contract."""

    name: str
    currency: str
    price_now_per_kwh: str | None
    rate_now: str | None
    versions: list[VersionTold]


@dataclass(frozen=True, kw_only=True)
class Tariffs:
    """Every tariff of the configuration."""

    time: str
    time_zone: str
    tariffs: list[TariffTold]


@dataclass(frozen=True, kw_only=True)
class RateCost:
    """The part of one rate."""

    rate: str
    night: bool
    energy_mwh: int
    cost: str


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What the forward energy cost: a sum of whole energies times prices, rounded once to the millionth, half
    to even. The parts by rate are rounded each."""

    tariff: str
    currency: str
    cost: str
    rates: list[RateCost]
    unpriced_mwh: int
    """Energy of before the tariff's first version; not in the cost."""


@operation("/tariffs", Scope.READINGS)
def tariffs(asked: Nothing) -> Tariffs:
    """What energy costs: every tariff with its versions, and its price at this moment."""
    here, now = context(), int(time.time() * 1_000)
    where = zone(here.household.time_zone)
    found = []
    for plan in here.household.tariffs:
        charge = charge_at(plan, now, where, files(here, plan))
        found.append(
            TariffTold(
                name=plan.name,
                currency=plan.currency,
                price_now_per_kwh=None if charge is None else money(charge.price),
                rate_now=None if charge is None else charge.rate,
                versions=[_version(version) for version in plan.versions],
            )
        )
    return Tariffs(time=written(now, where), time_zone=str(where), tariffs=found)


def priced(readings: Readings, meter: str, start: int, end: int, name: str) -> Cost:
    """What a meter's forward energy cost in [start, end), Unix ms.

    Raises:
        Problem: there is no such tariff, or its price changes too often in that time.
    """
    here = context()
    plan = find(here, name)
    parts = cut(here, plan, start, end)
    counted = [(piece.charge, _forward(readings, meter, piece)) for piece in parts]
    charges = dict.fromkeys(charge for charge, _ in counted if charge is not None)
    by_rate: dict[tuple[str, bool], list[tuple[int, int]]] = {(c.rate, c.night): [] for c in charges}
    for charge, mwh in counted:
        if charge is not None:
            by_rate[charge.rate, charge.night].append((mwh, charge.price))
    return Cost(
        tariff=plan.name,
        currency=plan.currency,
        cost=money(cost((mwh, charge.price) for charge, mwh in counted if charge is not None)),
        rates=[
            RateCost(rate=rate, night=night, energy_mwh=sum(mwh for mwh, _ in found), cost=money(cost(found)))
            for (rate, night), found in by_rate.items()
        ],
        unpriced_mwh=sum(mwh for charge, mwh in counted if charge is None),
    )


def find(here: Context, name: str) -> Plan:
    """The tariff of a name.

    Raises:
        Problem: there is none.
    """
    for plan in here.household.tariffs:
        if plan.name == name:
            return plan
    there = ", ".join(plan.name for plan in here.household.tariffs) or "none: configure tariffs"
    raise Problem(HTTPStatus.NOT_FOUND, f"There is no tariff “{name}” here; there are {there}.")


def cut(here: Context, plan: Plan, start: int, end: int) -> list[Piece]:
    """The pieces of a span that have one price each.

    Raises:
        Problem: there are too many of them, or a file of prices cannot be read.
    """
    found = pieces(plan, start, end, zone(here.household.time_zone), files(here, plan))
    if len(found) > MOST_PIECES:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"The price changes {len(found)} times in that time, {MOST_PIECES} at most are reckoned at once: "
            "ask for shorter spans and add them up.",
        )
    return found


def files(here: Context, plan: Plan) -> Files:
    """The prices by interval that a plan names.

    Raises:
        Problem: one cannot be read.
    """
    try:
        return here.prices.of(plan)
    except TariffError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}.") from None


def money(micro: int) -> str:
    """Micro-units as a decimal number."""
    return trimmed(micro, DECIMALS, DECIMALS)


def _forward(readings: Readings, meter: str, piece: Piece) -> int:
    flow = readings.energy(meter, piece.start, piece.end)
    return 0 if flow is None else flow.forward


def _version(version: Version) -> VersionTold:
    return VersionTold(
        valid_from=version.since.isoformat(),
        price_per_kwh=money(version.price),
        rates=[
            RateTold(
                name=rate.name,
                price_per_kwh=money(rate.price),
                night=rate.night,
                days=list(rate.days),
                months=list(rate.months),
                after=_clock(rate.after),
                before=_clock(rate.before),
            )
            for rate in version.rates
        ],
        by_interval=version.intervals is not None,
    )


def _clock(minute: int | None) -> str | None:
    return None if minute is None else hours.written(minute)
