"""What is behind *Notifications*: who is told what is wrong. The notifier keeps it; no secret comes back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import structlog
from flask import redirect, render_template, request, url_for

from node.channel import NotNow, Silent, ask
from node.dapp.context import context
from node.dapp.language import gettext as _
from node.dapp.security import current_name, may
from node.dapp.settings_page import Page
from node.notify.allowed import AT_HOSTS, AT_ONE_PLACE, EXAMPLE, LONGEST
from node.notify.desk import SILENT, SOCKET

log = structlog.get_logger(__name__)


def show() -> Page:
    """Everybody who is told."""
    return _shown()


def add() -> Page:
    """Somebody more. What was typed as the address is not shown again, whatever comes of it."""
    name, address = " ".join(request.form.get("name", "").split()), request.form.get("address", "").strip()
    return _done("had notifications sent to {name} ({address})", op="add", name=name, address=address)


def remove() -> Page:
    """Somebody less."""
    return _done("had no more notifications sent to {name} ({address})", op="remove", id=_id())


def test() -> Page:
    """A message to one of them, now."""
    try:
        told = _ask(op="test", id=_id())
    except (Silent, NotNow) as error:
        return _shown(problem=str(error)), 409
    _record("sent a test to {name} ({address})", told)
    if told.get("took"):
        return _shown(done=_("%(name)s was told just now: %(address)s took the message.", **_words(told)))
    problem = _(
        "%(name)s was NOT told: %(address)s did not take the message. Is the address right, and the network "
        "there?",
        **_words(told),
    )
    return _shown(problem=problem)


def _done(what: str, **question: str) -> Page:
    try:
        told = _ask(**question)
    except (Silent, NotNow) as error:
        return _shown(problem=str(error), name=question.get("name", "")), 409
    _record(what, told)
    return redirect(url_for("settings.notifications"), 303)


def _ask(**question: str) -> Mapping[str, Any]:
    """Ask the notifier.

    Raises:
        Silent: it does not run.
        NotNow: it refuses; the message says why.
    """
    return ask(context().household.run / SOCKET, {**question, "by": current_name()}, silent=SILENT)


def _record(what: str, told: Mapping[str, Any]) -> None:
    said = what.format(**_words(told))
    context().users.record(at=time.time(), by=current_name(), about="notifications", what=said)
    log.info("notifications", what=said, by=current_name())


def _words(told: Mapping[str, Any]) -> dict[str, str]:
    return {"name": str(told.get("name", "")), "address": str(told.get("address", ""))}


def _id() -> str:
    return request.form.get("id", "")[:64]


def _shown(problem: str = "", done: str = "", name: str = "") -> str:
    try:
        told = _ask(op="list")
    except (Silent, NotNow) as error:
        told, problem = {}, problem or str(error)
    return render_template(
        "notifications.html",
        runs=bool(told),
        people=told.get("people", ()),
        elsewhere=told.get("elsewhere", 0),
        services=sorted(AT_HOSTS | AT_ONE_PLACE),
        longest=LONGEST,
        example=EXAMPLE,
        may=may("settings.add_person"),
        problem=problem,
        done=done,
        given=name,
    )
