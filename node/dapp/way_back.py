"""The way back to the first run, from the pages that it leads to and any other, until it is over."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request, url_for

from node.dapp.context import context
from node.dapp.security import may
from node.first_run.steps import Step

STEPS: Mapping[str, Step] = {"devices": Step.SENSORS, "contacts": Step.RELAY}
"""The step from which somebody comes to the pages of a blueprint; to all others, from wherever it goes on."""


def way_back() -> str:
    """The first run's address; empty where there is none, where it is over, or for whoever may not go on."""
    here = context()
    if not here.household.first_run or not may("first.show") or here.first_run.over:
        return ""
    step = STEPS.get(request.blueprint or "")
    return url_for("first.resume") if step is None else url_for("first.show", step=step.value)
