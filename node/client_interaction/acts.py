"""What a decision asks for, and what became of it. Data only; `actors` carry them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from node.client_interaction.behaviour import Conduct
from node.client_interaction.situation import Seller
from quantities import Energy, Price


@dataclass(frozen=True, kw_only=True)
class Buy:
    """Fund an order, in one transaction."""

    seller: Seller
    energy: Energy
    price: Price
    reason: str
    previous: str | None = None
    """The order that it continues."""


@dataclass(frozen=True, kw_only=True)
class CloseFeed:
    """Ask the seller to close its contact for an order."""

    order: str


@dataclass(frozen=True, kw_only=True)
class CloseTie:
    """Leave home for a line: own relay, home → tie."""

    channel: int


@dataclass(frozen=True, kw_only=True)
class GoHome:
    """Own relay, tie → home."""

    channel: int


@dataclass(frozen=True, kw_only=True)
class OpenFeed:
    """Tell the seller to open, with the last voucher."""

    order: str


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """Give the seller the last voucher of an order that has ended, which it could not be given then."""

    order: str


@dataclass(frozen=True, kw_only=True)
class Finish:
    """No more energy under this order; what follows is its settlement."""

    order: str
    why: str
    """A sentence."""

    fault: Conduct | None = None
    """What went wrong with the seller or its line; None: nothing."""


@dataclass(frozen=True, kw_only=True)
class RequestClose:
    """Begin the end of an order on the chain: the seller does not settle it."""

    order: str


@dataclass(frozen=True, kw_only=True)
class Reclaim:
    """Take the escrow back: the seller let the challenge window pass."""

    order: str


Act: TypeAlias = Buy | CloseFeed | CloseTie | GoHome | OpenFeed | HandOver | Finish | RequestClose | Reclaim


@dataclass(frozen=True, kw_only=True)
class Done:
    """It was carried out."""

    act: Act


@dataclass(frozen=True, kw_only=True)
class Failed:
    """It was not."""

    act: Act
    why: str
    """A clause."""

    retry: float = 0.25
    """Seconds after which to try again."""

    hopeless: bool = False
    """Trying again would not help."""


Outcome: TypeAlias = Done | Failed


def purpose(what: str, order: str) -> str:
    """Under which the journal keeps a transaction about an order: buy, redeem, release, close, reclaim."""
    return f"{what}:{order}"
