"""Who lives in the neighbourhood, and which line runs from whom to whom. Pure: no file, no key.

The first four are Alder (a producer), Birch (a consumer), Cedar and Dogwood (prosumers). More households come
in streets of four like these; each street's producer also has a line to the next street's consumer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Address
from random import Random
from typing import Literal

from neighbourhood import lines

Role = Literal["producer", "consumer", "prosumer"]

CABLES = 65_536
"""From the first household's address to those of the cables: 127.1.… for a street in 127.0.…"""

NAMES = (
    "alder", "birch", "cedar", "dogwood",
    "elm", "fir", "ginkgo", "hazel",
    "ilex", "juniper", "katsura", "larch",
)  # fmt: skip
STREET: tuple[Role, ...] = ("producer", "consumer", "prosumer", "prosumer")
CHARGED = (0.90, 0.43, 0.80, 0.38)
"""State of charge of the street's batteries at the start: so full that two can sell at once, so low that the
other two soon have to buy."""

FEWEST = 2
FEED_PINS = (17, 18, 27, 5, 6, 13, 19, 26)
"""BCM numbers of the outputs to feed contacts."""

TIE_PINS = (23, 24, 25, 8, 7, 12, 16, 20)
HOME_PIN = 22
FIRST_FEED = 1
FIRST_TIE = 11
RATING = 200
"""Of every line, W."""

SIGNERS = 3
"""How many seal (of fewer households than that: one)."""

ADDRESS = IPv4Address("127.0.10.1")
"""Of the first household; the others follow."""


class ScenarioRefused(ValueError):
    """A neighbourhood that cannot be."""


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """What a kind of household has on the bench. Found by trying, see the tests: a first trade within a
    minute, a day without outages, prosumers that buy at night and sell at noon."""

    capacity: float
    """Of the battery, mWh."""

    load: float
    """Mean over the day, W."""

    panel: float = 0.0
    """Peak, W."""

    charge: float = 150.0
    """Most power into the battery, W."""

    discharge: float = 700.0
    """Most power out of the battery, W."""

    resistance: float = 0.03
    """Of the battery, ohm."""

    soc: float = 0.5
    """At the start, 0 to 1."""

    price: int = 0
    """Asked at its feeds, tokens per kWh."""

    reserve: int = 40
    """State of charge below which it does not sell, percent."""


RATINGS: dict[Role, Ratings] = {
    "producer": Ratings(
        capacity=16_000, load=12, panel=640, charge=450, resistance=0.008, price=280, reserve=20
    ),
    "consumer": Ratings(capacity=2_000, load=65),
    "prosumer": Ratings(capacity=4_000, load=42, panel=150, price=220, reserve=50),
}
NEWCOMER = Ratings(capacity=4_000, load=2, soc=0.26)
"""A small house that waits for its first energy: it buys as soon as it may, and can wait half an hour."""

LIMIT = 30
"""State of charge below which all of them buy, percent."""

RESUME = 50
"""State of charge at which they go home, percent."""

DELTA = 700
"""Bought beyond that for the loads meanwhile, mWh: so much that an order seldom needs a successor."""

MARGIN = 25
"""Above its reserve, at which a household begins to sell again, percent: enough for a whole order."""

OFFERED = 3_000
"""The most that one order may ask for, mWh."""


@dataclass(frozen=True, kw_only=True)
class Line(lines.Line):
    """A line from a seller's feed to a buyer's tie, and the pins of both."""

    feed_pin: int
    tie_pin: int

    @property
    def name(self) -> str:
        """Of the line in the world."""
        return f"{self.seller}-{self.buyer}"


