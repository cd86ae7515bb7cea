"""*Your account*: the password, the second factor, and for operators the record of changes."""

from __future__ import annotations

import time

import structlog
from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from node.dapp import qr, totp, words
from node.dapp.challenge import refused
from node.dapp.context import context
from node.dapp.language import gettext as _
from node.dapp.security import current_user
from node.dapp.users import LONGEST_PASSWORD, User

log = structlog.get_logger(__name__)

page = Blueprint("account", __name__, url_prefix="/account")

Page = str | tuple[str, int] | AnyResponse

SHORTEST_PASSWORD = 10
"""Characters (NIST SP 800-63B asks for 8 at least; nothing else is asked of them)."""

ENTRIES = 50


@page.get("/")
def show() -> str:
    """Who one is here, and what can be changed about it."""
    return _page("")


@page.post("/password")
def password() -> Page:
    """A new password, chosen by who knows the old one; every other session ends."""
    user, new = _user(), request.form.get("new", "")
    if problem := unfit(user.name, new):
        return _page(problem), 400
    if problem := _unproved(user.name):
        return _page(problem), 403
    here = context()
    here.users.reset(user.name, new, time.time(), by=user.name)
    log.info("password_changed", user=user.name)
    token = here.users.begin(user.name, new, time.time())
    session.clear()
    session["token"] = token
    session.permanent = True
    return redirect(url_for("account.show", done="password"), 303)


@page.post("/second/begin")
def begin_second() -> Page:
    """A new secret for an authenticator app, shown to who knows the password."""
    user = _user()
    if problem := _unproved(user.name):
        return _page(problem), 403
    context().seconds.begin(user.name)
    return _page("", setting_up=True)


@page.get("/second.svg")
def second_qr() -> Response:
    """The secret as a picture, until it is in force."""
    user = _user()
    secret = context().seconds.secret(user.name)
    if secret is None:
        abort(404, _("There is no second factor to be set up: begin on your account's page."))
    return qr.picture(totp.uri(secret, context().household.title, user.name))


@page.post("/second/confirm")
def confirm_second() -> Page:
    """Put it in force: the app gives the right code."""
    user, code = _user(), request.form.get("code", "")
    codes = context().seconds.confirm(user.name, code, time.time())
    if codes is None:
        problem = _("This code is wrong: is the clock of the phone right? Try the app's next one.")
        return _page(problem, setting_up=True), 400
    context().users.prove(session["token"], time.time())
    log.info("second_factor_set_up", user=user.name)
    return _page("", codes=codes)


@page.post("/second/remove")
def remove_second() -> Page:
    """Ask for no code any more; a last one is asked for."""
    user = _user()
    if problem := refused(context(), user.name, request.form.get("code", "")):
        return _page(problem), 403
    context().seconds.remove(user.name, time.time(), by=user.name)
    log.info("second_factor_removed", user=user.name)
    return redirect(url_for("account.show", done="second"), 303)


@page.get("/audit")
def audit() -> str:
    """Who changed what about users, the newest first."""
    below = request.args.get("below", type=int)
    entries = context().users.audit(ENTRIES + 1, below)
    more = entries[ENTRIES - 1].number if len(entries) > ENTRIES else None
    return render_template("audit.html", entries=entries[:ENTRIES], more=more)


def unfit(name: str, new: str) -> str:
    """Why a new password is not taken, as a sentence; it comes with itself again."""
    if len(new) < SHORTEST_PASSWORD or len(new) > LONGEST_PASSWORD:
        return _(
            "A password has %(number)s characters at least. Four words that nobody guesses are a good one.",
            number=SHORTEST_PASSWORD,
        )
    if new != request.form.get("again", ""):
        return _("The two new passwords are not the same: type the second one again.")
    if name in new.lower() and len(new) < len(name) + SHORTEST_PASSWORD:
        return _("The name is no part of a good password.")
    return ""


def _user() -> User:
    user = current_user()
    if user is None:
        abort(403, _("Log in first."))
    return user


def _unproved(name: str) -> str:
    """Why the password that came along is not believed, as a sentence; counted as at the login."""
    here, address = context(), request.remote_addr or "unknown"
    wait = here.tries.wait(name, address, time.monotonic())
    if wait > 0:
        return words.too_many(wait)
    password = request.form.get("password", "")[:LONGEST_PASSWORD]
    if not here.tries.counted(name, address, time.monotonic(), lambda: here.users.check(name, password)):
        log.warning("password_refused", user=name, address=address)
        return _("That is not your password.")
    return ""


def _page(problem: str, *, setting_up: bool = False, codes: list[str] | None = None) -> str:
    user, seconds = _user(), context().seconds
    secret = seconds.secret(user.name) if setting_up else None
    return render_template(
        "account.html",
        problem=problem,
        done=request.args.get("done", ""),
        has_second=seconds.has(user.name),
        left=seconds.left(user.name),
        secret=totp.base32(secret) if secret else "",
        codes=codes or [],
        shortest=SHORTEST_PASSWORD,
    )
