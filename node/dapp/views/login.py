"""Logging in and out."""

from __future__ import annotations

import time

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from node.dapp import words
from node.dapp.context import context
from node.dapp.language import gettext as _
from node.dapp.security import begin_session, current_user, local_path
from node.dapp.users import FIRST_USER, LONGEST_PASSWORD

log = structlog.get_logger(__name__)

page = Blueprint("login", __name__)


@page.get("/login")
def form() -> str | Response:
    """The form; whoever is logged in goes on."""
    if current_user() is not None:
        return redirect(local_path(request.args.get("next")))
    here = context()
    if here.household.first_run and not here.users.any():
        return redirect(url_for("first.claim"))
    return _form("")


@page.post("/login")
def enter() -> tuple[str, int] | Response:
    """Check name and password, and begin a session."""
    name = request.form.get("name", "").strip().lower()
    address = request.remote_addr or "unknown"
    here = context()
    wait = here.tries.wait(name, address, time.monotonic())
    if wait > 0:
        log.warning("login_limited", user=name[:64], address=address)
        return _form(words.too_many(wait)), 429
    password = request.form.get("password", "")[:LONGEST_PASSWORD]
    token = here.tries.counted(
        name, address, time.monotonic(), lambda: here.users.begin(name, password, time.time())
    )
    if token is None:
        log.warning("login_refused", user=name[:64], address=address)
        return _form(_("That name and password do not go together.")), 403
    target = local_path(request.form.get("next"))
    begin_session(token)
    log.info("login", user=name, address=address)
    return redirect(target)


@page.post("/logout")
def leave() -> Response:
    """End the session."""
    context().users.end(session["token"])
    session.clear()
    return redirect(url_for("login.form"))


def _form(problem: str) -> str:
    return render_template(
        "login.html",
        problem=problem,
        next=request.values.get("next", ""),
        name=request.form.get("name", FIRST_USER)[:64],
        nobody=not context().users.any(),
    )
