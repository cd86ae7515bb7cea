"""*Contacts*: how the own relay stands, locking a contact out, everything home. Unlocking is not here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

import structlog
from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from node.dapp import contacts
from node.dapp.context import Context, context
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.security import current_name, form_id, may
from node.dapp.spoken import in_english
from relay_server import asked
from relay_server.asked import What
from relay_server.errors import RecordsMissing
from relay_server.records import FILE, open_records
from store import requests, snapshot

log = structlog.get_logger(__name__)

page = Blueprint("contacts", __name__, url_prefix="/contacts")

WHY = N_("Say in a few words why (at most 80 characters): it is shown to whoever asks for the contact.")
SURE = N_("Nothing was done: say below that you know how the contacts are unlocked again.")


@page.get("/")
def show() -> str:
    """Every contact, and what was asked for."""
    return _page("")


@page.post("/lock")
def lock() -> ResponseReturnValue:
    """Open one contact, and keep it open until somebody unlocks it at the box."""
    contact = request.form.get("contact", type=int)
    if contact is None or contact not in context().household.lives:
        abort(400, _("There is no such contact."))
    return _asked(What.LOCK, contact)


@page.post("/home")
def home() -> ResponseReturnValue:
    """Open every feed, go home, and lock all of it."""
    if "sure" not in request.form:
        return _page(_(SURE)), 400
    return _asked(What.HOME, 0)


def _asked(what: What, contact: int) -> ResponseReturnValue:
    here, by = context(), current_name()
    id, reason = form_id(), " ".join(request.form.get("reason", "").split())
    if not asked.REASON.match(reason):
        return _page(_(WHY)), 400
    wanted = asked.request(id=id, by=by, what=what, contact=contact, reason=reason)
    state = here.household.state
    _tidy(here)
    try:
        asked.put(state, wanted)
    except OSError as error:
        log.warning("contact_not_asked", error=str(error))
        abort(
            503,
            _(
                "This cannot be asked for: %(folder)s cannot be written (%(error)s). At the box: commonwatt "
                "relay home.",
                folder=state / asked.FOLDER,
                error=error.strerror,
            ),
        )
    with in_english():
        said = contacts.title(here.household, wanted)
    here.users.record(at=time.time(), by=by, about="contacts", what=f"asked for {said}")
    log.info("contact_asked", id=id, by=by, what=what.value, contact=contact)
    return redirect(url_for("contacts.show", _anchor="asked"), 303)


def _page(problem: str) -> str:
    here = context()
    house = here.household
    relay = here.own_relay.now() if here.own_relay else None
    operations, locks, answers = _records(here)
    return render_template(
        "contacts.html",
        rows=contacts.rows(house, relay.contacts if relay else (), operations, locks),
        relay=relay,
        lines=contacts.lines(
            house, asked.waiting(house.state / asked.FOLDER), answers, snapshot.boottime(), snapshot.boot_id()
        ),
        seen=here.contacts_seen(relay),
        may=may("contacts.lock"),
        problem=problem,
        given=request.form,
    )


def _records(here: Context) -> tuple[Mapping[int, int], Mapping[int, float], Mapping[str, str]]:
    """Operations, lock-outs and answers of the relay; nothing where it has never run."""
    records = open_records(here.household.state / FILE)
    try:
        return records.operations(), records.locks(), records.answers()
    except RecordsMissing as error:
        log.debug("relay_records_unread", error=str(error))
        return {}, {}, {}


def _tidy(here: Context) -> None:
    """Take requests away that were done, or that nobody will do."""
    state, now, boot = here.household.state, snapshot.boottime(), snapshot.boot_id()
    answers: Mapping[str, str] = {}
    with suppress(RecordsMissing):
        answers = open_records(state / FILE).answers()
    for each in asked.waiting(state / asked.FOLDER):
        if each.id in answers or each.age(now, boot) >= asked.LASTING:
            requests.take_away(state / asked.FOLDER, each.id)
