"""What a world consists of. Never changes while it runs; written as JSON by the scenario."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

Kind = Literal["feed", "home", "tie"]
Defect = Literal["stuck", "stuck-open", "welded", "slow", "bouncing"]
"""How a contact is broken. stuck: where it stands; stuck-open: it closes no more; welded: it opens no more;
slow: it moves late; bouncing: it does not stay closed."""

DEFECTS: tuple[Defect, ...] = get_args(Defect)

BEGINS = 16 / 24
"""Time of day at which a world begins, if nothing else is said: an afternoon when the sun goes down and the
loads go up, so that soon everybody needs a neighbour; fraction of a day."""


class WorldError(Exception):
    """Root of this room's errors about the simulated world."""


class SpecRefused(WorldError):
    """A world that cannot be: the message names what is wrong."""


@dataclass(frozen=True, kw_only=True)
class BatterySpec:
    """A battery pack with its protection circuit."""

    capacity: float
    """Energy that it holds when full, mWh."""

    soc: float
    """State of charge at the start, 0 to 1."""

    resistance: float = 0.03
    """Internal resistance, ohm."""

    charge: float = 120.0
    """Most power that it takes at its terminals, W."""

    discharge: float = 600.0
    """Most power that it gives at its terminals before its protection trips, W."""


@dataclass(frozen=True, kw_only=True)
class ContactSpec:
    """One relay contact, named like "birch.tie-11"."""

    name: str
    household: str
    pin: int
    kind: Kind
    defect: Defect | None = None
    """From the start; others come while the world runs, by the op "break"."""

    @property
    def normally_closed(self) -> bool:
        """Home rests closed, everything else rests open."""
        return self.kind == "home"


@dataclass(frozen=True, kw_only=True)
class HouseholdSpec:
    """One home on the bench."""

    name: str
    battery: BatterySpec
    load: float
    """Mean power of its loads over the day, W."""

    panel: float = 0.0
    """Peak power of its panel, W; nothing without one."""

    phase: float = 0.0
    """How much later than the published profile this family lives, fraction of a day."""

    threshold: float | None = None
    """State of charge (0 to 1) whose crossing downwards the world notes, to time the household's reaction."""

    home: bool = True
    """Whether a home contact stands between battery and loads (else they are wired together)."""


@dataclass(frozen=True, kw_only=True)
class LineSpec:
    """A cable from a seller's feed contact to a buyer's tie contact."""

    name: str
    seller: str
    feed: str
    """Name of the feed contact."""

    buyer: str
    tie: str
    """Name of the tie contact."""

    resistance: float = 0.02
    """Of the whole loop, ohm: about 1 % of 200 W at 24 V."""

    rating: float = 200.0
    """Power that the tie may carry, W."""


@dataclass(frozen=True, kw_only=True)
class WorldSpec:
    """The whole bench."""

    households: tuple[HouseholdSpec, ...]
    contacts: tuple[ContactSpec, ...]
    lines: tuple[LineSpec, ...]
    seed: int = 1
    day: float = 600.0
    """Real seconds in which a day of sun and load passes."""

    begins: float = BEGINS
    """Time of day at the start, fraction of a day."""

    dt: float = 0.01
    """Seconds between two moments."""

    lines_of: dict[str, tuple[LineSpec, ...]] = field(init=False, repr=False, compare=False)
    """Lines by buyer."""

    feeds_of: dict[str, tuple[LineSpec, ...]] = field(init=False, repr=False, compare=False)
    """Lines by seller."""

    home_of: dict[str, str | None] = field(init=False, repr=False, compare=False)
    """Name of the home contact by household."""

    by_pin: dict[tuple[str, int], ContactSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check that lines join contacts that exist, and index them.

        Raises:
            SpecRefused: a name without its thing, a name or pin used twice, an amount below nothing.
        """
        names = [h.name for h in self.households]
        contacts = {c.name: c for c in self.contacts}
        by_pin = {(c.household, c.pin): c for c in self.contacts}
        if len(set(names)) != len(names) or len(contacts) != len(self.contacts):
            raise SpecRefused("a household's or a contact's name is used twice")
        if len(by_pin) != len(self.contacts):
            raise SpecRefused("two contacts of one household share a pin")
        for line in self.lines:
            for name, owner, kind in ((line.feed, line.seller, "feed"), (line.tie, line.buyer, "tie")):
                found = contacts.get(name)
                if owner not in names or found is None or (found.household, found.kind) != (owner, kind):
                    raise SpecRefused(f"line {line.name}: {owner} has no {kind} contact {name!r}")
        for h in self.households:
            if not 0 <= h.battery.soc <= 1 or h.battery.capacity <= 0 or h.load < 0 or h.panel < 0:
                raise SpecRefused(f"{h.name}: no amount is negative, and soc lies between 0 and 1")
        if self.day <= 0 or self.dt <= 0:
            raise SpecRefused("day and dt are more than nothing")
        homes = {c.household: c.name for c in self.contacts if c.kind == "home"}
        index = object.__setattr__
        index(self, "lines_of", {n: tuple(x for x in self.lines if x.buyer == n) for n in names})
        index(self, "feeds_of", {n: tuple(x for x in self.lines if x.seller == n) for n in names})
        index(self, "home_of", {n: homes.get(n) for n in names})
        index(self, "by_pin", by_pin)


INDEXES = {"lines_of", "feeds_of", "home_of", "by_pin"}


def dump(spec: WorldSpec) -> str:
    """Write a world as JSON."""
    plain = {k: v for k, v in spec.__dict__.items() if k not in INDEXES}
    return json.dumps(plain, default=asdict, indent=1)


def load(path: Path) -> WorldSpec:
    """Read a world written by `dump`.

    Raises:
        SpecRefused: no such file, no JSON, or no world.
    """
    try:
        return parse(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SpecRefused(f"{path}: no world can be read from it: {error}") from error


def parse(plain: dict[str, Any]) -> WorldSpec:
    """Build a world from the plain form that `dump` writes."""
    return WorldSpec(
        **{
            **plain,
            "households": tuple(
                HouseholdSpec(**{**h, "battery": BatterySpec(**h["battery"])}) for h in plain["households"]
            ),
            "contacts": tuple(ContactSpec(**c) for c in plain["contacts"]),
            "lines": tuple(LineSpec(**x) for x in plain["lines"]),
        }
    )
