"""*Now*: what the household is doing, and why."""

from __future__ import annotations

import time

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from node.dapp.context import Context, context
from node.dapp.picture import RING, gauge_marks
from node.dapp.security import may
from node.dapp.views.charts import first_span

page = Blueprint("now", __name__)


@page.get("/")
def show() -> ResponseReturnValue:
    """The page that a family opens; the first run, for whoever may do it, until that is over."""
    here = context()
    if here.household.first_run and leads(here):
        return redirect(url_for("first.resume"))
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


def leads(here: Context) -> bool:
    """Whether whoever looks is led through the first run."""
    return may("first.resume") and not here.first_run.over
