"""*Settings*: the routes. What is behind them is loaded when somebody first looks: most days, nobody does."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from node.dapp.views.behind import behind

page = Blueprint("settings", __name__, url_prefix="/settings")

_page = behind("settings_page")

_notifications = behind("notifications_page")


@page.get("/")
def show() -> ResponseReturnValue:
    """The form, what was changed last, and what waits."""
    return _page("show")


@page.post("/")
def change() -> ResponseReturnValue:
    """Other values for some keys."""
    return _page("change")


@page.get("/yaml")
def text() -> ResponseReturnValue:
    """The family's file as it is."""
    return _page("text")


@page.post("/yaml")
def write() -> ResponseReturnValue:
    """Another text for it."""
    return _page("write")


@page.post("/undo")
def undo() -> ResponseReturnValue:
    """Take the last change back."""
    return _page("undo")


@page.get("/notifications")
def notifications() -> ResponseReturnValue:
    """Who is told what is wrong."""
    return _notifications("show")


@page.post("/notifications")
def add_person() -> ResponseReturnValue:
    """Tell somebody more."""
    return _notifications("add")


@page.post("/notifications/remove")
def remove_person() -> ResponseReturnValue:
    """Tell somebody no more."""
    return _notifications("remove")


@page.post("/notifications/test")
def try_person() -> ResponseReturnValue:
    """Send a message to one of them now."""
    return _notifications("test")
