"""What was asked for and still counts, as the decisions of the trader see it. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field

from quantities import Tokens


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asked for something, and when."""

    by: str
    at: float
    """Unix seconds."""


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """Nothing is bought by itself for a while."""

    asked: Asked
    left: float
    """Seconds."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Everything that the household asked for beside its configuration."""

    paused: Asked | None = None
    """Trading is switched off: nothing is bought, nothing is sold, until it is switched on again."""

    stopped: Stopped | None = None
    """The running supply ends, and no other begins by itself."""

    by_hand: frozenset[str] = frozenset()
    """Orders of an amount that was asked for: they are for that energy, not for the battery's `resume`."""

    outgoing: Tokens = field(default_factory=Tokens)
    """On its way to others, and not yet gone from the balance on the chain."""
