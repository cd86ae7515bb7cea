"""*Devices*: how each sensor does, and how the household's own contacts stand; and what to do at the box."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from node.dapp import contacts, words
from node.dapp.context import context
from node.dapp.views.behind import behind
from node.sensors import status
from store import snapshot

page = Blueprint("devices", __name__)

_page = behind("sensor_page")

_finding = behind("finding_page")

BADGES = {
    status.State.LIVE: "good",
    status.State.STARTING: "planned",
    status.State.STALE: "ended",
    status.State.FAILED: "bad",
}

UNITS = {"voltage": (1_000, "V"), "current": (1_000, "A"), "soc": (100, "%")}
"""Divisor and unit of what has no words of its own."""


@page.get("/devices")
def show() -> str:
    """What the logger and the relay say now."""
    here = context()
    relay = here.own_relay.now() if here.own_relay else None
    return render_template(
        "devices.html",
        sensors=status.read(here.household.run),
        badges=BADGES,
        shown=shown,
        now_boot=snapshot.boottime(),
        relay=relay,
        rows=contacts.rows(here.household, relay.contacts if relay else (), {}, {}),
        seen=here.contacts_seen(relay),
    )


@page.get("/find-devices")
def find() -> ResponseReturnValue:
    """What was found, and what the device that is tried says."""
    return _finding("show")


@page.post("/find-devices")
def look() -> ResponseReturnValue:
    """Look at every bus and port."""
    return _finding("look")


@page.post("/find-devices/try")
def attempt() -> ResponseReturnValue:
    """Read one device for some seconds."""
    return _finding("attempt")


@page.post("/find-devices/add")
def add() -> ResponseReturnValue:
    """Show what would be written down, or ask for it."""
    return _finding("add")


@page.get("/devices/<name>")
def one(name: str) -> ResponseReturnValue:
    """One sensor, live, and its calibration."""
    return _page("one", name)


@page.post("/devices/<name>/calibrate")
def calibrate(name: str) -> ResponseReturnValue:
    """Measure for half a minute."""
    return _page("calibrate", name)


@page.post("/devices/<name>/save")
def save(name: str) -> ResponseReturnValue:
    """Ask for what was found to be written down."""
    return _page("save", name)


def shown(quantity: str, value: int) -> str:
    """A measured value for people."""
    if quantity == "power":
        return words.power(value)
    if quantity in UNITS:
        divisor, unit = UNITS[quantity]
        return words.amount(f"{value / divisor:.2f} {unit}")
    return words.energy(value)
