"""*First run*: the routes, from an empty box to a household that trades. What is behind them is loaded when
somebody first comes here: most households are past it.
"""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from node.dapp.views.behind import behind

page = Blueprint("first", __name__, url_prefix="/first-run")

_page = behind("first_run_page")


@page.get("/claim")
def claim() -> ResponseReturnValue:
    """The form of the first password, for whoever has the code that the box shows."""
    return _page("claim")


@page.post("/claim")
def enter() -> ResponseReturnValue:
    """Make the first user, and let them in."""
    return _page("enter")


@page.get("/")
def resume() -> ResponseReturnValue:
    """To where it was left."""
    return _page("resumed")


@page.get("/<step>")
def show(step: str) -> ResponseReturnValue:
    """One step."""
    return _page("show", step)


@page.post("/key")
def make_key() -> ResponseReturnValue:
    """Have the key made."""
    return _page("make_key")


@page.post("/bring-back")
def bring_back() -> ResponseReturnValue:
    """Have it taken from its backup."""
    return _page("bring_back")


@page.post("/backup")
def back_up() -> ResponseReturnValue:
    """Have its backup made, and show the code this once."""
    return _page("back_up")


@page.get("/backup-file")
def backup_file() -> ResponseReturnValue:
    """The backup's file, which the code opens."""
    return _page("backup_file")


@page.post("/prove")
def prove() -> ResponseReturnValue:
    """Somebody types the code in again."""
    return _page("prove")


@page.get("/request-file")
def request_file() -> ResponseReturnValue:
    """The request to join, for the operator."""
    return _page("request_file")


@page.get("/request.svg")
def request_qr() -> ResponseReturnValue:
    """The same as a picture."""
    return _page("request_qr")


@page.post("/limits")
def limits() -> ResponseReturnValue:
    """Ask for other thresholds."""
    return _page("limits")


@page.post("/tick")
def tick() -> ResponseReturnValue:
    """Somebody says that a step is done."""
    return _page("tick")
