"""What is behind one sensor's page: its values live, and its calibration against a known load."""

from __future__ import annotations

import structlog
from flask import abort, redirect, render_template, request, url_for

from node.changes.request import Change
from node.changes.request import request as asking
from node.dapp import language, settings_page, typed
from node.dapp.calibrations import LASTING, Busy, Standing
from node.dapp.configuration import Unread
from node.dapp.context import context
from node.dapp.errors import Mistyped, NotFound
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.security import current_name, form_id, may
from node.dapp.settings_page import Page
from node.dapp.told import told
from node.dapp.views.devices import BADGES, shown
from node.sensors import status
from node.sensors.calibrating import Refused
from node.sensors.known_load import CALIBRATED
from store import snapshot

log = structlog.get_logger(__name__)

UNIT = {"current": "A", "voltage": "V", "power": "W"}

GONE = N_("What was measured is not there any more: it is kept for ten minutes. Measure again.")


def one(name: str) -> Page:
    """How it does, and what was found."""
    return _shown(name, "")


def calibrate(name: str) -> Page:
    """Begin to measure: the zero, or before a known load."""
    _known(name)
    quantity = request.form.get("quantity", "")
    if quantity not in CALIBRATED:
        abort(400, _("There is no such quantity."))
    try:
        true = None
        if request.form.get("step") != "zero":
            true = typed.shown(request.form.get("true", ""), UNIT[quantity])
        context().calibrations.begin(name, quantity, true)
    except Mistyped as error:
        return _shown(name, str(error)), 400
    except Busy as error:
        return _shown(name, str(error)), 409
    log.info("calibration_begun", sensor=name, quantity=quantity, by=current_name())
    return redirect(url_for("devices.one", name=name, _anchor="calibration"), 303)


def save(name: str) -> Page:
    """Ask for what was found to be written into the family's file."""
    _known(name)
    here = context()
    id, found = form_id(), here.calibrations.standing(name)
    if found is None or found.found is None or found.wanted.id != request.form.get("measured"):
        return _shown(name, _(GONE)), 409
    try:
        base = here.configuration.look().base
    except Unread as error:
        return _shown(name, _("It cannot be saved now: %(why)s", why=told(str(error)))), 503
    by, quantity = found.found, found.wanted.quantity
    key = ("sensors", name, "calibration", quantity)
    asked = asking(
        by=current_name(),
        base=base,
        id=id,
        changes=(Change((*key, "zero"), str(by.zero)), Change((*key, "gain"), f"{by.gain:g}")),
    )
    return settings_page.ask(asked, f"the calibration of {name}: {quantity} {by.zero}, {by.gain:g}")


def _known(name: str) -> None:
    """Refuse what is no sensor of this household."""
    if name not in context().household.meters:
        raise NotFound(_("There is no sensor of this name here."))


def _shown(name: str, problem: str) -> str:
    _known(name)
    here = context()
    sensor = (status.read(here.household.run) or {}).get(name)
    standing = here.calibrations.standing(name)
    return render_template(
        "sensor.html",
        name=name,
        sensor=sensor,
        badges=BADGES,
        shown=shown,
        now_boot=snapshot.boottime(),
        quantities=[each for each in CALIBRATED if sensor is not None and each in sensor.values],
        units=UNIT,
        standing=standing,
        result=None if standing is None or standing.came is None else _said(standing),
        refused=standing.came.result.reason
        if standing and standing.came and isinstance(standing.came.result, Refused)
        else "",
        lasting=round(LASTING),
        seen=here.calibrations.trace(),
        may=may("devices.calibrate"),
        problem=problem,
        given=request.form,
    )


def _said(standing: Standing) -> str:
    """What was measured, for people."""
    assert standing.came is not None  # noqa: S101 - looked at by who asks
    unit = f"m{UNIT[standing.wanted.quantity]}"
    mean, spread = (language.number(f"{each:.1f}") for each in (standing.came.mean, standing.came.deviation))
    return _(
        "%(mean)s ± %(spread)s %(unit)s, %(number)s samples",
        mean=mean,
        spread=spread,
        unit=unit,
        number=standing.came.samples,
    )
