"""What is known at one moment, and what the household wants: all that a decision depends on. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contracts.bindings import Offer, Order
from node.client_interaction.behaviour import Deed
from node.client_interaction.trade import Trade
from node.intents.wishes import Wishes
from quantities import Energy, SoC, Tokens

if TYPE_CHECKING:
    from node.client_interaction.settings import TradingSettings


@dataclass(frozen=True, kw_only=True)
class Battery:
    """The household's own battery, as the logger last saw it."""

    soc: SoC
    age: float
    """Seconds."""


@dataclass(frozen=True, kw_only=True)
class Meter:
    """The tie's meter."""

    forward: int
    """mWh, cumulative."""

    power: int
    """mW."""

    sampled: float
    """Boottime seconds."""


@dataclass(frozen=True, kw_only=True)
class Seller:
    """A neighbour to whom a line is wired."""

    name: str
    account: str
    contact: int
    """Feed, there."""

    channel: int
    """Tie, here."""

    offer: Offer | None = None
    admitted: bool = False
    trouble: str = ""
    """Why its relay is of no use now, as a clause ("its relay does not answer"); empty: it would supply."""

    deeds: tuple[Deed, ...] = ()
    """How it behaved so far, oldest first."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The chain, as the household's own node sees it."""

    head: int
    balance: Tokens
    period: float
    """Seconds a block, as seen lately."""

    depth: int
    trouble: str = ""
    """Why it cannot be relied on now, as a sentence; empty: it can."""

    paused: bool = False
    """The neighbourhood's authority has paused new orders."""

    barred: str = ""
    """Why nothing new is to be begun on it, though what runs is settled, as a sentence."""

    credit: int = 0
    """Wei left for fees."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """One contact that is held closed, as its keeper knows it."""

    granted: float
    """Boottime seconds of the last frame that the relay granted."""

    until: float = float("inf")
    """Boottime seconds at which the relay said that it will end."""

    refused: str = ""
    """Why the relay refused the last frame, as a clause."""

    gap: bool = False
    """It refused because the two meters are too far apart."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything that is known at one moment."""

    now: float
    """Boottime seconds."""

    wall: float
    """Unix seconds."""

    battery: Battery | None = None
    chain: Chain | None = None
    trouble: str = ""
    """Why the household cannot trade at all (manifest, key), as a sentence."""

    waiting: str = ""
    """What has to be there before the household can trade (manifest, blocks), as a clause."""

    sellers: tuple[Seller, ...] = ()
    trades: tuple[Trade, ...] = ()
    """The household's unfinished purchases, oldest first."""

    on_chain: Mapping[str, Order] = field(default_factory=dict)
    """The trades' orders as the chain has them at confirmation depth."""

    asked: frozenset[str] = frozenset()
    """Purposes of the journal that are under way or done."""

    owed: frozenset[str] = frozenset()
    """Ended orders whose last voucher their seller has not got."""

    deliverable: frozenset[str] = frozenset()
    """Those of them whose seller can be reached now."""

    spent: Tokens = field(default_factory=Tokens)
    """In purchases since midnight."""

    came_home: float | None = None
    """Unix seconds at which the last supply ended; None: there was none yet."""

    meter: Meter | None = None
    """Of the tie in use, or of the one about to be used."""

    feed: Lease | None = None
    tie: Lease | None = None
    relay: str = ""
    """Why the household's own relay is of no use now, as a clause; empty: it answers."""

    set_up: bool = True
    """False in a first run until somebody has looked at when this household buys."""

    stopping: bool = False
    """The process is to end: go home, order nothing."""

    selling: tuple[str, ...] = ()
    """Neighbours that are supplied from here."""

    wishes: Wishes = field(default_factory=Wishes)

    def age(self, meter: Meter | None) -> float:
        """Seconds since a meter's sample; without end when there is none."""
        return float("inf") if meter is None else self.now - meter.sampled


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the household wants."""

    trading: TradingSettings
    capacity: Energy
    """Of its battery."""
