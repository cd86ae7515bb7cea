"""The stream of events that keeps open pages up to date."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from node.dapp.context import context

page = Blueprint("live", __name__)


@page.get("/live")
def stream() -> Response:
    """Hand this connection to the hub: `heartbeat`, `node_data`, `trade`, `block` (see `node.dapp.live`)."""
    hub = context().hub
    sock = request.environ.get("gunicorn.socket")
    if sock is None:
        abort(503, "Live pages need gunicorn: start the pages by commonwatt dapp run.")
    if hub.full:
        abort(503, "Enough pages are open already; this one still shows the present when it is reloaded.")
    from node.dapp.worker import hand_over  # noqa: PLC0415 - only under gunicorn

    return Response(hand_over(hub, sock), mimetype="text/event-stream")
