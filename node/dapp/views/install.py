"""What makes the pages an app on a phone: its manifest, and a page for when the household does not answer.

A browser installs them over HTTPS only (or on the household's own host). Nothing of the household is kept on
the phone but its name: the offline page is answered without a session.

https://www.w3.org/TR/appmanifest/ and https://w3c.github.io/ServiceWorker/
"""

from __future__ import annotations

import zlib
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, jsonify, render_template, url_for

from node.dapp.context import context
from node.dapp.language import gettext as _

page = Blueprint("install", __name__)

WORKER = "build/offline.js"

PAPER = "#f4f6f2"
"""The colour of the pages' ground, as in style.css."""


@page.get("/manifest.webmanifest")
def manifest() -> Response:
    """Name, colours and icon of the app."""
    title = context().household.title
    answer = jsonify(
        id="/",
        name=f"{title} · Commonwatt",
        short_name=title,
        description=_("The energy of this household and of its neighbourhood"),
        start_url="/",
        scope="/",
        display="standalone",
        background_color=PAPER,
        theme_color=PAPER,
        icons=[{"src": url_for("static", filename="favicon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@page.get("/offline")
def offline() -> str:
    """What to look at when the household does not answer; the same for everybody."""
    return render_template("offline.html")


@page.get("/offline.js")
def worker() -> Response:
    """The service worker, from the root, for it guards what is below its own address."""
    script = Path(current_app.static_folder or "") / WORKER
    if not script.exists():
        abort(404, _("The front end's bundle was not made."))
    body = script.read_bytes()
    checksum = zlib.crc32(body + offline().encode())
    answer = Response(f'self.CHECKSUM="{checksum:08x}";'.encode() + body, mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer
