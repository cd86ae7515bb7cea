"""The numbers behind the charts: battery and power over the last hours, from the readings."""

from __future__ import annotations

import time

import structlog
from flask import Blueprint, abort, jsonify, request
from flask.wrappers import Response

from node.dapp.context import context
from node.dapp.curves import MARKS, Chart, Span, battery_chart, power_chart
from node.dapp.household import Household
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.readings.opening import open_readings
from store.errors import StoreError

log = structlog.get_logger(__name__)

page = Blueprint("charts", __name__)

SPANS = {"10m": 600, "1h": 3_600, "6h": 21_600, "1d": 86_400, "7d": 604_800}
"""Seconds, by the name on the button."""

POINTS = 240
"""As many as a phone can show apart."""

CHARTS = {"battery": battery_chart, "power": power_chart}

UNREAD = N_("No readings to be had: is commonwatt logger run running?")


def first_span(household: Household, now: int) -> str:
    """The span that a page opens with: an hour, or ten minutes while there is no more than that to show.

    Args:
        now: Unix milliseconds.
    """
    earlier = Span(now - SPANS["1h"] * 1_000, now - SPANS["10m"] * 1_000, points=2)
    try:
        with open_readings(household.readings, household.state, read_only=True) as readings:
            columns = power_chart(household, readings, earlier).columns
    except StoreError:
        return "10m"
    return "1h" if columns and columns[0] else "10m"


@page.get("/data/charts")
def charts() -> Response:
    """Every chart of the first page as uPlot takes it: columns of numbers, the first of times."""
    span = SPANS.get(request.args.get("span", "1h"))
    if span is None:
        abort(404, _("Spans are %(names)s.", names=", ".join(SPANS)))
    household, end = context().household, int(time.time() * 1_000)
    try:
        with open_readings(household.readings, household.state, read_only=True) as readings:
            shown = Span(end - span * 1_000, end, POINTS)
            found = {name: _drawn(draw(household, readings, shown), shown) for name, draw in CHARTS.items()}
    except StoreError as error:
        log.info("readings_unread", error=str(error))
        nothing: dict[str, object] = {"columns": [], "series": [], "empty": _(UNREAD)}
        found = dict.fromkeys(CHARTS, nothing)
    return jsonify(found)


def _drawn(chart: Chart, shown: Span) -> dict[str, object]:
    return {
        "columns": chart.columns,
        "series": [{"label": line.label, "colour": line.colour, "unit": line.unit} for line in chart.lines],
        "marks": {_(MARKS[name]): level for name, level in chart.marks.items()},
        "tones": {_(MARKS[name]): name for name in chart.marks},
        "time": _("Time"),
        "span": [shown.start // 1_000, shown.end // 1_000],
        "empty": "" if chart.columns and chart.columns[0] else _("Nothing was measured in this time."),
    }
