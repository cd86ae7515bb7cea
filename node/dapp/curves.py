"""Charts as columns: what uPlot draws, from what the readings hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from node.dapp.household import Household
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.words import capital
from node.readings.interface import Readings
from node.sensors.driver import Quantity

MARKS = {"limit": N_("limit"), "resume": N_("resume")}
"""The levels that are drawn, as they are called there."""


@dataclass(frozen=True)
class Span:
    """What a chart covers."""

    start: int
    """Unix ms."""
    end: int
    points: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart."""

    label: str
    colour: str
    """Name of a colour of the style sheet: panel, battery, neighbours, house."""
    unit: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Columns of equal length: times in Unix seconds, then one for each line; None where nothing is known."""

    columns: list[list[float | None]]
    lines: tuple[Line, ...]
    marks: Mapping[str, float] = field(default_factory=dict)
    """Levels drawn across, by their name."""


def battery_chart(household: Household, readings: Readings, span: Span) -> Chart:
    """State of charge in percent, with the limits at which the household trades."""
    line = Line(label=_("Battery"), colour="battery", unit="%")
    marks = {
        name: soc.percent for name, soc in (("limit", household.limit), ("resume", household.resume)) if soc
    }
    values = _values(readings, household.battery, Quantity.SOC, span, 100) if household.battery else {}
    return Chart(columns=_columns([values]), lines=(line,), marks=marks)


def power_chart(household: Household, readings: Readings, span: Span) -> Chart:
    """Watts of everything that is measured; what comes from neighbours above zero, what goes there below."""
    wanted = [
        *(
            (Line(label=_named(_("Panel"), name, household.panels), colour="panel", unit="W"), name, 1)
            for name in household.panels
        ),
        *(
            (Line(label=_named(_("House"), name, household.loads), colour="house", unit="W"), name, 1)
            for name in household.loads
        ),
        *(
            (
                Line(
                    label=_("From %(name)s", name=capital(tie.neighbour) or tie.meter),
                    colour="neighbours",
                    unit="W",
                ),
                tie.meter,
                1,
            )
            for tie in household.ties
        ),
        *(
            (
                Line(label=_("Sold at %(meter)s", meter=feed.meter), colour="neighbours", unit="W"),
                feed.meter,
                -1,
            )
            for feed in household.feeds
        ),
    ]
    lines, columns = [], []
    for line, meter, sign in wanted:
        values = _values(readings, meter, Quantity.POWER, span, sign * 1_000)
        if values:
            lines.append(line)
            columns.append(values)
    return Chart(columns=_columns(columns), lines=tuple(lines))


def _values(readings: Readings, meter: str, quantity: Quantity, span: Span, divisor: int) -> dict[int, float]:
    whole = (span.start, span.end, span.points)
    power = quantity is Quantity.POWER
    found = readings.chart(meter, *whole) if power else readings.between(meter, quantity, *whole)
    return {point.at // 1_000: round(point.mean / divisor, 3) for point in found}


def _columns(lines: list[dict[int, float]]) -> list[list[float | None]]:
    """On one axis of times; a line without a value there has a hole."""
    times = sorted({at for line in lines for at in line})
    if not times:
        return []
    return [[float(at) for at in times], *([line.get(at) for at in times] for line in lines)]


def _named(kind: str, meter: str, meters: tuple[str, ...]) -> str:
    return kind if len(meters) == 1 else f"{kind} {meter}"
