"""Asking for the second factor before a request that spends money or closes a contact.

The page that asks carries the request's own fields and sends them again with the code, so nothing is lost and
nothing is kept meanwhile. A right code is good for the session's next ten minutes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from flask import render_template, request

from node.dapp import words
from node.dapp.language import gettext as _
from node.dapp.users import User

if TYPE_CHECKING:
    from node.dapp.context import Context

log = structlog.get_logger(__name__)

LASTING = 600.0
"""Seconds for which a code is good in its session."""

LONGEST_CODE = 40

OURS = frozenset({"csrf", "code"})
"""Fields that are not the request's own."""


def challenge(here: Context, user: User, token: str) -> tuple[str, int] | None:
    """The page that asks for a code; None: go on, there is nothing to ask, or it was right."""
    now = time.time()
    if not here.seconds.has(user.name) or (user.proved is not None and 0 <= now - user.proved < LASTING):
        return None
    given = request.form.get("code")
    if given is None:
        return _ask(""), 403
    problem = refused(here, user.name, given)
    if problem:
        return _ask(problem), 403
    here.users.prove(token, now)
    return None


def refused(here: Context, user: str, code: str) -> str:
    """Why a code is not taken, as a sentence; empty: it was right, and is used up by this."""
    account, address = f"second factor of {user}", request.remote_addr or "unknown"
    wait = here.tries.wait(account, address, time.monotonic())
    if wait > 0:
        log.warning("second_factor_limited", user=user, address=address)
        return _("Too many wrong codes. Try again in %(time)s.", time=words.lasting(max(wait, 60)))

    def right() -> bool:
        return here.seconds.check(user, code[:LONGEST_CODE], time.time())

    if not here.tries.counted(account, address, time.monotonic(), right):
        log.warning("second_factor_refused", user=user, address=address)
        return _("This code is wrong, or was used before: wait for the app's next one.")
    return ""


def _ask(problem: str) -> str:
    carried = [(name, value) for name, value in request.form.items(multi=True) if name not in OURS]
    return render_template("second.html", problem=problem, carried=carried, action=request.path)
