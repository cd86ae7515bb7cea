"""What stands between the pages and the rest of the network: headers, host names, CSRF, sessions."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from node.dapp import permission
from node.dapp.challenge import challenge
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.users import User
from store.requests import ID

if TYPE_CHECKING:
    from node.dapp.context import Context

CSP = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
    "img-src 'self' data:"
)
"""Nothing inline, nothing from elsewhere: a value that escaped its escaping still runs nothing."""

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

INCOMPLETE = N_("This form is incomplete. Go back, reload the page and send it again.")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def protect(app: Flask, here: Context) -> None:
    """Guard every request of the pages, and dress every answer.

    The API has an entrance of its own (`node.dapp.api.entrance`), which believes no session that would send
    something, so it needs no form's token.
    """
    names, lasting, users = here.household.names, here.household.session, here.users

    @app.before_request
    def _host() -> None:
        only_ours(names)

    @app.before_request
    def _csrf() -> None:
        if request.method not in SAFE_METHODS:
            check_csrf()

    @app.before_request
    def _user() -> AnyResponse | tuple[str, int] | None:
        token = session.get("token")
        g.user = users.holder(token, time.time(), lasting) if isinstance(token, str) else None
        if request.endpoint in permission.OPEN:
            return None
        if isinstance(g.user, User):
            return _let(g.user, str(token)) if request.endpoint else None
        if request.path.startswith(("/live", "/data/")):
            abort(401, _("Log in first."))
        if request.method in SAFE_METHODS and request.path != "/":
            return redirect(url_for("login.form", next=request.full_path.rstrip("?")))
        return redirect(url_for("login.form"))

    def _let(user: User, token: str) -> tuple[str, int] | None:
        endpoint = request.endpoint or ""
        if not permission.allows(user.role, endpoint):
            abort(403, _(permission.REFUSED[permission.needed(endpoint)]))
        return challenge(here, user, token) if permission.is_grave(endpoint, request.form) else None

    app.after_request(dress)
    app.jinja_env.globals["csrf"] = csrf_token
    app.jinja_env.globals["user"] = current_user


def only_ours(names: tuple[str, ...]) -> None:
    """Refuse a request that came under a name which is not ours (400)."""
    if not is_ours(request.host, names):
        abort(400, _("These pages are not served under that name; add it to dapp.names, or use the address."))


def dress(response: Response) -> Response:
    """Give an answer the headers that every one has."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def current_user() -> User | None:
    """Who looks, for templates."""
    return getattr(g, "user", None)


def current_name() -> str:
    """Who looks, for records; empty: nobody who is logged in."""
    user = current_user()
    return user.name if user else ""


def may(endpoint: str) -> bool:
    """Whether whoever looks may do what is behind an endpoint."""
    user = current_user()
    return user is not None and permission.allows(user.role, endpoint)


def begin_session(token: str) -> None:
    """Let this browser in, and forget what it was before."""
    session.clear()
    session["token"] = token
    session.permanent = True


def form_id() -> str:
    """The id that the form carries: sent twice, it asks once."""
    given = request.form.get("form", "")
    if not ID.match(given):
        abort(400, _(INCOMPLETE))
    return given


def csrf_token() -> str:
    """The token that every form of this browser carries; made at its first form."""
    token = session.get("csrf")
    if not isinstance(token, str):
        token = session["csrf"] = secrets.token_urlsafe(24)
    return token


def check_csrf() -> None:
    """Refuse a change that did not come from one of our own forms (400)."""
    expected, given = session.get("csrf"), request.form.get("csrf", request.headers.get("X-CSRF-Token", ""))
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign or not isinstance(expected, str) or not hmac.compare_digest(expected.encode(), given.encode()):
        abort(400, _("This form is too old, or cookies are off. Go back, reload the page and send it again."))


def is_ours(host: str, names: tuple[str, ...]) -> bool:
    """Whether a Host header may be ours: an address, localhost, *.local, or a configured name.

    A page elsewhere that points its own name at this address (DNS rebinding) is refused by that.
    """
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".local") or name in {given.lower() for given in names}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def local_path(target: str | None) -> str:
    """Where to go after the login: a path of ours, else the first page. Never another site."""
    parts = urlsplit(target or "")
    bad = parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("//")
    return "/" if bad or "\\" in (target or "") or any(ord(c) < 32 for c in target or "") else str(target)
