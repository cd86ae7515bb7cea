"""*Now*: what the household is doing, and why."""

from __future__ import annotations

import time

from flask import Blueprint, render_template

from node.dapp.context import context
from node.dapp.picture import RING, gauge_marks
from node.dapp.views.charts import first_span

page = Blueprint("now", __name__)


@page.get("/")
def show() -> str:
    """The page that a family opens."""
    here = context()
    house, seen = here.in_force(), here.observe()
    return render_template(
        "now.html",
        household=house,
        control=here.control(),
        alerts=here.alerts(seen),
        back="/",
        many=2,
        live=here.picture(seen),
        marks=gauge_marks(house),
        ring=f"{RING:.1f}",
        first_span=first_span(here.household, int(time.time() * 1_000)),
    )
