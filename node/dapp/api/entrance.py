"""Who may read: a program by its token, a person by a session, or by name and password in a form.

A session is believed for GET only, so no page elsewhere can send anything in its name; name and password come
with the request itself, as CitizenWatt's clients send them. Nothing behind this entrance changes anything.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from flask import Request, g, session

from node.dapp.api.problems import Problem
from node.dapp.api.tokens import PREFIX, Scope
from node.dapp.users import LONGEST_PASSWORD

if TYPE_CHECKING:
    from node.dapp.context import Context

log = structlog.get_logger(__name__)

OPEN = frozenset({"v1.described"})
"""Endpoints that tell nothing of the household."""

ANYTHING = frozenset(Scope)

HOW = "Send the header “Authorization: Bearer TOKEN”; commonwatt token create makes one."


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks."""

    name: str
    scopes: frozenset[Scope]


def admit(request: Request, here: Context) -> None:
    """Let the request in, with its caller in `g.caller`.

    Raises:
        Problem: nobody we know (401, 403), or too many wrong tries (429).
    """
    if request.endpoint in OPEN:
        return
    g.caller = _caller(request, here)


def demand(scope: Scope | None) -> None:
    """Go on only if the caller may read this; None: whoever is let in at all may.

    Raises:
        Problem: it may not (403).
    """
    if scope is not None and not holds(scope):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            f"The token {g.caller.name} may not do this: it lacks the scope {scope}. "
            f"Make another: commonwatt token create NAME --scope {scope}",
        )


def holds(scope: Scope) -> bool:
    """Whether the caller may read this."""
    caller: Caller = g.caller
    return scope in caller.scopes


def _caller(request: Request, here: Context) -> Caller:
    given = request.headers.get("Authorization", "")
    if given:
        kind, _, secret = given.partition(" ")
        return _by_token(request, here, secret.strip() if kind.lower() == "bearer" else "")
    if request.method == "POST":
        return _by_form(request, here)
    held = session.get("token")
    user = here.users.holder(held, time.time(), here.household.session) if isinstance(held, str) else None
    if user is not None:
        return Caller(name=user.name, scopes=ANYTHING)
    if request.path == "/metrics" and _from_here(request):
        return Caller(name="this host", scopes=frozenset({Scope.METRICS}))
    raise Problem(HTTPStatus.UNAUTHORIZED, f"Who are you? {HOW}", {"WWW-Authenticate": "Bearer"})


def _by_token(request: Request, here: Context, secret: str) -> Caller:
    """A token that is known is let in whatever others tried from its address: it cannot be guessed, and a
    program with an old token must not lock out the one beside it."""
    found = here.tokens.holder(secret, time.time()) if secret else None
    if found is not None:
        return Caller(name=found.name, scopes=found.scopes)
    address = request.remote_addr or "unknown"
    _limit(here, "token", address)
    here.tries.failed_at(address, time.monotonic())
    log.warning("token_refused", address=address)
    raise Problem(
        HTTPStatus.UNAUTHORIZED,
        f"This token is not known here, was revoked, or has expired. {HOW}",
        {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _by_form(request: Request, here: Context) -> Caller:
    if "password" not in request.form:
        raise Problem(HTTPStatus.FORBIDDEN, f"Send “login” and “password” in a form, or ask by GET. {HOW}")
    name = request.form.get("login", "").strip().lower()
    password = request.form.get("password", "")[:LONGEST_PASSWORD]
    if password.startswith(PREFIX):
        return _by_token(request, here, password)
    address = request.remote_addr or "unknown"
    _limit(here, name, address)
    if not here.tries.counted(name, address, time.monotonic(), lambda: here.users.check(name, password)):
        log.warning("login_refused", user=name[:64], address=address)
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "The form's fields “login” and “password” do not go together. "
            "An app token does as the password, too.",
        )
    return Caller(name=name, scopes=ANYTHING)


def _limit(here: Context, account: str, address: str) -> None:
    wait = here.tries.wait(account, address, time.monotonic())
    if wait > 0:
        seconds = str(int(wait) + 1)
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Too many wrong tries from {address}. Try again in {seconds} s.",
            {"Retry-After": seconds},
        )


def _from_here(request: Request) -> bool:
    """Whether a program on this host asks, and not a proxy on it for somebody else."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
