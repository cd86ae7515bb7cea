"""What the instruments on the bench show: the world's truth with each instrument's resolution and noise.

A point is named "birch.battery", "birch.load", "birch.panel", "birch.tie-11" or "alder.feed-1". Counters are
those of billing meters: true, in steps of 1 mWh. Instantaneous values carry a small seeded noise.
"""

from __future__ import annotations

from math import floor
from random import Random

from simulation.world.bench import UnknownThing
from simulation.world.spec import WorldSpec
from simulation.world.state import State

NOISE = 0.003
"""Standard deviation of voltage, current and power, as a part of the value: that of an INA219 at room
temperature with a 0.1 % shunt."""


def points(spec: WorldSpec) -> set[str]:
    """The names of all points."""
    return (
        {f"{h.name}.{what}" for h in spec.households for what in ("battery", "load")}
        | {f"{h.name}.panel" for h in spec.households if h.panel > 0}
        | {c.name for c in spec.contacts if c.kind != "home"}
    )


def reading(spec: WorldSpec, state: State, point: str, noise: Random) -> dict[str, int]:
    """What the instrument at a point shows: voltage (mV), current (mA), power (mW), counters (mWh), soc.

    Raises:
        UnknownThing: there is no such point.
    """
    for line in spec.lines:
        if point in (line.feed, line.tie):
            now = state.lines[line.name]
            if point == line.feed:
                volts, watts, counted = state.homes[line.seller].volts, now.delivered_w, now.delivered
            else:
                volts, watts, counted = now.volts, now.received_w, now.received
            return {**electric(volts, watts, noise), "forward": floor(counted + 1e-9), "reverse": 0}
    name, _, what = point.partition(".")
    household = next((h for h in spec.households if h.name == name), None)
    if household is None or point not in points(spec):
        raise UnknownThing(f"there is no measuring point {point!r}")
    home = state.homes[name]
    match what:
        case "battery":
            soc = min(max(round(10_000 * state.soc(household)), 0), 10_000)
            return {**electric(home.volts, home.battery_w, noise), "soc": soc}
        case "load":
            return electric(home.volts if home.source else 0.0, home.load_w, noise)
        case "panel":
            return electric(home.volts, home.panel_w, noise)
    raise UnknownThing(f"the point {point!r} has no line")


def electric(volts: float, watts: float, noise: Random) -> dict[str, int]:
    """Voltage, current and power as an instrument with noise shows them."""
    shown_volts = volts * noise.gauss(1.0, NOISE / 3)
    shown_watts = watts * noise.gauss(1.0, NOISE)
    return {
        "voltage": round(shown_volts * 1000),
        "current": round(shown_watts / shown_volts * 1000) if shown_volts else 0,
        "power": round(shown_watts * 1000),
    }