@dataclass(frozen=True, kw_only=True)
class Member:
    """One household."""

    name: str
    role: Role
    address: IPv4Address
    seals: bool
    ratings: Ratings
    phase: float
    """How much later than the published profile this family lives, fraction of a day."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The whole neighbourhood."""

    members: tuple[Member, ...]
    lines: tuple[Line, ...]
    seed: int
    day: float
    """Real seconds of a day of sun and load."""

    period: int = field(default=1)
    """Seconds between two blocks."""

    newcomer: str | None = None
    """The household that is not set up yet: without password and key, unknown to the others."""

    cuttable: str | None = None
    """The household whose network can be cut: it and its neighbours know each other by other addresses."""

    def sold_by(self, name: str) -> tuple[Line, ...]:
        """The lines that begin at a household."""
        return tuple(line for line in self.lines if line.seller == name)

    def bought_by(self, name: str) -> tuple[Line, ...]:
        """The lines that end at a household."""
        return tuple(line for line in self.lines if line.buyer == name)

    @property
    def founders(self) -> tuple[Member, ...]:
        """Those that are set up from the beginning."""
        return tuple(member for member in self.members if member.name != self.newcomer)

    @cached_property
    def signers(self) -> tuple[Member, ...]:
        """Those that seal."""
        return tuple(member for member in self.members if member.seals)

    def way(self, caller: str, called: str) -> IPv4Address:
        """The address by which one household knows another."""
        if caller == called or self.cuttable not in {caller, called}:
            return self.member(called).address
        names = [member.name for member in self.members]
        return self.members[0].address + CABLES + names.index(caller) * len(NAMES) + names.index(called)

    def member(self, name: str) -> Member:
        """One household by its name."""
        return next(member for member in self.members if member.name == name)


def plan(
    households: int = 4,
    *,
    seed: int = 1,
    day: float = 600.0,
    period: int = 1,
    first: IPv4Address = ADDRESS,
    cuttable: str | None = None,
    newcomer: bool = False,
) -> Scenario:
    """A neighbourhood of so many households; the same for the same seed.

    Args:
        day: real seconds of a day of sun and load.
        period: seconds between two blocks.
        first: address of the first household.
        cuttable: the household whose network can be cut.
        newcomer: one more household than that, which a line is wired to, and which is still to be set up.

    Raises:
        ScenarioRefused: too few or too many households, no time in the day, or nobody to cut.
    """
    if newcomer and households != len(STREET):
        raise ScenarioRefused(f"a newcomer comes to a street of {len(STREET)}: its line begins there")
    if not FEWEST <= households <= len(NAMES):
        raise ScenarioRefused(f"a neighbourhood has {FEWEST} to {len(NAMES)} households, not {households}")
    if day < 60:
        raise ScenarioRefused("a day shorter than a minute is over before a trade is")
    random = Random(seed)
    sealing = SIGNERS if households >= SIGNERS else 1
    members = tuple(
        Member(
            name=name,
            role=role,
            address=first + index,
            seals=index < sealing,
            ratings=replace(RATINGS[role], soc=CHARGED[index % len(STREET)]),
            phase=round(random.uniform(-0.02, 0.02), 4),
        )
        for index, (name, role) in enumerate(zip(NAMES[:households], STREET * 3, strict=False))
    )
    if newcomer:
        members += (
            Member(
                name=NAMES[households],
                role="consumer",
                address=first + households,
                seals=False,
                ratings=NEWCOMER,
                phase=0.0,
            ),
        )
    wired = wire(members)
    buyers = sorted({line.buyer for line in wired})
    if cuttable is not None and cuttable not in buyers:
        raise ScenarioRefused(f"{cuttable!r} buys from nobody here; {', '.join(buyers)} do")
    return Scenario(
        members=members,
        lines=wired,
        seed=seed,
        day=day,
        period=period,
        cuttable=cuttable,
        newcomer=members[-1].name if newcomer else None,
    )


def wire(members: tuple[Member, ...]) -> tuple[Line, ...]:
    """Give every seller a feed to each buyer in its street, and every producer one to the next street."""
    wired: list[Line] = []
    for seller, buyer in pairs(members):
        feeds = sum(line.seller == seller.name for line in wired)
        ties = sum(line.buyer == buyer.name for line in wired)
        wired.append(
            Line(
                seller=seller.name,
                feed=FIRST_FEED + feeds,
                feed_pin=FEED_PINS[feeds],
                buyer=buyer.name,
                tie=FIRST_TIE + ties,
                tie_pin=TIE_PINS[ties],
            )
        )
    return tuple(wired)


def pairs(members: tuple[Member, ...]) -> list[tuple[Member, Member]]:
    """Who may sell to whom."""
    streets = [members[start : start + len(STREET)] for start in range(0, len(members), len(STREET))]
    found = []
    for index, street in enumerate(streets):
        following = streets[(index + 1) % len(streets)]
        for seller in street:
            buyers = [other for other in street if other is not seller and other.role != "producer"]
            if seller.role == "producer" and following is not street:
                buyers += [other for other in following if other.role == "consumer"]
            if seller.role != "consumer":
                found += [(seller, buyer) for buyer in buyers]
    return found
