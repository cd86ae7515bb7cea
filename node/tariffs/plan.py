"""What a kilowatt-hour costs at one moment, by the household's clock: pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from node import hours

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from node.tariffs.settings import TariffSettings

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A price of certain hours, days and months. Hours past midnight belong to the day they began on."""

    name: str
    price: int
    """Micro-units per kWh."""
    night: bool = False
    """What CitizenWatt's clients call the night rate."""
    days: tuple[str, ...] = ()
    """Some of `node.hours.DAYS`; empty: all."""
    months: tuple[str, ...] = ()
    """Some of `MONTHS`; empty: all."""
    after: int | None = None
    """Minute of the day."""
    before: int | None = None


@dataclass(frozen=True, kw_only=True)
class Version:
    """The prices that hold from a day on."""

    since: date
    price: int
    """Micro-units per kWh, when no rate holds."""
    rates: tuple[Rate, ...] = ()
    """The first that holds counts."""
    intervals: str | None = None
    """A file of prices by interval (`node.tariffs.intervals`); where it has one, that counts."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A tariff: its versions, oldest first, and the currency of all of them."""

    name: str
    currency: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What a kilowatt-hour costs, and by which rate."""

    price: int
    """Micro-units per kWh."""
    rate: str
    night: bool


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Prices of a file: rows in order that do not overlap. Unix ms; an end is not in its interval."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    prices: tuple[int, ...] = ()

    def at(self, moment: int) -> int | None:
        """The price at a moment; None where the file has none."""
        row = bisect_right(self.starts, moment) - 1
        return self.prices[row] if row >= 0 and moment < self.ends[row] else None


Files = Mapping[str, Intervals]
"""By the names that versions give them."""

NO_FILES: Files = {}

BASE = "base"
"""Name of a version's own price."""

INTERVAL = "interval"
"""Name of a price of the file."""


def charge_at(plan: Plan, moment: int, where: ZoneInfo, files: Files = NO_FILES) -> Charge | None:
    """What a kilowatt-hour costs at a moment; None before the first version.

    Args:
        moment: Unix ms.
        where: the household's zone, by whose clock days and hours count.
        files: prices by interval.
    """
    local = datetime.fromtimestamp(moment // 1_000, UTC).astimezone(where)
    version = version_at(plan, local.date())
    if version is None:
        return None
    rate = next((rate for rate in version.rates if _holds(rate, local)), None)
    night = rate is not None and rate.night
    intervals = files.get(version.intervals) if version.intervals else None
    price = intervals.at(moment) if intervals else None
    if price is not None:
        return Charge(price=price, rate=INTERVAL, night=night)
    if rate is not None:
        return Charge(price=rate.price, rate=rate.name, night=night)
    return Charge(price=version.price, rate=BASE, night=False)


def version_at(plan: Plan, day: date) -> Version | None:
    """The version that holds on a day."""
    return next((version for version in reversed(plan.versions) if version.since <= day), None)


def _holds(rate: Rate, local: datetime) -> bool:
    began = hours.began(rate.after, rate.before, local.hour * 60 + local.minute)
    if began is None:
        return False
    day = local.date() + timedelta(days=began)
    return (not rate.days or hours.DAYS[day.weekday()] in rate.days) and (
        not rate.months or MONTHS[day.month - 1] in rate.months
    )


def plan_of(name: str, settings: TariffSettings) -> Plan:
    """A tariff as the configuration has it."""
    return Plan(
        name=name,
        currency=settings.currency,
        versions=tuple(
            Version(
                since=version.valid_from,
                price=version.price,
                rates=tuple(
                    Rate(
                        name=rate.name,
                        price=rate.price,
                        night=rate.night,
                        days=rate.days,
                        months=rate.months,
                        after=rate.after,
                        before=rate.before,
                    )
                    for rate in version.rates
                ),
                intervals=None if version.intervals is None else str(version.intervals),
            )
            for version in settings.versions
        ),
    )
