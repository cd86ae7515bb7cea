"""`/api/v1`: its blueprint, with every operation and the document that describes them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flask import Blueprint, Response, request

from node.dapp.api import history, state, tariffs, trades  # noqa: F401 - they bring the operations
from node.dapp.api.operations import OPERATIONS, answer

page = Blueprint("v1", __name__, url_prefix="/api/v1")

DOCUMENT = Path(__file__).parent / "openapi.json"
"""Written by `commonwatt dapp openapi` from the operations."""


for _each in OPERATIONS:
    page.add_url_rule(_each.path, _each.name, partial(answer, _each), methods=["GET"], strict_slashes=False)


@page.get("/openapi.json")
def described() -> Response:
    """The OpenAPI document: for everybody, for it tells nothing of the household."""
    told = Response(DOCUMENT.read_bytes(), mimetype="application/json")
    told.headers["Cache-Control"] = "no-cache"
    told.add_etag()
    told.make_conditional(request)
    return told
