"""*Neighbourhood*: who offers, who is on line, who feeds whom, what was reported; and what ails."""

from __future__ import annotations

import time

from flask import Blueprint, render_template

from node.dapp import neighbourhood
from node.dapp.context import context
from node.dapp.language import gettext as _
from node.dapp.permission import Role
from node.dapp.security import current_user

page = Blueprint("neighbourhood", __name__)

REPORTS = 7
"""Of each household that are shown: a week, where they are of days."""


@page.get("/neighbourhood")
def show() -> str:
    """What was seen last; it is looked at anew behind the page."""
    here, now = context(), time.time()
    scene = here.scout.scene() if here.scout else None
    offers = sorted(
        ((offer, seen) for seen in scene.sightings for offer in seen.live(scene.head)) if scene else (),
        key=lambda found: found[0].price.value,
    )
    user = current_user()
    return render_template(
        "neighbourhood.html",
        scene=scene,
        offers=offers,
        supplies=scene.supplies() if scene else [],
        problem=here.scout.problem
        if here.scout
        else _("There is no chain here (chain in the configuration)."),
        own=here.household.name,
        reports=REPORTS,
        worries={
            seen.registered.account: neighbourhood.worries(seen, scene.head, now) for seen in scene.sightings
        }
        if scene and user and user.role == Role.OPERATOR
        else None,
    )
