"""The stream of events that keeps open pages up to date."""

from __future__ import annotations

import time

from flask import Blueprint, Response, abort, request, session

from node.dapp import language
from node.dapp.context import context
from node.dapp.language import gettext as _

page = Blueprint("live", __name__)


@page.get("/live")
def stream() -> Response:
    """Hand this connection to the hub: `heartbeat`, `node_data`, `trade`, `block` (see `node.dapp.live`)."""
    hub = context().hub
    sock = request.environ.get("gunicorn.socket")
    if sock is None:
        abort(503, _("Live pages need gunicorn: start the pages by commonwatt dapp run."))
    if hub.full:
        abort(503, _("Enough pages are open already; this one still shows the present when it is reloaded."))
    from node.dapp.worker import hand_over  # noqa: PLC0415 - only under gunicorn

    users, token, lasting = context().users, session["token"], context().household.session

    def holds() -> bool:
        return users.holder(token, time.time(), lasting) is not None

    return Response(
        hand_over(hub, sock, holds, request.headers.get("Last-Event-ID"), language.name()),
        mimetype="text/event-stream",
    )
