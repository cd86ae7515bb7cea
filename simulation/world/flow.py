"""Who feeds whom at one moment: contacts, demand and sun in, powers out.

Each battery is a node: its panel and its charger bring power, its own loads (home closed) and its feeds take
it, the battery gives or takes the rest. What a battery cannot give trips its protection, and the flows are
found again without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulation.world import battery
from simulation.world.spec import HouseholdSpec, LineSpec, WorldSpec
from simulation.world.state import State

CHARGER_SHARE = 0.9
"""Part of the tie's rating that loads and charger may use together: the rest is for sudden load."""

CHARGER_EFFICIENCY = 0.96
"""Of the charger between bus and battery, a usual figure for such converters."""


@dataclass(frozen=True, slots=True)
class Node:
    """Powers of one household, W."""

    demand: float
    load: float
    panel: float
    charger: float
    """Drawn from the tie for the battery, before the charger's loss."""

    battery: float
    """At its terminals, charging positive."""

    amperes: float
    source: str | None
    short: bool


@dataclass(frozen=True, slots=True)
class Cable:
    """Powers of one line, W."""

    volts: float
    delivered: float
    received: float


@dataclass(frozen=True)
class Flows:
    """All powers at one moment, and whose battery's protection tripped in it."""

    nodes: dict[str, Node]
    cables: dict[str, Cable]
    tripped: frozenset[str]


@dataclass(frozen=True)
class Inputs:
    """What a moment brings from outside, W by household."""

    demand: Mapping[str, float]
    sun: Mapping[str, float]
    seconds: float = field(default=0.01)


def solve(spec: WorldSpec, state: State, inputs: Inputs) -> Flows:
    """The flows with the contacts as they are; batteries that cannot give what is asked trip."""
    cut = {name for name, home in state.homes.items() if home.cut}
    tripped: set[str] = set()
    while True:
        flows, overdrawn = attempt(spec, state, inputs, cut | tripped)
        if not overdrawn:
            return Flows(*flows, frozenset(tripped))
        tripped |= overdrawn


def attempt(
    spec: WorldSpec, state: State, inputs: Inputs, dead: set[str]
) -> tuple[tuple[dict[str, Node], dict[str, Cable]], set[str]]:
    """The flows if the batteries in `dead` give nothing, and which of the others cannot give their part."""
    buses = {h.name: bus(spec, state, inputs, h, dead) for h in spec.households}
    cables: dict[str, Cable] = {}
    for line in spec.lines:
        received = buses[line.buyer].drawn if buses[line.buyer].source == line.name else 0.0
        volts = state.homes[line.seller].volts if carries(state, line, dead) else 0.0
        amperes = battery.current(volts, line.resistance, -received) if volts and received else 0.0
        cables[line.name] = Cable(
            volts + amperes * line.resistance,
            received + amperes * amperes * line.resistance,
            received,
        )
    nodes: dict[str, Node] = {}
    overdrawn: set[str] = set()
    for h in spec.households:
        at, stored = buses[h.name], state.homes[h.name].stored
        outflow = sum(cables[line.name].delivered for line in spec.feeds_of[h.name])
        if at.source == "home":
            outflow += at.load
        inflow = at.charger * CHARGER_EFFICIENCY
        room = battery.acceptance(h.battery, stored, inputs.seconds)
        panel = min(inputs.sun[h.name], max(room + outflow - inflow, 0.0))
        power = panel + inflow - outflow
        if power < 0 and not battery.can_give(h.battery, stored, -power, inputs.seconds):
            overdrawn.add(h.name)
        volts = battery.open_circuit(stored / h.battery.capacity)
        nodes[h.name] = Node(
            demand=inputs.demand[h.name],
            load=at.load,
            panel=panel,
            charger=at.charger,
            battery=power,
            amperes=battery.current(volts, h.battery.resistance, power),
            source=at.source,
            short=at.short,
        )
    return (nodes, cables), overdrawn


@dataclass(frozen=True, slots=True)
class Bus:
    """What one household's bus draws, and from where."""

    load: float
    charger: float
    source: str | None
    short: bool

    @property
    def drawn(self) -> float:
        """Watts through the tie."""
        return self.load + self.charger


def bus(spec: WorldSpec, state: State, inputs: Inputs, h: HouseholdSpec, dead: set[str]) -> Bus:
    """Find the source of one household's loads.

    Two sources at once are a short; it is noted and the tie carries on, where a real bench's fuse would blow.
    """
    contact = spec.home_of[h.name]
    home = contact is None or state.contacts[contact].closed
    ties = [x for x in spec.lines_of[h.name] if state.contacts[x.tie].closed and carries(state, x, dead)]
    short = len(ties) + home > 1
    demand = inputs.demand[h.name]
    if ties:
        left = ties[0].rating * CHARGER_SHARE - demand
        return Bus(demand, charger(h, state, inputs, left), ties[0].name, short)
    if home and h.name not in dead:
        return Bus(demand, 0.0, "home", short)
    return Bus(0.0, 0.0, None, short)


def charger(h: HouseholdSpec, state: State, inputs: Inputs, left: float) -> float:
    """Watts that the charger draws from a tie of which the loads have left so much."""
    room = battery.acceptance(h.battery, state.homes[h.name].stored, inputs.seconds) - inputs.sun[h.name]
    return max(min(left, room / CHARGER_EFFICIENCY), 0.0)


def carries(state: State, line: LineSpec, dead: set[str]) -> bool:
    """Whether a line has its seller's voltage."""
    return line.seller not in dead and state.contacts[line.feed].closed
