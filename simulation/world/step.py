"""From one moment to the next. A pure function: no clock, no chance but the seed's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulation.world import battery, demand
from simulation.world.contacts import Contact, move
from simulation.world.flow import CHARGER_EFFICIENCY, Cable, Flows, Inputs, solve
from simulation.world.notes import Event, Note, Switching
from simulation.world.spec import HouseholdSpec, LineSpec, WorldSpec
from simulation.world.state import Home, Line, State

TRIP = 2.0
"""Seconds for which a battery's protection stays open at least."""

HYSTERESIS = 0.02
"""State of charge above the noted threshold at which the next crossing counts again."""


def step(spec: WorldSpec, state: State, seconds: float) -> tuple[State, list[Note]]:
    """The world `seconds` later, and what is worth noting about the way there.

    Contacts move first, then power flows for the whole step. Coils are driven between steps.
    """
    now = state.t + seconds
    notes: list[Note] = []
    contacts = switch(spec, state, now, notes)
    moved = replace(state, contacts=contacts)
    inputs = Inputs(
        {h.name: demand.load(spec, h, now) for h in spec.households},
        {h.name: demand.sun(spec, h, now) for h in spec.households},
        seconds,
    )
    flows = solve(spec, moved, inputs)
    homes = {
        h.name: keep(h, state.homes[h.name], flows, Span(state.t, seconds), notes) for h in spec.households
    }
    lines = {x.name: carry(state.lines[x.name], flows.cables[x.name], seconds) for x in spec.lines}
    return State(t=now, homes=homes, lines=lines, contacts=contacts), notes


def switch(spec: WorldSpec, state: State, now: float, notes: list[Note]) -> dict[str, Contact]:
    """Let contacts follow their coils, and note those that arrive."""
    contacts = {c.name: move(c, state.contacts[c.name], now) for c in spec.contacts}
    for name, contact in contacts.items():
        if contact.closed != state.contacts[name].closed:
            line = line_of(spec, name)
            counted = state.lines[line.name] if line else Line()
            notes.append(Switching(now, name, contact.closed, counted.delivered, counted.received))
    return contacts


def line_of(spec: WorldSpec, contact: str) -> LineSpec | None:
    """The line that a feed or tie contact belongs to."""
    return next((x for x in spec.lines if contact in (x.feed, x.tie)), None)


def carry(line: Line, cable: Cable, seconds: float) -> Line:
    """Count what a line carried."""
    if not cable.received and not line.received_w and cable.volts == line.volts:
        return line
    return Line(
        volts=cable.volts,
        delivered_w=cable.delivered,
        received_w=cable.received,
        delivered=line.delivered + cable.delivered * seconds / 3.6,
        received=line.received + cable.received * seconds / 3.6,
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The time of one step, world seconds."""

    begin: float
    seconds: float


def keep(h: HouseholdSpec, home: Home, flows: Flows, span: Span, notes: list[Note]) -> Home:
    """Bring one household's battery and books up to date."""
    node, seconds = flows.nodes[h.name], span.seconds
    begin, now = span.begin, span.begin + span.seconds
    volts = battery.open_circuit(home.stored / h.battery.capacity)
    stored = home.stored + volts * node.amperes * seconds / 3.6
    heat = node.battery - volts * node.amperes + node.charger * (1 - CHARGER_EFFICIENCY)
    soc = stored / h.battery.capacity
    tripped = h.name in flows.tripped
    cut = tripped or (home.cut and (now < home.cut_until or soc < battery.RESTART))
    out_since = since(home.out_since, node.source is None and node.demand > 0, begin)
    short_since = since(home.short_since, node.short, begin)
    if home.out_since is not None and out_since is None:
        notes.append(Event(home.out_since, "outage", h.name, begin - home.out_since, cause(home)))
    if home.short_since is not None and short_since is None:
        notes.append(Event(home.short_since, "short", h.name, begin - home.short_since))
    below = home.below
    if h.threshold is not None:
        below = soc < h.threshold + (HYSTERESIS if home.below else 0.0)
        if below and not home.below:
            notes.append(Event(now, "below", h.name))
    return Home(
        stored=stored,
        volts=volts + node.amperes * h.battery.resistance,
        cut=cut,
        cut_until=now + TRIP if tripped else home.cut_until,
        demand=node.demand,
        load_w=node.load,
        panel_w=node.panel,
        battery_w=node.battery,
        amperes=node.amperes,
        source=node.source,
        load=home.load + node.load * seconds / 3.6,
        panel=home.panel + node.panel * seconds / 3.6,
        battery_in=home.battery_in + max(node.battery, 0.0) * seconds / 3.6,
        battery_out=home.battery_out + max(-node.battery, 0.0) * seconds / 3.6,
        lost=home.lost + heat * seconds / 3.6,
        out_since=out_since,
        short_since=short_since,
        below=below,
    )


def since(before: float | None, holds: bool, now: float) -> float | None:
    """When a condition that may hold now began."""
    if not holds:
        return None
    return now if before is None else before


def cause(home: Home) -> str:
    """Why loads had no source, in words."""
    return "the battery's protection was open" if home.cut else "no contact was closed to a source"


def balance(spec: WorldSpec, first: State, last: State) -> float:
    """What the books between two moments do not explain, mWh: nothing but rounding.

    Panels = loads + what batteries hold more + losses in batteries, chargers and lines.
    """
    made = used = kept = lost = 0.0
    for h in spec.households:
        a, b = first.homes[h.name], last.homes[h.name]
        made += b.panel - a.panel
        used += b.load - a.load
        kept += b.stored - a.stored
        lost += b.lost - a.lost
    for x in spec.lines:
        c, d = first.lines[x.name], last.lines[x.name]
        lost += (d.delivered - c.delivered) - (d.received - c.received)
    return made - used - kept - lost
