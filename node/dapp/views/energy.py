"""*Energy*: what the house used, of its own and bought, at any time; and its battery."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import structlog
from flask import Blueprint, Response, abort, jsonify, render_template, request, url_for

from node.dapp.consumption import Bar, Prices, Spot, TooManyPrices, bars, priced, spots, unknown
from node.dapp.context import context
from node.dapp.curves import MARKS
from node.dapp.household import Household
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.measures import KINDS, SHORT, Unit, exact, measure, number, said, total
from node.dapp.periods import HOUR_MS, Period, Span, period
from node.dapp.purse import Purse, purse
from node.dapp.views.charts import UNREAD
from node.local_time import local_day, written, zone
from node.readings.opening import open_readings
from node.tariffs.errors import TariffError
from store.errors import StoreError

log = structlog.get_logger(__name__)

page = Blueprint("energy", __name__)

SPANS = {
    Span.NOW: N_("Now"),
    Span.DAY: N_("Day"),
    Span.WEEK: N_("Week"),
    Span.MONTH: N_("Month"),
    Span.YEAR: N_("Year"),
}

NAMES = {Unit.WATTS: "W", Unit.ENERGY: "kWh", Unit.MONEY: N_("Money")}

POINTS = 240
"""Of the battery's charts: as many as a phone can show apart."""

CELL = (2.8, 4.2)
"""Volts between which a lithium cell works, as CitizenWatt's successors drew it."""

TRADES, MOST_TRADES = 500, 20_000
"""Looked at in one go, and in all, for what was paid in a period."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What was asked for, and what was found."""

    period: Period
    unit: Unit
    bars: list[Bar]
    currency: str
    problem: str
    """Why it is not what was asked for, and what to do; empty: it is."""

    def says(self, bar: Bar, kind: str) -> str:
        """One amount of a bar, for people."""
        return said(measure(bar, kind, self.unit), self.unit, self.currency)


@page.get("/energy")
def show() -> str:
    """The figures of a period; scripts draw them."""
    shown = _shown()
    span, unit, on = shown.period.span, shown.unit, shown.period.on.isoformat()
    return render_template(
        "energy.html",
        shown=shown,
        total=total(shown.bars),
        traded=_traded(shown.period),
        spans=[
            (url_for("energy.show", span=each, on=on, unit=unit), _(SPANS[each]), each is span)
            for each in Span
        ],
        units=[
            (url_for("energy.show", span=span, on=on, unit=each), _(NAMES[each]), each is unit)
            for each in Unit
        ],
        live=span is Span.NOW,
        threshold=context().household.threshold,
    )


@page.get("/energy.csv")
def export() -> Response:
    """The same figures for a spreadsheet, exact."""
    shown, where = _shown(), _where()
    kinds = [kind for kind in KINDS if shown.unit is not Unit.MONEY or kind in {"own", "bought", "used"}]
    unit = SHORT.get(shown.unit, shown.currency)
    rows = (
        [
            written(bar.slot.start, where),
            written(bar.slot.end, where),
            *(exact(measure(bar, kind, shown.unit), shown.unit) for kind in kinds),
        ]
        for bar in shown.bars
    )
    return _csv("energy", shown.period, ["start", "end", *(f"{kind} {unit}" for kind in kinds)], rows)


@page.get("/battery.csv")
def export_battery() -> Response:
    """The battery's charts for a spreadsheet."""
    shown, found = _spots()
    where = _where()
    rows = (
        [
            written(spot.at, where),
            "" if spot.soc is None else f"{spot.soc / 100:.2f}",
            "" if spot.voltage is None else f"{spot.voltage / 1_000:.3f}",
        ]
        for spot in found
    )
    return _csv("battery", shown, ["at", "charge %", "voltage V"], rows)


@page.get("/data/energy")
def data() -> Response:
    """The bars as a chart takes them."""
    shown = _shown()
    empty = not any(bar.known for bar in shown.bars)
    return jsonify(
        labels=[bar.slot.label for bar in shown.bars],
        titles=[bar.slot.title for bar in shown.bars],
        series=[
            {
                "label": label,
                "colour": colour,
                "values": [number(measure(bar, kind, shown.unit), shown.unit) for bar in shown.bars],
                "says": [shown.says(bar, kind) for bar in shown.bars],
            }
            for kind, label, colour in (("own", _("Own"), "battery"), ("bought", _("Bought"), "neighbours"))
        ],
        unit=SHORT.get(shown.unit, shown.currency),
        threshold=_threshold(context().household, shown),
        empty=shown.problem or (_("Nothing was measured in this time.") if empty else ""),
    )


