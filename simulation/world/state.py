"""How a world is at one moment: all that the next moment depends on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from simulation.world import battery
from simulation.world.contacts import Contact, at_rest
from simulation.world.spec import HouseholdSpec, WorldSpec


@dataclass(frozen=True, slots=True)
class Home:
    """One household at one moment."""

    stored: float
    """Energy in the battery, mWh."""

    volts: float
    """At the battery's terminals."""

    cut: bool = False
    """The battery's protection keeps it from giving energy."""

    cut_until: float = 0.0
    demand: float = 0.0
    """What the loads would draw, W."""

    load_w: float = 0.0
    panel_w: float = 0.0
    battery_w: float = 0.0
    """Charging is positive."""

    amperes: float = 0.0
    source: str | None = None
    """Where the loads' power comes from: "home", a line's name, or nothing."""

    load: float = 0.0
    """From here on: mWh since the start."""

    panel: float = 0.0
    battery_in: float = 0.0
    battery_out: float = 0.0
    lost: float = 0.0
    """In the battery's resistance and the charger."""

    out_since: float | None = None
    short_since: float | None = None
    below: bool = False
    """The state of charge is below the noted threshold."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line at one moment; energies in mWh since the start."""

    volts: float = 0.0
    """At the buyer's end, before the tie."""

    delivered_w: float = 0.0
    received_w: float = 0.0
    delivered: float = 0.0
    """Through the feed, at the seller's end."""

    received: float = 0.0
    """Through the tie, at the buyer's end."""


@dataclass(frozen=True)
class State:
    """The world at `t` seconds after its start."""

    t: float
    homes: dict[str, Home]
    lines: dict[str, Line]
    contacts: dict[str, Contact]

    def soc(self, household: HouseholdSpec) -> float:
        """State of charge of a household's battery, 0 to 1."""
        return self.homes[household.name].stored / household.battery.capacity


def initial(spec: WorldSpec) -> State:
    """The world at its start: every coil without power."""
    homes = {
        h.name: Home(
            stored=h.battery.soc * h.battery.capacity,
            volts=battery.open_circuit(h.battery.soc),
            below=h.threshold is not None and h.battery.soc < h.threshold,
        )
        for h in spec.households
    }
    return State(
        t=0.0,
        homes=homes,
        lines={line.name: Line() for line in spec.lines},
        contacts={c.name: at_rest(c) for c in spec.contacts},
    )


def without_power(state: State, names: tuple[str, ...]) -> State:
    """The same moment with these contacts' coils dead, as when their Raspberry Pi dies."""
    contacts = dict(state.contacts)
    for name in names:
        contact = contacts[name]
        if contact.energised:
            contacts[name] = replace(contact, energised=False, since=state.t)
    return replace(state, contacts=contacts)


def dump(state: State) -> dict[str, Any]:
    """The state as plain data for JSON."""
    return asdict(state)


def load(plain: dict[str, Any]) -> State:
    """The state from what `dump` made of it (after JSON, too)."""
    return State(
        t=plain["t"],
        homes={name: Home(**home) for name, home in plain["homes"].items()},
        lines={name: Line(**line) for name, line in plain["lines"].items()},
        contacts={name: Contact(**contact) for name, contact in plain["contacts"].items()},
    )
