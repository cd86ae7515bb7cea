"""An ideal trading policy straight on the world, without chain or relay: to try a scenario's ratings quickly.

Every household below its limit goes to the cheapest neighbour with energy to spare a fixed time later, and
home again above `resume` or when that neighbour runs low: the outcome that the real processes come near to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from simulation.neighbourhood.bench import world
from simulation.neighbourhood.scenario import LIMIT, MARGIN, RESUME, Line, Scenario
from simulation.world import State, initial, step
from simulation.world.contacts import drive
from simulation.world.notes import Event

DT = 0.05
LATENCY = 5.0
"""Seconds from the limit to the tie: sample, order, confirmation, feed, transfer."""

GAP = 0.15


@dataclass
class Supply:
    line: Line
    begins: float
    connected: bool = False


@dataclass
class Outcome:
    trades: list[tuple[float, str, str, float]] = field(default_factory=list)
    """(when it began, seller, buyer, mWh)."""
    events: list[Event] = field(default_factory=list)
    lowest: dict[str, float] = field(default_factory=dict)
    final: State | None = None


def play(scenario: Scenario, seconds: float) -> Outcome:
    spec = world(scenario)
    state = initial(spec)
    homes = {h.name: h for h in spec.households}
    ratings = {m.name: m.ratings for m in scenario.members}
    running: dict[str, Supply] = {}
    selling = {m.name: m.ratings.soc * 100 > m.ratings.reserve + MARGIN for m in scenario.members}
    began: dict[str, float] = {}
    outcome = Outcome(lowest=dict.fromkeys(homes, 1.0))
    for turn in range(round(seconds / DT)):
        state, notes = step(spec, state, DT)
        outcome.events += [n for n in notes if isinstance(n, Event) and n.kind != "below"]
        if turn % 10:
            continue
        soc = {name: state.soc(h) for name, h in homes.items()}
        for name in homes:
            outcome.lowest[name] = min(outcome.lowest[name], soc[name])
            low = ratings[name].reserve / 100
            selling[name] = soc[name] > (low if selling[name] else low + MARGIN / 100)
        for buyer in homes:
            supply = running.get(buyer)
            if supply is None and soc[buyer] < LIMIT / 100:
                options = [x for x in scenario.bought_by(buyer) if selling[x.seller]]
                if options:
                    best = min(options, key=lambda x: ratings[x.seller].price)
                    running[buyer] = Supply(best, state.t + LATENCY)
            elif supply is not None:
                state = follow(state, supply, soc, selling, running, began, outcome)
    outcome.final = state
    return outcome


def follow(
    state: State,
    supply: Supply,
    soc: dict[str, float],
    selling: dict[str, bool],
    running: dict[str, Supply],
    began: dict[str, float],
    outcome: Outcome,
) -> State:
    line = supply.line
    feed, tie, home = f"{line.seller}.feed-{line.feed}", f"{line.buyer}.tie-{line.tie}", f"{line.buyer}.home"
    done = soc[line.buyer] > RESUME / 100 or not selling[line.seller]
    if not supply.connected and state.t >= supply.begins:
        if not state.contacts[feed].energised:
            return energised(state, {feed: True, home: True})
        supply.connected = True
        began[line.buyer] = state.lines[line.name].received
        outcome.trades.append((state.t, line.seller, line.buyer, 0.0))
        return energised(state, {tie: True})
    if supply.connected and done:
        if state.contacts[tie].energised:
            return energised(state, {tie: False})
        del running[line.buyer]
        received = state.lines[line.name].received - began[line.buyer]
        index = max(i for i, t in enumerate(outcome.trades) if t[1:3] == (line.seller, line.buyer))
        outcome.trades[index] = (*outcome.trades[index][:3], received)
        return energised(state, {home: False, feed: False})
    return state


def energised(state: State, coils: dict[str, bool]) -> State:
    contacts = dict(state.contacts)
    for name, on in coils.items():
        contacts[name] = drive(contacts[name], on, state.t)
    return replace(state, contacts=contacts)