@page.get("/data/energy/<name>")
def battery(name: str) -> Response:
    """The battery's percentage or voltage over the period, as the other charts take it."""
    if name not in {"charge", "voltage"}:
        abort(404, _("The battery's charts are charge and voltage."))
    (shown, found), house = _spots(), context().household
    line = [_at(spot, name) for spot in found]
    known = [value for value in line if value is not None]
    marks = {word: soc.percent for word, soc in (("limit", house.limit), ("resume", house.resume)) if soc}
    return jsonify(
        columns=[[spot.at // 1_000 for spot in found], line],
        series=[{"label": _("Battery"), "colour": "battery", "unit": "%" if name == "charge" else "V"}],
        marks={_(MARKS[word]): level for word, level in marks.items()} if name == "charge" else {},
        tones={_(MARKS[word]): word for word in marks},
        time=_("Time"),
        span=[shown.start // 1_000, shown.end // 1_000],
        range=[0, 100] if name == "charge" else _volts(known),
        empty="" if known else _no_spots(house),
    )


def _at(spot: Spot, name: str) -> float | None:
    if name == "charge":
        return None if spot.soc is None else spot.soc / 100
    return None if spot.voltage is None else spot.voltage / 1_000


def _no_spots(house: Household) -> str:
    if house.battery is None:
        return _("No battery is configured.")
    return _("No samples of the battery are kept of this time (readings.keep_days).")


def _volts(known: Sequence[float]) -> list[float]:
    """A cell's range where the battery is one cell, else what was measured and some room."""
    low, high = min(known, default=CELL[0]), max(known, default=CELL[1])
    if CELL[0] - 0.3 <= low and high <= CELL[1] + 0.3:
        return [min(low, CELL[0]), max(high, CELL[1])]
    return [low * 0.97, high * 1.03]


def _threshold(house: Household, shown: Shown) -> list[float] | None:
    """What the household set itself, for each bar: watts, or what they come to in its time."""
    if house.threshold is None or shown.unit is Unit.MONEY:
        return None
    watts = house.threshold.watts
    if shown.unit is Unit.WATTS:
        return [watts] * len(shown.bars)
    return [watts * (bar.slot.end - bar.slot.start) / HOUR_MS for bar in shown.bars]


def _shown() -> Shown:
    """What the address asks for, as far as it can be had."""
    here, now = context(), _now()
    house, shown, unit = here.household, _period(now), _unit()
    plan = next(iter(house.tariffs), None)
    found, problem = unknown(shown, now), ""
    try:
        with open_readings(house.readings, house.state, read_only=True) as readings:
            found = bars(house, readings, shown, now)
            if unit is Unit.MONEY and plan is not None:
                prices = Prices(plan=plan, where=_where(), files=here.prices.of(plan))
                found = priced(house, readings, found, prices, now)
    except StoreError as error:
        log.info("readings_unread", error=str(error))
        problem = _(UNREAD)
    except (TariffError, TooManyPrices) as error:
        problem = str(error)
    if unit is Unit.MONEY and plan is None:
        problem = _("What energy is worth is not known: write a tariff into the configuration (tariffs).")
    currency = plan.currency if plan else ""
    return Shown(period=shown, unit=unit, bars=found, currency=currency, problem=problem)


def _spots() -> tuple[Period, list[Spot]]:
    house, now = context().household, _now()
    shown = _period(now)
    try:
        with open_readings(house.readings, house.state, read_only=True) as readings:
            return shown, spots(house, readings, shown, now, POINTS)
    except StoreError as error:
        log.info("readings_unread", error=str(error))
        return shown, []


def _period(now: int) -> Period:
    try:
        span = Span(request.args.get("span", Span.DAY))
        on = date.fromisoformat(request.args.get("on") or local_day(now, _where()).isoformat())
    except ValueError:
        abort(404, _("Spans are %(names)s; a day is written as in 2026-11-30.", names=", ".join(Span)))
    return period(span, on, _where(), now)


def _unit() -> Unit:
    try:
        return Unit(request.args.get("unit", Unit.ENERGY))
    except ValueError:
        abort(404, _("Units are %(names)s.", names=", ".join(Unit)))


def _where() -> ZoneInfo:
    return zone(context().household.time_zone)


def _now() -> int:
    return int(time.time() * 1_000)


def _traded(shown: Period) -> Purse | None:
    """What was paid to neighbours and earned from them, by the trades that began in this time."""
    found, before = [], shown.end / 1_000
    while True:
        some = context().trades(TRADES, before)
        if some is None:
            return None
        found += [trade for trade in some if trade.created >= shown.start / 1_000]
        if len(some) < TRADES or len(found) >= MOST_TRADES or some[-1].created < shown.start / 1_000:
            return purse(found, shown.start / 1_000)
        before = some[-1].created


def _csv(name: str, shown: Period, head: list[str], rows: Iterable[list[str]]) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    file = f"{context().household.name}-{name}-{shown.span}-{shown.on.isoformat()}.csv"
    return Response(
        text.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )
