"""What is behind *Find devices*: look, try, add. The logger looks and tries; who applies settings adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog
from flask import abort, redirect, render_template, request, url_for

from node.changes import places as changes
from node.changes.request import Change
from node.changes.request import request as asking
from node.changes.told import Trouble
from node.dapp import changing, finding, settings_page
from node.dapp.configuration import Unread
from node.dapp.context import context
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.security import current_name, form_id, may
from node.dapp.settings_page import Page
from node.dapp.told import told
from node.dapp.views.devices import shown
from node.sensors import addable, answers, asked, status
from node.sensors.asked import What
from store import snapshot

log = structlog.get_logger(__name__)

NAMED = N_("Write a name of small letters, digits, - and _, such as heater: at most 40 of them.")
THERE = N_("There is a sensor of this name already: choose another one.")


def show() -> Page:
    """What was found, what the device that is tried says, and what is being added."""
    return _shown("")


def look() -> Page:
    """Ask for a look at every bus and port."""
    return _asked(asked.request(id=form_id(), by=current_name(), what=What.SCAN))


def attempt() -> Page:
    """Ask for a device to be read for some seconds; nothing is written down."""
    options = finding.options(request.form)
    if problem := addable.refusal(options):
        return _shown(problem), 400
    return _asked(asked.request(id=form_id(), by=current_name(), what=What.TRY, options=options))


def add() -> Page:
    """Show what would be written, or ask for it where somebody has seen that."""
    options, name = finding.options(request.form), request.form.get("name", "").strip().lower()
    problem = addable.refusal(options) or ("" if addable.NAME.match(name) else _(NAMED))
    if not problem and name in context().household.meters:
        problem = _(THERE)
    if problem:
        return _shown(problem, name), 400
    wanted = Change(("sensors", name), addable.line(options))
    try:
        base = settings_page.base() if "sure" in request.form else context().configuration.look().base
        wish = asking(by=current_name(), base=base, id=form_id(), changes=(wanted,))
        tried = context().configuration.tried(wish)
    except Unread as error:
        return _shown(_("It cannot be added now: %(why)s", why=told(str(error))), name), 503
    if tried.troubles or "sure" not in request.form:
        code = 200 if not tried.troubles else 409 if tried.conflict else 400
        return _asked_for(name, options, base, tried.troubles), code
    settings_page.put(wish, f"a new sensor {name}: {wanted.value}")
    return redirect(url_for("devices.find", _anchor="changed"), 303)


def _asked(wish: asked.Asked) -> Page:
    here = context()
    state = here.household.state
    try:
        asked.put(state, wish)
    except OSError as error:
        log.warning("devices_not_asked", error=str(error))
        folder, why = state / asked.FOLDER, error.strerror
        abort(
            503,
            _(
                "This cannot be asked for: %(folder)s cannot be written (%(error)s).",
                folder=folder,
                error=why,
            ),
        )
    log.info("devices_asked", what=wish.what.value, id=wish.id, by=wish.by)
    return redirect(url_for("devices.find", _anchor="tried" if wish.what is What.TRY else "found"), 303)


def _asked_for(name: str, options: Mapping[str, str], base: str, troubles: Sequence[Trouble]) -> str:
    return render_template(
        "find_add.html",
        name=name,
        options=options,
        yaml=f"sensors:\n  {name}: {addable.line(options)}",
        base=base,
        troubles=troubles,
    )


def _shown(problem: str, name: str = "") -> str:
    here = context()
    run, state = here.household.run, here.household.state
    found = {what: answers.read(run, what) for what in What}
    asked.tidy(state, [answer.id for answer, _ in filter(None, found.values())])
    waiting, now, boot = asked.waiting(state), snapshot.boottime(), snapshot.boot_id()
    stands = {what: finding.standing(what, found[what], waiting, now, boot) for what in What}
    lines = [line for line in changing.seen(state)[:1] if any("sensors." in each for each in line.said)]
    return render_template(
        "find.html",
        logger=status.read(run) is not None,
        scan=stands[What.SCAN],
        tried=stands[What.TRY],
        finding=finding,
        shown=shown,
        may_look=may("devices.look"),
        may_add=may("devices.add"),
        seen=here.finding_seen(),
        changed=changes.trace(state),
        lines=lines,
        problem=problem,
        given=name,
    )
